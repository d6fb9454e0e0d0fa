// The official server, with the few handlers that node_test.go needs. Prints
// its address on the first line, and "gone" when the client of "burstWhenGone"
// was missed and the burst is over.
const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, {
  connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
  pingInterval: 300,
  pingTimeout: 2_000,
});

function refuse(next, message, code) {
  next(Object.assign(new Error(message), { data: { code } }));
}

io.use((socket, next) => {
  const { token } = socket.handshake.auth ?? {};
  if (!token) return refuse(next, "Authentication required", "token_missing");
  if (token === "bad") return refuse(next, "Invalid token", "token_invalid");
  next();
});

io.on("connection", (socket) => {
  let n = socket.data.n ?? 0;
  const room = (socket.data.room ??= `room:${socket.id}`);
  socket.join(room);
  const burst = (count) => {
    for (let i = 0; i < count; i++) io.to(room).emit("tick", { n: ++n }, `e.${n}`);
    socket.data.n = n;
  };
  socket.on("echo", (value, ack) => ack({ ok: true, a: value }));
  socket.on("burst", (count, ack) => {
    burst(count);
    ack({ ok: true });
  });
  socket.on("burstWhenGone", (count) => {
    socket.on("disconnect", () =>
      setTimeout(() => {
        burst(count);
        console.log("gone");
      }, 5)
    );
    io.to(room).emit("armed", {}, `e.${n}`);
  });
  if (!socket.recovered) io.to(room).emit("hello", {}, "e.0");
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
