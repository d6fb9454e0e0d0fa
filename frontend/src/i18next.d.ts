import type account from "./locales/en/account.json";
import type common from "./locales/en/common.json";
import type console from "./locales/en/console.json";
import type library from "./locales/en/library.json";
import type policy from "./locales/en/policy.json";
import type settings from "./locales/en/settings.json";
import type uploads from "./locales/en/uploads.json";
import type video from "./locales/en/video.json";

declare module "i18next" {
  /** The keys are checked against the English words; one line for each part of the page. */
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: {
      account: typeof account;
      common: typeof common;
      console: typeof console;
      library: typeof library;
      policy: typeof policy;
      settings: typeof settings;
      uploads: typeof uploads;
      video: typeof video;
    };
  }
}
