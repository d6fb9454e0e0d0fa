import type common from "./locales/en/common.json";

declare module "i18next" {
  /** The keys are checked against the English words; one line for each part of the page. */
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: { common: typeof common };
  }
}
