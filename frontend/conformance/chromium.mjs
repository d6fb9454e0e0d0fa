import { chromium } from "playwright-core";

/** Where the browser is: Debian's, or what CHROMIUM names. */
export const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Starts a browser that asks nobody for anything by itself; `more` are further arguments of it. */
export const launch = (...more) =>
  chromium.launch({
    executablePath,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more,
    ],
  });

/** For pages that are made by a test: what they ask counts as from far away, and the server is near. */
export const farAway = "--disable-features=LocalNetworkAccessChecks";
