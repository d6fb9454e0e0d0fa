import type common from "./locales/en/common.json";
import type library from "./locales/en/library.json";

declare module "i18next" {
  /** The keys are checked against the English words; one line for each part of the page. */
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: { common: typeof common; library: typeof library };
  }
}
