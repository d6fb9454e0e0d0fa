// Writes golden.json: what nsfwjs itself says of the pictures of TestGolden.
//
// In a folder of its own, with Node 20:
//
//   npm install nsfwjs@4.4.0 @tensorflow/tfjs@4.22.0
//   mkdir inputs
//   (cd .../worker/classifier && go test -run TestGolden . -args -inputs "$OLDPWD/inputs")
//   cp .../worker/classifier/testdata/golden.mjs .
//   node golden.mjs inputs > .../worker/classifier/testdata/golden.json
//
// It uses the CPU backend, which computes in plain JavaScript: some seconds a
// picture.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// nsfwjs and this script must share one TensorFlow.js: both take the CommonJS one.
const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const { load } = require("nsfwjs/core");
const { MobileNetV2Model } = require("nsfwjs/models/mobilenet_v2");

const order = ["Drawing", "Hentai", "Neutral", "Porn", "Sexy"];
console.log = console.info = console.error; // standard output is for the scores alone

await tf.setBackend("cpu");
const network = await load("MobileNetV2", { modelDefinitions: [MobileNetV2Model] });
const folder = process.argv[2];
const results = [];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".rgb")).sort()) {
  const frame = readFileSync(join(folder, file));
  const found = await network.classify(tf.tensor3d(new Int32Array(frame), [224, 224, 3], "int32"));
  results.push({
    name: file.replace(/\.rgb$/, ""),
    sha256: createHash("sha256").update(frame).digest("hex"),
    scores: order.map((category) => found.find((f) => f.className === category).probability),
  });
}
process.stdout.write(JSON.stringify(results, null, 1) + "\n");
