package socketio

import (
	"sync"
	"time"
)

// links are the connections of a door, and the TCP connections that they read.
type links struct {
	mu      sync.Mutex
	conns   map[string]*conn
	readers map[*wsTransport]struct{}
	parting map[string]*conn // closed by a client whose poll may still be on its way
	polling int
	idle    chan struct{} // closed when both are empty
	storm   *storm
}

func newLinks() links {
	return links{
		conns: map[string]*conn{}, parting: map[string]*conn{}, readers: map[*wsTransport]struct{}{}, storm: newStorm(),
	}
}

func (l *links) came(c *conn) {
	l.storm.one()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c.id] = c
	if c.poll != nil {
		l.polling++
	}
}

func (l *links) upgraded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.polling--
}

func (l *links) left(c *conn, websocket bool) {
	l.storm.one()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, here := l.conns[c.id]; !here {
		return
	}
	delete(l.conns, c.id)
	if !websocket {
		l.polling--
	}
	l.settle()
}

// part lets a poll that is still on its way find a connection that has ended.
func (l *links) part(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parting[c.id] = c
	time.AfterFunc(partTime, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.parting, c.id)
	})
}

// partTime is how long the last poll of a client may be on its way when the
// client has closed the connection by another request.
const partTime = time.Second

func (l *links) reads(t *wsTransport, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if on {
		l.readers[t] = struct{}{}
	} else {
		delete(l.readers, t)
		l.settle()
	}
}

// settle tells who waits for the end; mu is held.
func (l *links) settle() {
	if l.idle != nil && len(l.conns)+len(l.readers) == 0 {
		close(l.idle)
		l.idle = nil
	}
}

// empty returns what is closed when there is nothing left.
func (l *links) empty() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.settle()
	return idle
}

func (l *links) get(sid string) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.conns[sid]; c != nil {
		return c
	}
	return l.parting[sid]
}

func (l *links) all() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*conn, 0, len(l.conns))
	for _, c := range l.conns {
		list = append(list, c)
	}
	return list
}

func (l *links) reading() []*wsTransport {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*wsTransport, 0, len(l.readers))
	for t := range l.readers {
		list = append(list, t)
	}
	return list
}

// counts returns how many connections poll, and how many have a WebSocket.
func (l *links) counts() (polling, websocket int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.polling, len(l.conns) - l.polling
}
