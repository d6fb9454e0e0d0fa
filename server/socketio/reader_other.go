//go:build !linux

package socketio

import "sync"

// reader makes sure that a connection has only one goroutine that reads it.
type reader struct{ once sync.Once }

// poller has nothing to do here.
type poller struct{}

func (*poller) close() {}

// listen begins to read.
func (t *wsTransport) listen() { t.reader.once.Do(func() { go t.readAlong() }) }

// kick does nothing: the goroutine notices that its connection was closed.
func (t *wsTransport) kick() {}
