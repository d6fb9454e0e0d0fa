// Signing in without an account, in a real browser, by the link that a server of its own prints:
//   REELROOM_SERVER=./server node --test local.test.mjs
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
const shots = process.env.REELROOM_SHOTS;
const skip = need({ REELROOM_SERVER: binary && existsSync(binary), chromium: existsSync(executablePath) });

describe("signing in by the link", { skip, timeout: 300_000 }, () => {
  let browser, folder, server;
  const complaints = [];
  before(async () => {
    if (skip) return;
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), "reelroom-local-"));
    server = await serve(binary, join(folder, "data"));
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  async function visit(address) {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.setDefaultTimeout(60_000);
    gather(page, complaints, /status of 40[0-9]/);
    await page.goto(address);
    return page;
  }
  const live = (page) => page.getByTestId("connection").getByText("Live").waitFor();

  let page, first;
  test("without the link the page says where it is", async () => {
    const stranger = await visit(server.url);
    await stranger.getByTestId("local").waitFor();
    assert.match(await stranger.locator("main").textContent(), /link that the server printed.*local-link.*data folder/);
    await accessible(stranger, { seen: (look) => shots && stranger.screenshot({ path: `${shots}/local-${look}.png` }) });
    await stranger.context().close();
  });

  test("the printed link signs in, its secret leaves the address, and a reload stays signed in", async () => {
    first = server.link();
    assert.ok(server.log().includes(first), "the link is printed");
    page = await visit(first);
    await live(page);
    assert.equal(page.url(), `${server.url}/`);
    assert.equal(await page.evaluate(() => history.length), 2, "about:blank and the page");
    await page.reload();
    await live(page);
  });

  test("a second use is refused in words, and the link that is in the file now is good", async () => {
    const late = await visit(first);
    await late.getByRole("alert").getByText("local-link").waitFor();
    assert.equal(late.url(), `${server.url}/`);
    const next = server.link();
    assert.notEqual(next, first);
    await late.goto(next); // only the fragment differs: the open page takes it
    await live(late);
    assert.equal(late.url(), `${server.url}/`);
    await late.context().close();
  });

  test("of two browsers that open one link at once, one is signed in", async () => {
    const link = server.link();
    const both = await Promise.all([visit(link), visit(link)]);
    const ends = await Promise.all(both.map((p) => Promise.race([live(p).then(() => "in"), p.getByRole("alert").waitFor().then(() => "out")]).catch(() => "neither")));
    assert.deepEqual(ends.sort(), ["in", "out"]);
    for (const p of both) await p.context().close();
  });

  test("a restart has another link, and who was signed in stays so", async () => {
    const before = server.link();
    await server.kill();
    await server.start();
    assert.notEqual(server.link(), before);
    await live(page);
    await page.reload();
    await live(page);
    const late = await visit(before);
    await late.getByRole("alert").waitFor();
    await late.context().close();
  });

  test("with an account the link is over", async () => {
    const link = server.link();
    const founder = await visit(server.url);
    await founder.getByLabel("Organization").fill("Harbor Films");
    await founder.getByLabel("Setup code").fill(server.setupCode());
    await founder.getByLabel("Your name").fill("Ada");
    await founder.getByLabel("E-mail").fill("ada@example.com");
    await founder.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await founder.getByRole("button", { name: "Create the organization" }).click();
    await live(founder);
    const late = await visit(link);
    await late.getByRole("alert").getByText("There are accounts here").waitFor();
    await late.getByLabel("E-mail").waitFor();
    assert.deepEqual(complaints, []);
  });
});
