// A socket.io-client that tells what happens to its connection, as a line of
// JSON each, and obeys the lines of its standard input.
//
//   node reconnect.mjs MODULES PACKAGE URL websocket|polling|upgrade static|function
//
// "token T" sets the token, "connect" connects, "emit N" sends N bytes. MODULES is the node_modules folder that holds the client, as PACKAGE. With
// "function", auth is a function that gives the newest token, and the last
// cursor where the client does not keep its session, which it does since 4.6.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [modules, name, url, transport, how] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { io } = require(name);
const [major, minor] = require(`${name}/package.json`).version.split(".").map(Number);
const keepsSession = major > 4 || (major === 4 && minor >= 6);

let token;
let after;
let socket;
const say = (at, fields) => console.log(JSON.stringify({ at, ...fields }));

function connect() {
  socket = io(url, {
    transports: transport === "upgrade" ? ["polling", "websocket"] : [transport],
    auth: how === "static" ? { token } : (give) => give(keepsSession ? { token } : { token, after }),
  });
  socket.on("connect", () => say("connect"));
  socket.on("disconnect", (reason, details) => say("disconnect", { reason, details: details?.context?.reason }));
  socket.on("connect_error", (error) =>
    error.data?.code ? say("refused", { code: error.data.code }) : say("error", { reason: error.message }),
  );
  for (const name of ["video:queued", "stream:ready", "stream:reset", "auth:expiring"]) {
    socket.on(name, (payload, cursor) => {
      after = cursor ?? after;
      say("event", { name, payload, cursor });
    });
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, argument] = line.split(" ");
    if (command === "token") token = argument;
    else if (command === "connect") connect();
    else if (command === "emit") socket.emit("note", "x".repeat(Number(argument)));
  })
  .on("close", () => process.exit(0));
say("ready");
