// Package socketio is the Socket.IO door: everything that touches the Socket.IO
// library stands here, and nothing of the library leaves.
//
// The library is github.com/zishang520/socket.io/v2. It does the handshake, the
// heartbeat, the upgrade, the namespace and the middleware. Around it stand,
// each in a file of its own:
//
//   - guard.go, cors.go: what of a request may reach the library at all
//   - answer.go: the response is cut off when its request ends
//   - websocket.go, outbox.go: our WebSocket transport, with a bounded queue
//   - polling.go: our long-polling transport, with a bounded queue
//   - parser.go, check.go: a packet is judged before the library parses it
//   - adapter.go, index.go: who is in which room
//   - handshake.go, session.go, inbox.go: one socket, from its token to its end
//   - expiry.go: a socket ends with its token
//   - handlers.go: what a client may ask
//   - feed.go, message.go: an event of the log is encoded once and shared
package socketio
