// What people are told, and what the page says of what is not there, in a real browser against a server of its own:
//   REELROOM_SERVER=./server node --test people.test.mjs
// REELROOM_SHOTS=folder keeps pictures. Without a server it says why it skips; with CI=true that is a failure.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { accessible } from "./axe.mjs";
import { executablePath, gather, launch } from "./chromium.mjs";
import { way } from "./cut.mjs";
import { need } from "./need.mjs";
import { binary, ownServer } from "./own.mjs";
import { mint } from "./token.mjs";

const skip = need({ REELROOM_SERVER: binary && existsSync(binary), chromium: existsSync(executablePath) });
const shots = process.env.REELROOM_SHOTS;
const patience = 60_000;
/** A file that has the looks of a video and is none: its processing fails soon. */
const broken = Buffer.from("000000186674797069736f6d0000020069736f6d6d703431", "hex");
const hostile = '<img src=x onerror="document.title=1">\n<script>document.title=2</script>';

describe("the page tells people", { skip }, () => {
  let browser, server;
  before(async () => {
    if (!skip) [browser, server] = await Promise.all([launch(), ownServer()]);
  });
  after(async () => {
    await browser?.close();
    await server?.end();
  });

  function organization() {
    const organizationId = `people-${randomUUID().slice(0, 8)}`;
    const token = (userId, role = "admin") => mint(server.secret, { userId, organizationId, role }, 1800);
    const post = async (path, body) => {
      const form = body instanceof FormData;
      const headers = { authorization: `Bearer ${token("boss")}`, ...(!form && { "content-type": "application/json" }) };
      const response = await fetch(server.url + path, { method: "POST", headers, body: form ? body : JSON.stringify(body), signal: AbortSignal.timeout(30_000) });
      assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
      return response.json();
    };
    return {
      post,
      async remove(id) {
        const response = await fetch(`${server.url}/api/videos/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${token("boss")}` } });
        assert.ok(response.ok, String(response.status));
      },
      upload(title) {
        const form = new FormData();
        form.append("title", title);
        form.append("file", new Blob([broken], { type: "video/mp4" }), "broken.mp4");
        return post("/api/videos", form);
      },
      async open(t, { path = "/", user = "ann", role = "editor", address = server.url, language = "en" } = {}) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language });
        t.after(() => context.close());
        const page = await context.newPage();
        page.setDefaultTimeout(patience);
        page.complaints = [];
        gather(page, page.complaints, /Failed to load resource/);
        await page.goto(`${address}/`);
        await page.evaluate((word) => sessionStorage.setItem("reelroom.token", word), token(user, role));
        await page.goto(address + path);
        await page.locator("[data-testid=connection][data-state=connected]").waitFor();
        return page;
      },
    };
  }
  const messages = (page) => page.getByTestId("messages").getByRole("listitem");
  const bars = (page) => page.getByTestId("announcements").locator(".bar");

  test("what they are told: announcements, notifications and chat, as text, once, until it is dismissed", { timeout: 3 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url);
    t.after(line.close);
    const [page, other] = [await org.open(t, { address: line.url }), await org.open(t, { user: "ben", role: "viewer" })];
    const title = await page.title();
    await org.post("/api/announcements", { message: `Back at noon. ${hostile}`, level: "critical" });
    await org.post("/api/notifications", { userId: "ann", message: `For you: ${hostile}`, level: "warning" });
    await org.post("/api/chat", { text: `Hello ${hostile}` });
    await bars(page).filter({ hasText: `Back at noon. ${hostile}` }).waitFor();
    await messages(page).filter({ hasText: `For you: ${hostile}` }).waitFor();
    await messages(page).filter({ hasText: `Hello ${hostile}` }).waitFor();
    assert.equal(await page.title(), title, "a message is text");
    await bars(other).filter({ hasText: "Back at noon." }).waitFor();
    await messages(other).filter({ hasText: "Hello" }).waitFor();
    assert.equal(await messages(other).filter({ hasText: "For you" }).count(), 0, "another person's notification");
    const look = (name) => accessible(page, { where: "body", seen: (how) => shots && page.screenshot({ path: `${shots}/messages-${name}-${how}.png` }) });
    await look("all");

    // Another tab of the same browser has them from the first; what comes while this one is away comes later.
    const tab = await page.context().newPage();
    await tab.goto(`${line.url}/`);
    await tab.evaluate((word) => sessionStorage.setItem("reelroom.token", word), await page.evaluate(() => sessionStorage.getItem("reelroom.token")));
    await tab.reload();
    await bars(tab).filter({ hasText: "Back at noon." }).waitFor();
    await tab.locator("[data-testid=connection][data-state=connected]").waitFor();
    line.cut();
    await page.locator("[data-testid=connection][data-state=connected]").waitFor({ state: "detached" });
    await org.post("/api/announcements", { message: "Said meanwhile", level: "info" });
    await org.post("/api/chat", { text: "Said meanwhile, too" });
    line.mend();
    for (const one of [page, tab]) {
      await bars(one).filter({ hasText: "Said meanwhile" }).waitFor();
      await messages(one).filter({ hasText: "Said meanwhile, too" }).waitFor();
      assert.equal(await bars(one).count(), 2);
      assert.equal(await messages(one).count(), 3);
    }

    // Dismissed in one tab it is gone in both, also after a reload.
    await bars(page).filter({ hasText: "Back at noon." }).getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("button", { name: "Dismiss all" }).click();
    for (const one of [page, tab]) {
      await bars(one).filter({ hasText: "Back at noon." }).waitFor({ state: "detached" });
      await page.getByTestId("messages").waitFor({ state: "detached" });
    }
    await page.reload();
    await bars(page).filter({ hasText: "Said meanwhile" }).waitFor();
    assert.equal(await bars(page).count(), 1);
    assert.equal(await messages(page).count(), 0);
    // One that is over goes by itself.
    await org.post("/api/announcements", { message: "Soon over", level: "info", expiresAt: new Date(Date.now() + 6_000).toISOString() });
    await bars(page).filter({ hasText: "Soon over" }).waitFor();
    await bars(page).filter({ hasText: "Soon over" }).waitFor({ state: "detached" });
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(other.complaints, []);
  });

  test("the truth of a video that is not there, with one request", { timeout: 3 * patience }, async (t) => {
    const org = organization();
    const absent = (page, why) => page.locator(`[data-testid=absent][data-why=${why}]`);
    for (const role of ["editor", "viewer"]) {
      for (const id of ["nope", "two%20words", "100%25", "x".repeat(300)]) {
        const page = await org.open(t, { role });
        const asked = [];
        // The library that is left may still ask for its counts.
        page.on("request", (request) => /^\/api\/videos\/(?!counts$)/.test(new URL(request.url()).pathname) && asked.push(request.url()));
        await page.goto(`${server.url}/videos/${id}`);
        await absent(page, "unknown").waitFor();
        await page.waitForTimeout(4_000); // it asked every 1.5 s
        assert.ok(asked.length <= (role === "editor" ? 1 : 0), `${role}, ${id}: ${asked.join(" ")}`);
        assert.equal(await page.getByText("deleted", { exact: false }).filter({ hasText: "was deleted" }).count(), 0);
        if (id === "nope" && role === "editor" && shots) await accessible(page, { where: "main", seen: (how) => page.screenshot({ path: `${shots}/absent-${how}.png` }) });
        await page.context().close();
      }
    }
    // Deleted while it is looked at, and found by its address afterwards.
    const video = await org.upload("goes");
    const page = await org.open(t, { path: `/videos/${video.id}` });
    await page.getByTestId("details").waitFor();
    await org.remove(video.id);
    await absent(page, "deleted").waitFor();
    const later = await org.open(t, { path: `/videos/${video.id}` });
    await absent(later, "deleted").waitFor();
    const viewer = await org.open(t, { path: `/videos/${video.id}`, role: "viewer" });
    await absent(viewer, "unknown").waitFor();
    // No page of the application.
    const nowhere = await org.open(t, { path: "/no/such/page" });
    await nowhere.getByRole("heading", { name: "There is nothing here" }).waitFor();
  });

  test("a server that is away is called that, and what it keeps back comes by itself", { timeout: 4 * patience }, async (t) => {
    const org = organization();
    const first = await org.upload("first");
    const line = await way(server.url);
    t.after(line.close);
    const away = async (page) => {
      line.cut();
      await page.locator("[data-testid=connection][data-state=connected]").waitFor({ state: "detached" });
    };
    const go = (page, path) => page.evaluate((to) => history.pushState(null, "", to), path);
    const wrong = (page) => page.getByText(/not found|was deleted|cannot be shown|nicht gefunden|gelöscht/);

    // A part of the page that was not loaded before the server went away, with its words and its style sheet.
    for (const [language, heading, again] of [["en", "The server cannot be reached", "Try again"], ["de", "Der Server ist nicht erreichbar", "Noch einmal"]]) {
      const page = await org.open(t, { address: line.url, language });
      await page.getByTestId("card").first().waitFor();
      await away(page);
      await go(page, `/videos/${first.id}`);
      await page.locator("[data-testid=notLoaded][data-why=unreachable]").getByRole("heading", { name: heading }).waitFor();
      assert.equal(await wrong(page).count(), 0);
      if (shots) await accessible(page, { where: "main", seen: (how) => page.screenshot({ path: `${shots}/not-loaded-${language}-${how}.png` }) });
      await page.getByRole("button", { name: again }).click();
      await page.locator("[data-testid=notLoaded]").waitFor();
      line.mend();
      await page.getByTestId("details").waitFor();
      await page.getByRole("heading", { name: "first" }).waitFor();
      assert.equal(await page.evaluate(() => [...document.querySelectorAll("link[rel=stylesheet]")].every((link) => link.sheet)), true, "every style sheet is there");
      await page.context().close();
    }

    // A video that the page does not know, while the part of the page is there.
    const page = await org.open(t, { address: line.url, path: `/videos/${first.id}` });
    await page.getByTestId("details").waitFor();
    for (const [title, there] of [["second", page.getByRole("heading", { name: "second" })], ["", page.locator("[data-testid=absent][data-why=unknown]")]]) {
      await away(page);
      const id = title ? (await org.upload(title)).id : "nope";
      await go(page, `/videos/${id}`);
      await page.locator("[data-testid=absent][data-why=unreachable]").waitFor();
      assert.equal(await wrong(page).count(), 0);
      if (shots && id === "nope") await accessible(page, { where: "main", seen: (how) => page.screenshot({ path: `${shots}/unreachable-${how}.png` }) });
      line.mend();
      await there.waitFor();
      await page.locator("[data-testid=connection][data-state=connected]").waitFor();
    }
  });

  test("a part of the page that the server does not have any more asks to load the page again", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const page = await org.open(t);
    await page.route(/assets\/Settings-.*\.js$/, (route) => route.fulfill({ status: 404 }));
    await page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
    await page.locator("[data-testid=notLoaded][data-why=outdated]").waitFor();
    await page.unroute(/assets\/Settings-.*\.js$/);
    await page.getByTestId("notLoaded").getByRole("button", { name: "Load again" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
  });

  test("the version of the server, and the command that installs the package, of the address at hand", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url);
    t.after(line.close);
    const page = await org.open(t, { address: line.url, path: "/settings/developers" });
    const { version } = await (await fetch(`${server.url}/healthz`)).json();
    assert.ok(version);
    await page.getByTestId("serverVersion").filter({ hasText: `Reelroom ${version}` }).waitFor();
    const command = `npm install ${line.url}/sdk/reelroom-react.tgz socket.io-client`;
    assert.equal(await page.getByLabel("Install the package").inputValue(), command);
    assert.equal((await fetch(`${line.url}/sdk/reelroom-react.tgz`)).status, 200);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator(".given", { has: page.getByLabel("Install the package") }).getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), command);
    await accessible(page, { where: "main", seen: (how) => shots && page.screenshot({ path: `${shots}/developers-${how}.png`, fullPage: true }) });
    await page.goto(`${line.url}/settings`);
    await page.getByTestId("serverVersion").filter({ hasText: version }).waitFor();
    assert.deepEqual(page.complaints, []);
  });

  test("nothing is promised of a file that cannot be processed", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const page = await org.open(t, { role: "admin" });
    const { id } = await org.upload("broken");
    await page.locator("[data-testid=card][data-status=failed]").waitFor();
    await page.getByRole("button", { name: "Actions for broken" }).click();
    await page.getByRole("menuitem", { name: "Delete", exact: true }).waitFor();
    assert.equal(await page.getByRole("menuitem", { name: "Try again" }).count(), 0);
    await page.goto(`${server.url}/videos/${id}`);
    await page.getByTestId("failure").getByText("Trying again does not help").waitFor();
    await page.getByTestId("failure").getByText("corrupt").waitFor();
    assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
    assert.equal(await page.getByTestId("review").getByText("when the video is processed").count(), 0);
    await page.getByTestId("review").getByText("nothing to review").waitFor();
    if (shots) await accessible(page, { where: "main", seen: (how) => page.screenshot({ path: `${shots}/corrupt-${how}.png` }) });
    await page.goto(`${server.url}/console/failed`);
    await page.getByRole("rowheader", { name: "broken" }).waitFor();
    assert.equal(await page.getByRole("button", { name: /try again|retry/i }).count(), 0);
    assert.deepEqual(page.complaints, []);
  });
});
