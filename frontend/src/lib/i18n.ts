import i18next, { type ReadCallback } from "i18next";
import { initReactI18next } from "react-i18next";
import { loader } from "./load";

/** The languages of the page, each in its own name. One more is a folder in locales and a line here. */
export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

const key = "reelroom.language";
const files = import.meta.glob<{ default: object }>("../locales/*/*.json");

/** The words of a part of the page come with that part, in the one language that is shown. */
const backend = {
  type: "backend" as const,
  init() {},
  read(language: string, namespace: string, answer: ReadCallback) {
    const load = files[`../locales/${language}/${namespace}.json`];
    if (!load) return answer(new Error(`no words: ${language}/${namespace}`), null);
    void loader(load)().then((words) => answer(null, words.default as never));
  },
};

/** The chosen language, or the first that the browser asks for and the page has. */
function preferred(): Language {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    // no storage: the browser's wish holds
  }
  for (const wish of [chosen ?? "", ...navigator.languages]) {
    const short = wish.slice(0, 2).toLowerCase();
    if (short in languages) return short as Language;
  }
  return "en";
}

export async function startWords(language: Language = preferred()): Promise<void> {
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: language,
      fallbackLng: "en",
      supportedLngs: Object.keys(languages),
      ns: ["common"],
      defaultNS: "common",
      interpolation: { escapeValue: false }, // React writes everything as text
      partialBundledLanguages: true,
    });
  document.documentElement.lang = i18next.language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(key, language);
  } catch {
    // for this page only, then
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
