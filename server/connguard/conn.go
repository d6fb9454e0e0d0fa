package connguard

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/server/limits"
)

// overflowTime is how long a connection that there is no room for may take to
// send the head of its request.
const overflowTime = time.Second

// Conn is a connection that is counted until it is closed.
type Conn struct {
	*net.TCPConn
	guard  *Guard
	from   limits.Address
	opened time.Time
	// refused is why there is no room for it; nil for all but those of the
	// overflow.
	refused error
	// trusted tells that the peer is a proxy of the operator.
	trusted bool
	// leave gives back what it is counted in.
	leave []func()

	state    atomic.Int32 // an http.ConnState
	readBy   atomic.Int64 // the read deadline in Unix nanoseconds, or that of no time
	verified atomic.Bool
	closing  sync.Once

	// list, prev and next are guarded by the guard.
	list       *connList
	prev, next *Conn
}

// Verified tells that the connection brought a good token.
func (c *Conn) Verified() {
	if c == nil || c.verified.Swap(true) {
		return
	}
	c.guard.unlist(c)
}

// known tells that the connection may stay open without a request.
func (c *Conn) known() bool { return c.trusted || c.verified.Load() }

// old tells that the connection has been open for so long without a good token
// that its next answer is the last.
func (c *Conn) old() bool { return c != nil && !c.known() && time.Since(c.opened) > strangerTime }

// SetReadDeadline bounds what net/http sets: the idle time of a connection
// without a good token, and all of one that there is no room for.
func (c *Conn) SetReadDeadline(at time.Time) error {
	at = c.bound(at)
	c.readBy.Store(at.UnixNano())
	return c.TCPConn.SetReadDeadline(at)
}

// reads reports whether the read deadline is before at.
func (c *Conn) reads(at time.Time) bool {
	by := c.readBy.Load()
	return by != time.Time{}.UnixNano() && by < at.UnixNano()
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(at time.Time) error {
	if err := c.SetWriteDeadline(at); err != nil {
		return err
	}
	return c.SetReadDeadline(at)
}

func (c *Conn) bound(at time.Time) time.Time {
	most := at
	switch {
	case c.refused != nil:
		most = c.opened.Add(overflowTime)
	case http.ConnState(c.state.Load()) == http.StateIdle && !c.known():
		most = time.Now().Add(strangerTime)
	}
	if at.IsZero() || most.Before(at) {
		return most
	}
	return at
}

// Close closes the connection and gives its place back.
func (c *Conn) Close() error {
	err := c.TCPConn.Close()
	c.closing.Do(func() {
		c.guard.unlist(c)
		for _, leave := range c.leave {
			leave()
		}
	})
	return err
}

// refuse answers in the place of the server, which has not begun to, and closes
// the connection.
func (c *Conn) refuse(answer []byte) {
	// It fits in the kernel's buffer, so nothing waits. A deadline that has passed
	// before the call, on a busy machine, would send nothing.
	_ = c.SetWriteDeadline(time.Now().Add(overflowTime))
	_, _ = c.Write(answer)
	_ = c.CloseWrite()
	c.drain() // what was sent and not read would reset the connection
	_ = c.Close()
}

// connList is a list of connections, oldest first; the zero value is empty.
type connList struct {
	first, last *Conn
	len         int
}

func (l *connList) add(c *Conn) {
	c.list, c.prev, c.next = l, l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
	l.len++
}

func (l *connList) remove(c *Conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.list, c.prev, c.next = nil, nil, nil
	l.len--
}

// unlist takes the connection out of the list that it is in.
func (g *Guard) unlist(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unlistLocked(c)
}

func (g *Guard) unlistLocked(c *Conn) {
	if c.list == nil {
		return
	}
	c.list.remove(c)
	if l := g.strangers[c.from]; l != nil && l.len == 0 {
		delete(g.strangers, c.from)
	}
}
