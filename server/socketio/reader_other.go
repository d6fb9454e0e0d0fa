//go:build !linux

package socketio

// reader is nothing here: each connection has a goroutine that reads it.
type reader struct{}

type poller struct{}

func (*poller) close() {}

func (t *wsTransport) listen() { go t.readAlong() }

// kick does nothing: the goroutine notices that its connection was closed.
func (t *wsTransport) kick() {}
