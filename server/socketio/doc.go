// Package socketio is the Socket.IO door: everything that touches the Socket.IO
// library stands here, and nothing of the library leaves.
//
// The library is github.com/zishang520/socket.io/v2. It does the namespaces, the
// middleware, the packets and what a socket is. What carries its packets, the
// library's engine, is replaced through the interface of its connections:
// memory, order and delivery are decided there. Around the library stand, each
// in a file of its own:
//
//   - guard.go, cors.go: what of a request may reach the library at all
//   - arrive.go, conn.go, links.go: an Engine.IO connection, from its first
//     request to its end
//   - upgrade.go: a WebSocket replaces polling
//   - heart.go: the pings of all connections
//   - polling.go: long polling
//   - websocket.go, frames.go, reader.go: a WebSocket, read without a goroutine
//     that waits where the system allows it
//   - queue.go, outbox.go: what waits for a reader, bounded
//   - parser.go, check.go: a packet is judged before the library parses it
//   - adapter.go, index.go: who is in which room
//   - handshake.go, session.go, inbox.go: one socket, from its token to its end
//   - expiry.go: a socket ends with its token
//   - handlers.go: what a client may ask
//   - feed.go, message.go: an event of the log is encoded once and shared
package socketio
