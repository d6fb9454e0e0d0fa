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

/**
 * Gathers what a page complains of: its errors, and what its console says as an
 * error or a warning, except what is told by `but`. A socket that is left while
 * it is being opened, as somebody goes elsewhere, is no fault of the page.
 */
export function gather(page, complaints, but = /^$/) {
  const left = /WebSocket is closed before the connection is established/;
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const words = message.text();
    if (["error", "warning"].includes(message.type()) && !left.test(words) && !but.test(words)) complaints.push(words);
  });
}
