/** For ref: keeps the keyboard's place when the row that has it goes. The button that stands there next has it then. */
export function keepFocus(root: HTMLElement | null): (() => void) | undefined {
  if (!root) return;
  let last: { element: Element; place: number } | undefined;
  const buttons = () => [...root.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const came = (e: FocusEvent) => {
    const element = e.target as HTMLElement;
    last = { element, place: buttons().indexOf(element) };
  };
  const left = (e: FocusEvent) => {
    if (e.relatedTarget && !root.contains(e.relatedTarget as Node)) last = undefined;
  };
  const watch = new MutationObserver(() => {
    if (!last || last.element.isConnected || (document.activeElement && document.activeElement !== document.body)) return;
    const all = buttons();
    all[Math.min(Math.max(last.place, 0), all.length - 1)]?.focus();
  });
  root.addEventListener("focusin", came);
  root.addEventListener("focusout", left);
  watch.observe(root, { childList: true, subtree: true });
  return () => {
    watch.disconnect();
    root.removeEventListener("focusin", came);
    root.removeEventListener("focusout", left);
  };
}
