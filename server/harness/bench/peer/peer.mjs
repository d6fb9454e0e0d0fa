// The official Socket.IO server as it would be written for the same task:
// tokens are verified (HS256), each socket is in the room of its organization,
// and POST /emit sends an event to a room: through Redis where REDIS_URL is
// set, else directly. It prints its address when it listens.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const secret = process.env.JWT_SECRET;

function verify(token) {
  const [head, body, signature, ...rest] = String(token).split('.');
  if (!signature || rest.length) throw new Error('form');
  if (JSON.parse(Buffer.from(head, 'base64url')).alg !== 'HS256') throw new Error('algorithm');
  const want = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const got = Buffer.from(signature, 'base64url');
  if (got.length !== want.length || !timingSafeEqual(got, want)) throw new Error('signature');
  const claims = JSON.parse(Buffer.from(body, 'base64url'));
  if (!(claims.exp * 1000 > Date.now())) throw new Error('expired');
  return claims;
}

// stamp is the wall clock in microseconds, as RFC 3339.
function stamp() {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  return new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().replace('.000Z', `.${fraction}Z`);
}

let emit;
let count = 0;

const http = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/emit') return response.writeHead(404).end();
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const { room, event, data } = JSON.parse(Buffer.concat(parts));
    data.ts = stamp();
    emit(room, event, data, `peer.${++count}`);
    response.writeHead(202).end();
  });
});

const io = new Server(http, { transports: ['websocket'], serveClient: false });
io.use((socket, next) => {
  try {
    socket.data.user = verify(socket.handshake.auth.token);
    next();
  } catch {
    next(new Error('Invalid token'));
  }
});
io.on('connection', (socket) => socket.join(`org:${socket.data.user.organizationId}`));
emit = (room, ...event) => io.to(room).emit(...event);

if (process.env.REDIS_URL) {
  const [{ createClient }, { createAdapter }, { Emitter }] = await Promise.all([
    import('redis'), import('@socket.io/redis-adapter'), import('@socket.io/redis-emitter'),
  ]);
  const clients = [0, 1, 2].map(() => createClient({ url: process.env.REDIS_URL }));
  await Promise.all(clients.map((client) => client.connect()));
  io.adapter(createAdapter(clients[0], clients[1]));
  const emitter = new Emitter(clients[2]);
  emit = (room, ...event) => emitter.to(room).emit(...event);
}

http.listen(0, '127.0.0.1', () => console.log(`address http://127.0.0.1:${http.address().port}`));
