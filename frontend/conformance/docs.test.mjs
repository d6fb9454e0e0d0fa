// The page of the documents in Chromium, and the documents against the official schemas of OpenAPI and AsyncAPI:
//   REELROOM_URL=http://localhost:5000 node --test docs.test.mjs
// REELROOM_SHOTS=folder keeps pictures. Without a server it says why it skips; with CI=true that is a failure.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import asyncapi from "@asyncapi/specs";
import Ajv from "ajv";
import formats from "ajv-formats";
import { executablePath, gather, launch } from "./chromium.mjs";
import { need } from "./need.mjs";

const url = process.env.REELROOM_URL;
const shots = process.env.REELROOM_SHOTS;
const skip = need({ REELROOM_URL: url, chromium: existsSync(executablePath) });

const read = async (name) => {
  const response = await fetch(`${url}/api/${name}.json`, { signal: AbortSignal.timeout(30_000) });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  const again = await fetch(response.url, { headers: { "if-none-match": response.headers.get("etag") }, signal: AbortSignal.timeout(30_000) });
  assert.equal(again.status, 304);
  return response.json();
};

test("the OpenAPI document is one", { skip, timeout: 60_000 }, async () => {
  const document = await read("openapi");
  const result = await new Validator().validate(document);
  assert.deepEqual(result.errors ?? [], []);
  assert.ok(result.valid);
  assert.equal(document.openapi, "3.1.0");
  assert.ok(document.paths["/api/videos"].post);
});

test("the AsyncAPI document is one", { skip, timeout: 60_000 }, async () => {
  const document = await read("asyncapi");
  // The official schema brings the one of JSON Schema along.
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false });
  formats(ajv);
  const valid = ajv.compile(asyncapi.schemas["3.0.0"]);
  assert.ok(valid(document), JSON.stringify(valid.errors?.slice(0, 5), null, 1));
  assert.equal(document.asyncapi, "3.0.0");
  assert.equal(document.servers.http.host, new URL(url).host);
});

let browser;
before(async () => {
  if (skip) return;
  browser = await launch();
});
after(() => browser?.close());

/** The page of the documents; complaints gather what its console says, foreign what it asks of other hosts. */
async function open(complaints, foreign, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  gather(page, complaints);
  page.on("request", (request) => new URL(request.url()).origin !== new URL(url).origin && foreign.push(request.url()));
  return page;
}

/** Opens every entry, and what can be opened within it, as far as it goes. */
const openAll = (page) =>
  page.evaluate(async () => {
    for (let round = 0; round < 12; round++) {
      const shut = [...document.querySelectorAll("main details:not([open])")];
      if (shut.length === 0) return;
      for (const details of shut) details.open = true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

test("the page shows both documents, whole, under its content policy", { skip, timeout: 180_000 }, async (t) => {
  const complaints = [];
  const foreign = [];
  const page = await open(complaints, foreign);
  const calls = await read("openapi");
  const events = await read("asyncapi");

  const answer = await page.goto(`${url}/docs`);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const operations = Object.values(calls.paths).flatMap((item) => Object.values(item));
  await page.locator("#listVideos").waitFor();
  assert.equal(await page.getByTestId("entry").count(), operations.length, "every operation has its entry");
  for (const o of operations) assert.equal(await page.locator(`details[id="${o.operationId}"]`).count(), 1, o.operationId);
  if (shots) await page.screenshot({ path: `${shots}/docs-calls.png` });

  await page.locator("#getVideo > summary").click();
  await page.locator("#getVideo").getByText("200", { exact: true }).click();
  await page.locator("#getVideo .field").getByText("sha256", { exact: true }).waitFor();
  await openAll(page);
  t.diagnostic(`${operations.length} operations, ${await page.locator("main details").count()} things to open`);

  await page.getByRole("searchbox").fill("retry");
  await page.locator("#retryVideo").waitFor();
  assert.ok((await page.getByTestId("entry").count()) < 5, "the search narrows");
  await page.getByRole("searchbox").fill("");

  await page.getByRole("link", { name: "Events", exact: true }).click();
  const messages = Object.values(events.operations).flatMap((o) => o.messages);
  await page.getByTestId("events").getByTestId("entry").first().waitFor();
  assert.equal(await page.getByTestId("entry").count(), messages.length, "every message has its entry");
  if (shots) await page.screenshot({ path: `${shots}/docs-events.png` });
  await page.goto(`${url}/docs#events/socketio.video.progress`);
  await page.locator(`[id="socketio.video.progress"]`).getByText("etaSeconds", { exact: true }).first().waitFor();
  if (shots) await page.screenshot({ path: `${shots}/docs-event.png` });
  await openAll(page);

  // A deep link opens what it names, also on a narrow screen and in the dark, where nothing is wider than the screen.
  const narrow = await open(complaints, foreign, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await narrow.goto(`${url}/docs#calls/uploadVideo`);
  await narrow.locator("#uploadVideo").getByText("multipart/form-data").first().waitFor();
  if (shots) await narrow.screenshot({ path: `${shots}/docs-narrow.png` });
  await openAll(narrow);
  const wider = await narrow.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `${wider} pixels wider than the screen`);

  assert.deepEqual(complaints, [], "the console is clean, so the content policy holds");
  assert.deepEqual(foreign, [], "nothing is asked of another host");
});

test("the main page does not load the documents' page", { skip, timeout: 60_000 }, async () => {
  const page = await open([], []);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(url);
  await page.getByRole("heading", { name: "Reelroom" }).waitFor();
  assert.deepEqual(asked.filter((path) => /docs|openapi|asyncapi/i.test(path)), []);
});
