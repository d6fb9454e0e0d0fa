package backend

import (
	"net"
	"os"
	"sync"
	"time"
)

// bufferedMost bounds the bytes that a [buffered] connection holds unread.
const bufferedMost = 16 << 20

// buffered is a connection whose peer need not wait for it to be read, as a
// TCP connection is and a [net.Pipe] is not. Without it a pipeline deadlocks:
// the client writes commands while the server writes the first answers.
// Writes go to the inner connection directly.
type buffered struct {
	net.Conn
	wake chan struct{} // holds one signal: data, an error, another deadline
	room *sync.Cond    // of mu: data was read, or the connection was closed

	mu       sync.Mutex
	data     []byte // not yet read
	err      error  // of the inner connection
	closed   bool
	deadline time.Time
}

// newBuffered takes over inner; it reads until inner fails or is closed.
func newBuffered(inner net.Conn) *buffered {
	c := &buffered{Conn: inner, wake: make(chan struct{}, 1)}
	c.room = sync.NewCond(&c.mu)
	go c.fill()
	return c
}

// fill reads from the inner connection until it fails.
func (c *buffered) fill() {
	chunk := make([]byte, 4<<10) // what the server's writer flushes at once
	for {
		n, err := c.Conn.Read(chunk)
		c.mu.Lock()
		c.data = append(c.data, chunk[:n]...)
		c.err = err
		for len(c.data) >= bufferedMost && !c.closed {
			c.room.Wait()
		}
		c.mu.Unlock()
		c.signal()
		if err != nil {
			return
		}
	}
}

func (c *buffered) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Read implements [net.Conn]. One goroutine may read at a time.
func (c *buffered) Read(p []byte) (int, error) {
	for {
		n, deadline, err := c.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		c.wait(deadline)
	}
}

// take returns what there is to read now; 0 and no error for nothing yet.
func (c *buffered) take(p []byte) (n int, deadline time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, c.deadline, net.ErrClosed
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return 0, c.deadline, os.ErrDeadlineExceeded
	case len(c.data) == 0:
		return 0, c.deadline, c.err
	}
	n = copy(p, c.data)
	if c.data = c.data[n:]; len(c.data) == 0 {
		c.data = nil
	}
	c.room.Signal()
	return n, c.deadline, nil
}

// wait returns when there may be something to read, or at the deadline.
func (c *buffered) wait(deadline time.Time) {
	if deadline.IsZero() {
		<-c.wake
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-c.wake:
	case <-timer.C:
	}
}

// Close implements [net.Conn].
func (c *buffered) Close() error {
	c.mu.Lock()
	c.closed = true
	c.room.Signal()
	c.mu.Unlock()
	c.signal()
	return c.Conn.Close()
}

// SetDeadline implements [net.Conn].
func (c *buffered) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements [net.Conn].
func (c *buffered) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	c.signal()
	return nil
}
