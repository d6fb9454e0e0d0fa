// Accounts in real browsers, against a server of its own that nobody has been at:
//   REELROOM_SERVER=./server REELROOM_SAMPLE=video.mp4 node --test accounts.test.mjs
// REELROOM_SHOTS=folder keeps pictures. What is missing is said; with CI=true that is a failure.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { accessible } from "./axe.mjs";
import { executablePath, gather, launch } from "./chromium.mjs";
import { serve } from "./hooks/serve.mjs";
import { need } from "./need.mjs";

const binary = process.env.REELROOM_SERVER;
const sample = process.env.REELROOM_SAMPLE;
const shots = process.env.REELROOM_SHOTS;
const skip = need({ REELROOM_SERVER: binary && existsSync(binary), REELROOM_SAMPLE: sample && existsSync(sample), chromium: existsSync(executablePath) });
const patience = 60_000;
const password = "correct horse battery";
const ada = { name: "Ada <img src=x onerror=alert(1)>", email: "ada@example.com" };

describe("accounts", { skip, timeout: 600_000 }, () => {
  let browser, folder, server;
  const complaints = [];
  before(async () => {
    if (skip) return;
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), "reelroom-accounts-"));
    server = await serve(binary, join(folder, "data"));
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A browser of its own. */
  async function visitor(options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    return tab(context);
  }
  async function tab(context) {
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    // What the server refuses is told by the browser, too.
    gather(page, complaints, /status of 4[0-9][0-9]/);
    return page;
  }
  const live = (page) => page.getByTestId("connection").getByText("Live").waitFor();
  const looked = async (page, name) => {
    await accessible(page, { seen: (look) => shots && page.screenshot({ path: `${shots}/${name}-${look}.png` }) });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
  };
  async function signIn(page, email, word) {
    await page.goto(server.url);
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(word);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }
  async function fill(page, { name, email }, button) {
    await page.getByLabel("Your name").fill(name);
    if (email) await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: button }).click();
    await live(page);
  }

  let admin, member;

  test("the first visitor founds the organization and sees a first video processed, in three actions", async () => {
    admin = await visitor();
    await admin.goto(server.url);
    await admin.getByLabel("Organization").waitFor();
    await looked(admin, "first");
    // What is missing is said at its field, and the first of them has the focus.
    await admin.getByRole("button", { name: "Create the organization" }).click();
    await admin.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
    // One: the form. Two: the file. Three: looking.
    await admin.getByLabel("Organization").fill("Harbor Films & <b>Sons</b>");
    await admin.getByLabel("Setup code").fill(server.setupCode());
    await fill(admin, ada, "Create the organization");
    await admin.locator("input[type=file]").first().setInputFiles(sample);
    await admin.locator("[data-testid=card][data-status=completed]").first().waitFor({ timeout: 120_000 });
    const kept = await admin.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie]));
    assert.doesNotMatch(kept, /eyJ|reelroom_session/, "a token stands where scripts of later pages find it");
  });

  test("a reload, another tab and a closed browser stay signed in; signing out ends them all", async () => {
    const context = admin.context();
    await admin.reload();
    await live(admin);
    const other = await tab(context);
    await other.goto(`${server.url}/settings`);
    await live(other);
    // The browser is closed and opened again: all that is left are its cookies.
    const later = await visitor({ storageState: await context.storageState() });
    await later.goto(server.url);
    await live(later);
    await later.context().close();

    const third = await visitor();
    await signIn(third, ada.email, password);
    await live(third);
    const fourth = await tab(third.context());
    await fourth.goto(server.url);
    await live(fourth);
    await third.getByRole("button", { name: "Account" }).click();
    await third.getByRole("menuitem", { name: "Sign out" }).click();
    for (const page of [third, fourth]) await page.getByLabel("E-mail").waitFor();
    await fourth.reload();
    await fourth.getByLabel("E-mail").waitFor();
    await third.context().close();
    await live(admin); // another browser is another session
  });

  test("an invitation is used once, and its secret leaves the address at once", async () => {
    await admin.goto(`${server.url}/settings/invitations`);
    await admin.getByRole("button", { name: "Make an invitation link" }).click();
    const link = await admin.getByLabel("Link", { exact: true }).inputValue();
    await looked(admin, "invitations");
    member = await visitor();
    await member.goto(link);
    await member.getByRole("heading", { name: /Join/ }).waitFor();
    assert.equal(member.url(), `${server.url}/join`);
    await looked(member, "join");
    await fill(member, { name: "Ben", email: "ben@example.com" }, "Join");
    await member.getByTestId("card").first().waitFor(); // the library is theirs, too

    const late = await visitor({ locale: "de-DE" });
    await late.goto(link);
    await late.getByRole("alert").waitFor();
    assert.match(await late.getByRole("alert").textContent(), /\S/);
    await looked(late, "join-late");
    await late.context().close();
  });

  test("a link begins with the address at which the admin's page was opened", async () => {
    const other = server.url.replace("localhost", "127.0.0.1");
    const page = await visitor();
    await page.goto(other);
    await page.getByLabel("E-mail").fill(ada.email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await live(page);
    await page.goto(`${other}/settings/invitations`);
    await page.getByRole("button", { name: "Make an invitation link" }).click();
    assert.match(await page.getByLabel("Link", { exact: true }).inputValue(), new RegExp(`^${other}/join#`));
    await page.context().close();
  });

  test("a changed role changes what the page offers; the last admin stays one", async () => {
    await admin.goto(`${server.url}/settings/members`);
    await admin.getByText("ben@example.com").waitFor();
    await looked(admin, "members");
    await member.getByRole("button", { name: "Upload", exact: true }).first().waitFor();
    await admin.getByLabel("Role of Ben").selectOption("viewer");
    await member.getByRole("button", { name: "Upload", exact: true }).first().waitFor({ state: "detached" });
    await admin.getByLabel("Role of Ben").selectOption("admin");
    await member.getByRole("link", { name: "Console" }).waitFor();
    await admin.getByLabel("Role of Ben").selectOption("editor");
    await member.getByRole("link", { name: "Console" }).waitFor({ state: "detached" });
    assert.equal(await admin.getByText(ada.name).first().isVisible(), true, "a hostile name is text");
  });

  test("a link of an admin gives a new password, once, and ends the old sign-ins", async () => {
    await admin.getByRole("button", { name: "Actions for Ben" }).click();
    await admin.getByRole("menuitem", { name: "Link for a new password" }).click();
    const link = await admin.getByRole("dialog").getByLabel("Link", { exact: true }).inputValue();
    await admin.keyboard.press("Escape");
    const fresh = await visitor();
    await fresh.goto(link);
    await fresh.getByLabel("New password").waitFor();
    assert.equal(fresh.url(), `${server.url}/reset`);
    await looked(fresh, "reset");
    await fresh.getByLabel("New password").fill(`${password} 2`);
    await fresh.getByRole("button", { name: "Save the password" }).click();
    await live(fresh);
    await member.getByLabel("E-mail").waitFor(); // the page from before is out
    await signIn(member, "ben@example.com", "not the password");
    await member.getByText("is wrong").waitFor();
    await looked(member, "wrong");
    await member.getByLabel("Password", { exact: true }).fill(`${password} 2`);
    await member.getByRole("button", { name: "Sign in", exact: true }).click();
    await live(member);
    await fresh.context().close();
  });

  test("a server that cannot be reached is no sign-out", async () => {
    const page = await tab(member.context());
    await page.goto(server.url);
    await live(page);
    await page.route("**/api/**", (route) => route.abort());
    const noise = complaints.length;
    await page.reload();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    assert.equal(await page.getByLabel("E-mail").count(), 0);
    await page.unroute("**/api/**");
    await live(page); // by itself
    complaints.length = noise; // what the browser says of requests that failed
    await page.close();
  });

  test("a removed member is out of every page at once, and told why", async (t) => {
    await admin.bringToFront();
    await admin.getByRole("button", { name: "Actions for Ben" }).click();
    await admin.getByRole("menuitem", { name: "Remove" }).click();
    const dialog = admin.getByRole("dialog");
    await dialog.waitFor();
    const removed = Date.now();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await member.getByText("Your access has ended").waitFor({ timeout: 20_000 });
    t.diagnostic(`out after ${Date.now() - removed} ms`);
    await looked(member, "removed");
    await signIn(member, "ben@example.com", `${password} 2`);
    await member.getByText("is wrong").waitFor();
    assert.deepEqual(complaints, []);
  });
});
