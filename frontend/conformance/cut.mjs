import { createServer, connect } from "node:net";
import { Transform } from "node:stream";

/**
 * A way to the server that can be cut: it forwards bytes from a port of its
 * own, and after cut() neither that nor anything new comes through until mend().
 * What clients send may be slowed to so many bytes a second, all together, and is counted.
 */
export async function way(url, { pace = 0 } = {}) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
  let sent = 0;
  let free = 0; // when the next bytes may pass
  const meter = () =>
    new Transform({
      highWaterMark: 64 << 10,
      transform(bytes, _encoding, pass) {
        sent += bytes.length;
        if (!pace) return pass(null, bytes);
        free = Math.max(free, performance.now()) + (bytes.length / pace) * 1000;
        setTimeout(pass, free - performance.now(), null, bytes);
      },
    });
  const server = createServer((client) => {
    if (!whole) return client.destroy();
    const upstream = connect(Number(port || 80), hostname);
    for (const [socket, other] of [[client, upstream], [upstream, client]]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.pipe(meter().on("error", () => {})).pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const cut = () => {
    whole = false;
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://localhost:${server.address().port}`,
    cut,
    mend: () => (whole = true),
    /** How many bytes clients have sent so far. */
    sent: () => sent,
    /** Another pace from now on; 0 for none. */
    slow: (bytes) => (pace = bytes),
    close: () => {
      cut();
      server.close();
    },
  };
}
