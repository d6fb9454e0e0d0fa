// Package load puts many WebSocket clients into one process, so light that the
// server is what is measured: one goroutine and one small buffer each, and of
// an event only its marker and its cursor are read. It counts what came,
// what was lost, doubled or out of order, and how late it was.
package load
