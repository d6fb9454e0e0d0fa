// Reads Server-Sent Events with the package eventsource, and prints each as a
// line of JSON.
//
//   node read.mjs MODULES URL TOKEN
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, url, token] = process.argv.slice(2);
const { EventSource } = await import(pathToFileURL(join(modules, "eventsource", "dist", "index.js")));
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
});
for (const name of ["message", "stream:ready", "stream:place", "video:progress"]) {
  source.addEventListener(name, (e) => console.log(JSON.stringify({ name: e.type, id: e.lastEventId, data: e.data })));
}
