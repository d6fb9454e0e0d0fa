// The client that Node programs use, against a door that pings every 300 ms:
//   node client.mjs MODULES URL
// It prints what it sees, a line each.
import { createRequire } from "node:module";
const [modules, url] = process.argv.slice(2);
const WebSocket = createRequire(`${modules}/`)("ws");

const say = (...words) => console.log(words.join(" "));
const open = (query) => new WebSocket(`${url.replace(/^http/, "ws")}/ws${query}`);
const closed = (socket) => new Promise((resolve, reject) => {
  socket.on("close", (code, reason) => resolve(`${code} ${reason}`));
  socket.on("error", reject);
});

for (const query of ["", "?jobId=v1", "?jobId=v1&token=rubbish", "?jobId=other&token=acme/ann"]) say("refused", await closed(open(query)));

const socket = open("?jobId=v1&token=acme/ann");
say("compression", socket.extensions || "off");
let pings = 0;
socket.on("ping", () => {
  if (++pings === 3) say("pinged"); // the answer is sent by itself
});
socket.on("message", (data, binary) => {
  const m = JSON.parse(data);
  say(m.type, binary ? "binary" : "text", m.jobId, m.pct ?? "", m.result ? JSON.stringify(m.result).length > 5_000_000 : "");
  if (m.type === "state") socket.send("ping");
});
say("closed", await closed(socket));
