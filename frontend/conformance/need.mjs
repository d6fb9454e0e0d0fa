/** Returns why the tests are skipped, or false; with CI=true nothing may be. */
export function need(wanted) {
  const missing = Object.entries(wanted).filter(([, have]) => !have).map(([name]) => name);
  if (missing.length === 0) return false;
  const reason = `needs ${missing.join(", ")}`;
  if (process.env.CI === "true") throw new Error(`${reason}, and with CI=true nothing may be skipped`);
  return reason;
}
