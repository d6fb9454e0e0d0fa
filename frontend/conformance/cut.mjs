import { createServer, connect } from "node:net";

/**
 * A way to the server that can be cut: it forwards bytes from a port of its
 * own, and after cut() neither that nor anything new comes through until mend().
 */
export async function way(url) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
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
      socket.pipe(other);
    }
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
    close: () => {
      cut();
      server.close();
    },
  };
}
