import { launch } from "./chromium.mjs";
const url = process.env.URL, out = process.env.OUT;
const b = await launch();
const log = [];
const open = async (o = {}) => { const c = await b.newContext({ viewport: { width: 1280, height: 800 }, ...o }); const p = await c.newPage(); p.setDefaultTimeout(8000); p.on("pageerror", e => log.push("ERR " + e)); p.on("console", m => ["error","warning"].includes(m.type()) && log.push(m.text())); return p; };
const shots = async (p, name) => { for (const scheme of ["light", "dark"]) for (const [w, h] of [[1280, 800], [390, 844]]) { await p.emulateMedia({ colorScheme: scheme }); await p.setViewportSize({ width: w, height: h }); await p.waitForTimeout(150); await p.screenshot({ path: `${out}/${name}-${w}-${scheme}.png` }); } await p.emulateMedia({ colorScheme: "light" }); await p.setViewportSize({ width: 1280, height: 800 }); };
const pw = "correct horse battery";
const a = await open();
try {
await a.goto(url);
await a.getByLabel("Organization").waitFor(); await shots(a, "first");
await a.getByRole("button", { name: "Create the organization" }).click(); await a.waitForTimeout(200);
console.log("focus", await a.evaluate(() => document.activeElement?.name)); await a.screenshot({ path: `${out}/first-errors.png` });
await a.getByLabel("Organization").fill("Harbor Films <b>&amp;</b>"); await a.getByLabel("Your name").fill("Ada <img src=x>"); await a.getByLabel("E-mail").fill("ada@example.com"); await a.getByLabel("Password", { exact: true }).fill(pw);
await a.getByRole("button", { name: "Create the organization" }).click();
await a.getByTestId("connection").getByText("Live").waitFor(); console.log("in", a.url());
for (const part of ["", "/members", "/invitations", "/organization", "/developers"]) { await a.goto(url + "/settings" + part); await a.getByRole("heading", { level: 2 }).first().waitFor(); await a.waitForTimeout(300); if (part === "/invitations") { await a.getByRole("button", { name: "Make an invitation link" }).click(); await a.getByText("The invitation is ready").waitFor(); } await shots(a, "settings" + part.replace("/", "-")); }
await a.goto(url + "/settings/invitations"); await a.getByRole("button", { name: "Make an invitation link" }).click(); const link = await a.getByLabel("Link", { exact: true }).inputValue();
const c = await open(); await c.goto(link); await c.getByRole("heading", { name: /Join/ }).waitFor(); console.log("join url", c.url()); await shots(c, "join");
await c.getByLabel("Your name").fill("Ben"); await c.getByLabel("E-mail").fill("ben@example.com"); await c.getByLabel("Password", { exact: true }).fill(pw); await c.getByRole("button", { name: "Join" }).click();
await c.getByTestId("connection").getByText("Live").waitFor(); console.log("joined", c.url());
await a.goto(url + "/settings/members"); await a.getByText("ben@example.com").waitFor(); await shots(a, "members2");
await c.goto(url + "/"); await c.getByTestId("connection").getByText("Live").waitFor();
await a.getByLabel("Role of Ben").selectOption("viewer"); let t0 = Date.now(); await c.getByRole("button", { name: /Upload/ }).first().waitFor({ state: "detached" }).catch(e => log.push("role " + e.message.slice(0, 200))); console.log("role seen", Date.now() - t0);
await a.waitForTimeout(300); await shots(a, "members-toast");
await a.getByRole("button", { name: "Actions for Ben" }).click(); await a.getByRole("menuitem", { name: "Link for a new password" }).waitFor(); await shots(a, "members-menu"); await a.getByRole("menuitem", { name: "Link for a new password" }).click(); await a.getByRole("dialog").waitFor(); await a.waitForTimeout(300); await shots(a, "members-link");
const reset = await a.getByRole("dialog").getByLabel("Link", { exact: true }).inputValue(); await a.keyboard.press("Escape");
const d = await open(); await d.goto(reset); await d.getByLabel("New password").waitFor(); await shots(d, "reset"); await d.getByLabel("New password").fill(pw + "2"); await d.getByRole("button", { name: "Save" }).click(); await d.getByText("is changed").waitFor(); await shots(d, "reset-done"); await d.getByRole("link", { name: "sign-in" }).click(); await d.getByLabel("E-mail").waitFor(); await shots(d, "signin");
await d.getByLabel("E-mail").fill("ben@example.com"); await d.getByLabel("Password", { exact: true }).fill("no"); await d.getByRole("button", { name: "Sign in", exact: true }).click(); await d.getByText("is wrong").waitFor(); console.log("focus", await d.evaluate(() => document.activeElement?.name)); await shots(d, "signin-wrong");
await a.getByRole("button", { name: "Actions for Ben" }).click(); await a.getByRole("menuitem", { name: "Remove" }).click(); await a.getByRole("dialog").waitFor(); await a.waitForTimeout(300); await shots(a, "members-remove"); await a.getByRole("dialog").getByRole("button", { name: "Remove" }).click(); t0 = Date.now(); await c.getByText("Your access has ended").waitFor(); console.log("out", Date.now() - t0); await shots(c, "taken");
const e = await open({ locale: "de-DE" }); await e.goto(url + "/join#nope"); await e.waitForTimeout(800); await shots(e, "join-bad-de");
await a.goto(url + "/settings"); console.log("reload in", await a.getByTestId("connection").getByText("Live").waitFor().then(() => true)); console.log("storage", await a.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])));
await a.route("**/api/**", r => r.abort()); await a.reload(); await a.waitForTimeout(1500); await shots(a, "lost"); await a.unroute("**/api/**"); await a.getByTestId("connection").getByText("Live").waitFor(); console.log("back");
} catch (x) { console.log(x); await a.screenshot({ path: `${out}/fail.png` }); }
console.log([...new Set(log)].join("\n"));
await b.close();
