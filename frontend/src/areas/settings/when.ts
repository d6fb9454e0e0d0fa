import i18next from "i18next";

/** A moment, in the chosen language; "" for none. */
export function when(moment: string | null | undefined): string {
  const at = Date.parse(moment ?? "");
  if (!at || at < 0) return "";
  return new Intl.DateTimeFormat(i18next.language, { dateStyle: "medium", timeStyle: "short" }).format(at);
}
