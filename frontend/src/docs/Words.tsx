/** Text with paragraphs and `code`. */
export function Words({ text }: { text?: string }) {
  if (!text) return null;
  return text.split("\n\n").map((part, i) => <p key={i}><Line text={part} /></p>);
}

export function Line({ text }: { text: string }) {
  return text.split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}
