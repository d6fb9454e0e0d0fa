// Package sio is a small Socket.IO client for the harness: Engine.IO 4 and
// Socket.IO protocol 5, the namespace "/", websocket or polling, text only.
//
// It behaves as socket.io-client 4.8 where a server can tell the difference:
// it sends auth.token, keeps the pid and the last offset for a resume, answers
// pings, and reconnects with a growing, jittered wait after a lost transport
// but not after a refusal or after the server's own disconnect. It differs in
// three ways: the first connection is tried once, nothing is buffered while
// disconnected, and attempts to reconnect are counted.
//
// Protocols: https://socket.io/docs/v4/engine-io-protocol/ and
// https://socket.io/docs/v4/socket-io-protocol/.
package sio
