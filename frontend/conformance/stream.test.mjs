// The EventSource of a real browser, with a ticket in place of a token, against a server of its own:
//   REELROOM_SERVER=./server node --test stream.test.mjs
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { way } from "./cut.mjs";
import { executablePath, farAway, launch } from "./chromium.mjs";
import { need } from "./need.mjs";
import { binary, ownServer } from "./own.mjs";
import { mint } from "./token.mjs";

const skip = need({ REELROOM_SERVER: binary && existsSync(binary), chromium: existsSync(executablePath) });

const listed = "http://localhost:5173";
let browser, server, url, secret;
before(async () => {
  if (skip) return;
  // Pages on this machine are admitted without cookies; those of a listed origin with them.
  [browser, server] = await Promise.all([launch(farAway), ownServer({ FRONTEND_URL: listed })]);
  ({ url, secret } = server);
});
after(async () => {
  await browser?.close();
  await server?.end();
});

// The server's own page, and that of another origin that it allows.
for (const other of ["", listed]) {
  test(`an EventSource of ${other || "the own page"} comes again with its used ticket`, { skip, timeout: 120_000 }, async (t) => {
    const path = await way(url);
    t.after(path.close);
    const origin = other || path.url;
    const organizationId = `stream-${randomUUID()}`;
    const bearer = (userId, role) => ({ authorization: `Bearer ${mint(secret, { userId, organizationId, role })}` });
    // Somebody else's events: the page hears what the organization does.
    const publish = async (name) => {
      const form = new FormData();
      form.append("title", name);
      form.append("file", new Blob([Buffer.from("000000186674797069736f6d0000020069736f6d6d703431", "hex")], { type: "video/mp4" }), "a.mp4");
      const response = await fetch(`${url}/api/videos`, { method: "POST", headers: bearer("other", "editor"), body: form });
      assert.equal(response.status, 202, await response.text());
    };

    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(40_000);
    await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    await page.goto(`${origin}/`);
    const asked = [];
    page.on("response", (r) => r.url().includes("/api/events") && asked.push({ status: r.status(), url: r.url() }));
    await page.evaluate(
      async ([server, headers]) => {
        const { ticket } = await (await fetch(`${server}/api/tickets`, { method: "POST", headers })).json();
        window.seen = { opened: 0, titles: [], ids: [], cookie: document.cookie };
        window.stream = new EventSource(`${server}/api/events?ticket=${encodeURIComponent(ticket)}`, { withCredentials: true });
        window.stream.onopen = () => window.seen.opened++;
        window.stream.addEventListener("video:queued", (e) => {
          window.seen.titles.push(JSON.parse(e.data).title);
          window.seen.ids.push(e.lastEventId);
        });
      },
      [path.url, bearer("page", "viewer")],
    );
    const until = (expression) => page.waitForFunction(expression);
    await until("seen.opened === 1");
    await publish("one");
    await until("seen.titles.length === 1");
    for (const n of [2, 3]) {
      path.cut();
      await publish(`missed ${n}`);
      path.mend();
      await until(`seen.opened === ${n} && seen.titles.length === ${n}`);
    }
    const seen = await page.evaluate("({ ...seen, cookie: document.cookie })");
    assert.deepEqual(seen.titles, ["one", "missed 2", "missed 3"]);
    assert.equal(new Set(seen.ids).size, 3);
    assert.equal(seen.cookie, "", "no script sees the cookie");
    assert.ok(asked.every((a) => a.status === 200 && a.url === asked[0].url), JSON.stringify(asked.map((a) => a.status)));

    // Somebody who has the address and not the cookie is not let in, and neither is this browser without it.
    const stranger = await fetch(asked[0].url, { headers: { accept: "text/event-stream" } });
    assert.equal(stranger.status, 401);
    assert.equal((await stranger.json()).code, "ticket_invalid");
    const cookies = await context.cookies(`${path.url}/api/events`);
    assert.equal(cookies.length, 1);
    assert.ok(cookies[0].httpOnly && cookies[0].path === "/api/events", JSON.stringify(cookies[0]));
    await context.clearCookies();
    path.cut();
    path.mend();
    await until("stream.readyState === EventSource.CLOSED");
    t.diagnostic(`opened ${seen.opened} times; at last ${asked.at(-1).status}`);
    assert.equal(asked.at(-1).status, 401);
  });
}
