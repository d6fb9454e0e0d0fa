// The page's uploads in a real browser, against a server of their own that is cut off and killed:
//   REELROOM_SERVER=./server REELROOM_SAMPLE=video.mp4 node --test
// REELROOM_SHOTS=folder keeps pictures. Without them it says why it skips; with CI=true that is a failure.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { accessible } from "./axe.mjs";
import { executablePath, launch } from "./chromium.mjs";
import { way } from "./cut.mjs";
import { need } from "./need.mjs";
import { binary, ownServer } from "./own.mjs";
import { mint } from "./token.mjs";

const sample = process.env.REELROOM_SAMPLE;
const shots = process.env.REELROOM_SHOTS;
const skip = need({
  REELROOM_SERVER: binary && existsSync(binary),
  REELROOM_SAMPLE: sample && existsSync(sample),
  chromium: existsSync(executablePath),
});
const patience = 90_000;
/** What a large file has, and how many bytes of it pass in a second. */
const large = 24 << 20;
const slow = 5 << 20;

let browser, server, dir;
before(async () => {
  if (skip) return;
  dir = mkdtempSync(join(tmpdir(), "reelroom-uploads-"));
  [browser, server] = await Promise.all([launch(), ownServer({ WORKER: "off", MAX_UPLOAD_BYTES: String(64 << 20) })]);
});
after(async () => {
  await browser?.close();
  await server?.end();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A file of some size that begins as a video does. */
function clip(name, size) {
  const path = join(dir, name);
  const head = readFileSync(sample);
  const bytes = size > head.length ? Buffer.concat([head, randomBytes(size - head.length)]) : Buffer.concat([head, randomBytes(64)]);
  writeFileSync(path, bytes);
  return { path, name, bytes, sha: sha256(bytes) };
}

/** An organization with its browsers, each signed in with a token. */
function organization() {
  const organizationId = `uploads-${randomUUID().slice(0, 8)}`;
  const token = (userId) => mint(server.secret, { userId, organizationId, role: "editor" }, 1800);
  const call = async (path, method = "GET") => {
    const response = await fetch(server.url + path, { method, headers: { authorization: `Bearer ${token("ana")}` }, signal: AbortSignal.timeout(30_000) });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.json();
  };
  const pages = [];
  return {
    token,
    call,
    /** What the open pages say of uploads. */
    seen: () => Promise.all(pages.filter((p) => !p.isClosed()).map((p) => p.getByTestId("uploads").innerText({ timeout: 1_000 }).catch(() => ""))),
    videos: async () => (await call("/api/videos?limit=100")).data,
    async open(t, { user = "ana", address = server.url, script } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      t.after(() => context.close());
      // The dialog that lends handles is the browser's own, which nobody can use here.
      await context.addInitScript(script ?? (() => delete window.showOpenFilePicker));
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      pages.push(page);
      page.complaints = [];
      page.on("pageerror", (error) => page.complaints.push(String(error)));
      page.on("console", (message) => message.type() === "error" && !/Failed to load resource|WebSocket/.test(message.text()) && page.complaints.push(message.text()));
      page.on("dialog", (dialog) => dialog.accept());
      await page.goto(address);
      await page.evaluate((word) => sessionStorage.setItem("reelroom.token", word), token(user));
      await page.reload();
      await live(page);
      return page;
    },
  };
}

const live = (page) => page.locator("[data-testid=connection][data-state=connected]").waitFor();
const choose = (page, files) => page.locator("header input[type=file]").setInputFiles(Array.isArray(files) ? files.map((f) => f.path) : files.path);
const row = (page, name, state = "") => page.locator(`[data-testid=upload]${state && `[data-state=${state}]`}`).filter({ hasText: name });
const button = (page, name) => page.getByRole("button", { name, exact: true });
/** How many percent of a file the page says are there. */
const share = async (page, name) => Number(await row(page, name).getByRole("progressbar").getAttribute("aria-valuenow"));

async function until(met, why) {
  for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const got = await met();
    if (got) return got;
    if (Date.now() > end) assert.fail(typeof why === "function" ? await why() : why);
  }
}

/** Waits until a part of the file is at the server, and not all. */
const midway = (page, file, percent = 20) => until(async () => (await share(page, file.name).catch(() => 0)) >= percent, `${file.name} does not get on its way`);

/** The file has become one video, byte for byte. */
async function arrived(org, file) {
  const [video, ...more] = await until(async () => {
    const found = (await org.videos()).filter((v) => v.fileName === file.name);
    return found.length > 0 && found;
  }, async () => `${file.name} did not become a video. ${JSON.stringify((await org.call("/api/uploads")).data)} ${JSON.stringify(await org.seen())}`);
  assert.deepEqual(more, [], `${file.name} became more than one video`);
  assert.equal(video.sha256, file.sha);
  assert.equal(video.title, file.name.replace(/\.mp4$/, ""));
}

describe("uploads of the page", { skip }, () => {
  test("many files, a few at a time, each the same at the server", { timeout: patience + 30_000 }, async (t) => {
    const org = organization();
    const page = await org.open(t);
    await page.evaluate(() => {
      window.most = 0;
      const look = () => (window.most = Math.max(window.most, document.querySelectorAll("[data-testid=upload]:is([data-state=sending], [data-state=checking])").length));
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    const files = Array.from({ length: 12 }, (_, i) => clip(`many-${i + 1}.mp4`, 1 << 20));
    await choose(page, files);
    for (const file of files) await arrived(org, file);
    await page.getByTestId("uploads").waitFor({ state: "detached" });
    assert.ok((await page.evaluate(() => window.most)) <= 3, "more than three at a time");
    assert.deepEqual(page.complaints, []);
  });

  test("is paused, loaded anew in mid-file, and goes on where it was with the file chosen again", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    const page = await org.open(t, { address: line.url });
    const file = clip("reload.mp4", large);
    const begin = line.sent();
    await choose(page, file);
    await midway(page, file, 40);
    await button(page, "Pause reload.mp4").click();
    await row(page, file.name, "paused").waitFor();
    // What the browser gave to the network before still comes through, then nothing more.
    let last = -1;
    await until(async () => {
      const before = last;
      last = line.sent();
      await page.waitForTimeout(1_000);
      return last - before < 64 << 10;
    }, "it is sent on while it is paused");
    assert.ok(last - begin < large, "it was sent to its end while it is paused");
    await row(page, file.name, "paused").waitFor();
    await button(page, "Go on with reload.mp4").click();
    await until(async () => (await share(page, file.name)) >= 60, "it does not go on");

    await page.reload();
    await live(page);
    await row(page, file.name, "lost").waitFor();
    const again = row(page, file.name).locator("input[type=file]");
    const other = clip("other.mp4", 1 << 20);
    await again.setInputFiles(other.path);
    await row(page, file.name).getByText("That is another file").waitFor();
    assert.match(await row(page, file.name).getByRole("button", { name: /^Choose the file again/ }).textContent(), /go on at [3-9]\d%/);
    await again.setInputFiles(file.path);
    await arrived(org, file);
    const sent = line.sent() - begin;
    t.diagnostic(`${(sent / large).toFixed(2)} times its size was sent`);
    assert.ok(sent < 1.3 * large, `${sent} bytes were sent of a file of ${large}`);
    assert.deepEqual((await org.call("/api/uploads")).data.filter((u) => u.status === "uploading"), []);
    assert.deepEqual(page.complaints, []);
  });

  test("goes on by itself after a reload where the browser lends handles", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    // Files of the page's own folder have real handles, which may always be read.
    const page = await org.open(t, {
      address: line.url,
      script: () => {
        window.showOpenFilePicker = async () => [await (await navigator.storage.getDirectory()).getFileHandle("handle.mp4")];
      },
    });
    const file = clip("handle.mp4", large);
    await page.evaluate(() => {
      const input = Object.assign(document.createElement("input"), { type: "file", id: "brought" });
      document.body.append(input);
    });
    await page.locator("#brought").setInputFiles(file.path);
    await page.evaluate(async () => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle("handle.mp4", { create: true });
      const stream = await handle.createWritable();
      await stream.write(document.getElementById("brought").files[0]);
      await stream.close();
    });
    const begin = line.sent();
    await page.getByRole("banner").getByRole("button", { name: "Upload", exact: true }).click();
    await midway(page, file, 40);
    await page.reload();
    await arrived(org, file);
    assert.ok(line.sent() - begin < 1.3 * large, `${line.sent() - begin} bytes were sent of a file of ${large}`);
    assert.deepEqual(page.complaints, []);
  });

  test("goes on by itself after the network was gone", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    const page = await org.open(t, { address: line.url });
    const file = clip("cut.mp4", large);
    const begin = line.sent();
    await choose(page, file);
    await midway(page, file, 40);
    line.cut();
    await row(page, file.name, "retrying").getByText("The server cannot be reached").waitFor();
    line.mend();
    await arrived(org, file);
    assert.ok(line.sent() - begin < 1.3 * large, `${line.sent() - begin} bytes were sent of a file of ${large}`);
  });

  test("goes on by itself after the server was killed and started again", { timeout: 3 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    const page = await org.open(t, { address: line.url });
    const file = clip("killed.mp4", large);
    const begin = line.sent();
    await choose(page, file);
    await midway(page, file, 40);
    await server.kill();
    await row(page, file.name, "retrying").waitFor();
    await server.start();
    await arrived(org, file);
    assert.ok(line.sent() - begin < 1.5 * large, `${line.sent() - begin} bytes were sent of a file of ${large}`);
  });

  test("others see it on its way, and what was begun elsewhere is gone on with or discarded", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    const [ana, ben] = [await org.open(t, { address: line.url }), await org.open(t, { user: "ben" })];
    const file = clip("seen.mp4", large);
    await choose(ana, file);
    await ben.getByTestId("other").filter({ hasText: /^ana uploads seen\.mp4 · [1-9]\d?%$/ }).waitFor();
    await midway(ana, file, 40);
    await ana.close();

    const second = await org.open(t);
    const unfinished = second.getByTestId("unfinished").filter({ hasText: "seen.mp4" });
    await unfinished.locator("input[type=file]").setInputFiles(file.path);
    await arrived(org, file);
    await ben.getByTestId("uploads").waitFor({ state: "detached" });
    await second.getByTestId("uploads").waitFor({ state: "detached" });

    const third = await org.open(t, { address: line.url });
    const left = clip("left.mp4", large);
    await choose(third, left);
    await midway(third, left, 20);
    await third.close();
    const fourth = await org.open(t);
    await button(fourth, "Discard left.mp4").click();
    await fourth.getByTestId("uploads").waitFor({ state: "detached" });
    assert.deepEqual((await org.call("/api/uploads")).data.filter((u) => u.status === "uploading"), []);
  });

  test("a file counts that was chosen while its row left the list", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const file = clip("away.mp4", 4 << 20);
    const tus = async (method, path, headers, body) => {
      const response = await fetch(new URL(path, server.url), {
        method, body, signal: AbortSignal.timeout(30_000),
        headers: { authorization: `Bearer ${org.token("ana")}`, "tus-resumable": "1.0.0", ...headers },
      });
      assert.ok(response.ok, `${method} ${path}: ${response.status}`);
      return response.headers.get("location");
    };
    const name = Buffer.from(file.name).toString("base64");
    const place = await tus("POST", "/api/uploads", { "upload-length": String(file.bytes.length), "upload-metadata": `filename ${name}` });
    let at = 0;
    const send = async (size) => {
      await tus("PATCH", place, { "upload-offset": String(at), "content-type": "application/offset+octet-stream" }, file.bytes.subarray(at, at + size));
      at += size;
    };
    await send(1 << 20);
    const page = await org.open(t);
    const unfinished = page.getByTestId("unfinished").filter({ hasText: file.name });
    const [dialog] = await Promise.all([page.waitForEvent("filechooser"), unfinished.getByRole("button", { name: /^Choose the file again/ }).click()]);
    // Somewhere else it is sent on, meanwhile.
    await until(async () => {
      if (at < 3 << 20) await send(64 << 10);
      return (await unfinished.count()) === 0;
    }, "the page does not hear that it is sent on");
    await dialog.setFiles(file.path);
    await arrived(org, file);
    assert.deepEqual(page.complaints, []);
  });

  test("says what is refused and what to do, and ends what is cancelled", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: slow });
    t.after(line.close);
    const page = await org.open(t, { address: line.url });
    writeFileSync(join(dir, "notes.mp4"), "just text\n".repeat(1_000));
    writeFileSync(join(dir, "empty.mp4"), "");
    writeFileSync(join(dir, "huge.mp4"), "");
    truncateSync(join(dir, "huge.mp4"), 65 << 20);
    const file = clip("<b>cancelled<b>.mp4", large);
    await page.locator("header input[type=file]").setInputFiles(["notes.mp4", "empty.mp4", "huge.mp4"].map((name) => join(dir, name)));
    const refused = { "notes.mp4": /not a video.*convert it.*\(unsupported_media\)/, "empty.mp4": /is empty.*\(empty_file\)/, "huge.mp4": /larger than this server takes.*\(too_large\)/ };
    for (const [name, words] of Object.entries(refused)) assert.match(await row(page, name, "failed").getByTestId("trouble").textContent(), words);
    await page.getByRole("status").filter({ hasText: "3 failed" }).waitFor({ state: "attached" });

    await choose(page, file);
    await midway(page, file, 20);
    await button(page, `Cancel the upload of ${file.name}`).click();
    await row(page, file.name).waitFor({ state: "detached" });
    await until(async () => (await org.call("/api/uploads")).data.length === 0, "the server still has the upload");
    await button(page, "Remove the failed ones").click();
    await page.getByTestId("uploads").waitFor({ state: "detached" });
    assert.deepEqual(await org.videos(), []);
    assert.deepEqual(page.complaints, []);
  });

  test("a page that is far from the server knows its own uploads", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const page = await org.open(t);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 600));
    // Events come at once, answers 1.2 s late: also of uploads that are given up meanwhile.
    await page.context().route(({ pathname }) => pathname.startsWith("/api/uploads"), async (route) => {
      await pause();
      const response = await route.fetch().catch(() => null);
      await pause();
      await (response ? route.fulfill({ response }) : route.abort()).catch(() => {});
    });
    await page.evaluate(() => {
      window.strange = [];
      const look = () => {
        for (const row of document.querySelectorAll("[data-testid=other], [data-testid=unfinished]")) {
          if (!window.strange.includes(row.textContent)) window.strange.push(row.textContent);
        }
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const files = Array.from({ length: 4 }, (_, i) => clip(`far-${i + 1}.mp4`, i === 3 ? large : 2 << 20));
    await choose(page, files);
    // The list of what is on its way is fetched again while the answers are still on theirs.
    for (let i = 0; i < 3; i++) {
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await pause();
    }
    for (const file of files.slice(0, 3)) await arrived(org, file);
    await row(page, files[3].name, "sending").waitFor();
    await button(page, `Cancel the upload of ${files[3].name}`).click();
    await until(async () => (await org.call("/api/uploads")).data.every((u) => u.status !== "uploading"), "the server still has the upload");
    await page.getByTestId("uploads").waitFor({ state: "detached" });
    assert.deepEqual(await page.evaluate(() => window.strange), []);
    // In another browser of the same person it is another window's, once.
    const second = await org.open(t);
    const line = await way(server.url, { pace: 2 << 20 });
    t.after(line.close);
    const slower = await org.open(t, { address: line.url });
    const shown = clip("shown.mp4", 8 << 20);
    await choose(slower, shown);
    await second.getByTestId("other").filter({ hasText: shown.name }).waitFor();
    await arrived(org, shown);
    assert.deepEqual(page.complaints, []);
  });

  test("files are dropped and pasted anywhere", { timeout: patience }, async (t) => {
    const org = organization();
    const page = await org.open(t);
    const files = ["dropped.mp4", "pasted.mp4"].map((name) => clip(name, 1 << 20));
    for (const [i, kind] of ["drop", "paste"].entries()) {
      await page.evaluate(
        async ([kind, name, base64]) => {
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], name, { type: "video/mp4" }));
          const make = { drop: () => new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }), paste: () => new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }) };
          document.body.dispatchEvent(make[kind]());
        },
        [kind, files[i].name, files[i].bytes.toString("base64")],
      );
      await arrived(org, files[i]);
    }
  });

  test("can be used by everybody in every size and color", { timeout: 2 * patience }, async (t) => {
    const org = organization();
    const line = await way(server.url, { pace: 256 << 10 });
    t.after(line.close);
    const page = await org.open(t, { address: line.url });
    const look = (name) => accessible(page, { where: "[data-testid=uploads]", seen: (how) => shots && page.screenshot({ path: `${shots}/uploads-${name}-${how}.png` }) });
    const [first, ...rest] = Array.from({ length: 40 }, (_, i) => clip(`Holiday in Portugal, day ${i + 1}.mp4`, 3 << 20));
    await choose(page, first);
    await midway(page, first, 5);
    await look("1");
    await choose(page, rest.slice(0, 4));
    await row(page, rest[1].name, "sending").waitFor();
    await look("5");
    writeFileSync(join(dir, "notes.mp4"), "just text\n".repeat(1_000));
    await page.locator("header input[type=file]").setInputFiles([join(dir, "notes.mp4"), ...rest.slice(4).map((f) => f.path)]);
    await button(page, "Pause all").click();
    await row(page, first.name, "paused").waitFor();
    await look("paused");
    line.slow(0);
    await button(page, "Go on with all").click();
    await row(page, "notes.mp4", "failed").waitFor();
    await look("40");

    await button(page, "Show less").focus();
    await page.keyboard.press("Enter");
    await page.getByText("notes.mp4").waitFor({ state: "hidden" });
    await page.keyboard.press("Enter");
    await row(page, "notes.mp4").getByRole("button", { name: "Remove notes.mp4 from the list" }).focus();
    await page.keyboard.press("Enter");
    await row(page, "notes.mp4").waitFor({ state: "detached" });
    for (const file of [first, ...rest]) await arrived(org, file);
  });
});
