package connguard

import (
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

const (
	// overflowSize is how many connections are read that there is no room for.
	// [limits.Limits.Descriptors] leaves as many files free.
	overflowSize = limits.SpareDescriptors * 2 / 3
	// overflowTries is how many milliseconds a new one waits for a place there.
	overflowTries = 50
	// overflowGrace is how long a connection may be silent before it gives way: a
	// client needs a moment between connecting and sending its request.
	overflowGrace = 20 * time.Millisecond
	// searched is how many addresses are compared to find the one with the most
	// connections.
	searched = 64
	// warnEvery is how often refusals are logged.
	warnEvery = time.Minute
)

// listener is a listener whose connections are counted.
type listener struct {
	net.Listener
	guard *Guard
	// spare is an open file that is closed to accept and refuse a connection
	// when the process has no file left.
	spare *os.File
	once  sync.Once
}

// Listen returns a listener of TCP connections that counts those of l and
// refuses what there is no room for.
func (g *Guard) Listen(l net.Listener) net.Listener {
	spare, _ := os.Open(os.DevNull) // without it, a full process refuses later
	return &listener{Listener: l, guard: g, spare: spare}
}

// Accept returns the next connection that is to be served.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if exhausted(err) && l.spare != nil {
			l.refuseOne()
			continue
		}
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		if c := l.guard.admit(tcp); c != nil {
			return c, nil
		}
	}
}

// Close closes the listener.
func (l *listener) Close() error {
	l.once.Do(func() {
		if l.spare != nil {
			_ = l.spare.Close()
		}
	})
	return l.Listener.Close()
}

// exhausted tells that the process, or the system, has no file left.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// refuseOne accepts a connection by means of the spare file, and refuses it.
func (l *listener) refuseOne() {
	_ = l.spare.Close()
	if c, err := l.Listener.Accept(); err == nil {
		if tcp, ok := c.(*net.TCPConn); ok {
			l.guard.warn(errFull)
			(&Conn{TCPConn: tcp, guard: l.guard}).refuse(l.guard.answer(errFull))
		} else {
			_ = c.Close()
		}
	}
	spare, err := os.Open(os.DevNull)
	if err != nil {
		time.Sleep(time.Millisecond) // somebody else has taken it
		spare, _ = os.Open(os.DevNull)
	}
	l.spare = spare
}

// fullWait is what a client of a full server is told to wait.
const fullWait = 5 * time.Second

var errFull = models.Errorf(models.CodeUnavailable, "The server has as many open connections as it can hold. Try again shortly.").Again(fullWait)

// admit counts a new connection. It returns nil for one that was refused.
func (g *Guard) admit(tcp *net.TCPConn) *Conn {
	c := &Conn{TCPConn: tcp, guard: g, opened: time.Now()}
	c.from, c.trusted = g.Limits.Peer(tcp.RemoteAddr())
	if c.refused = g.count(c); c.refused == nil {
		return c
	}
	g.warn(c.refused)
	for range overflowTries {
		silent, ok := g.enterOverflow(c)
		if silent != nil {
			silent.refuse(g.answer(silent.refused))
		}
		if ok {
			return c
		}
		time.Sleep(time.Millisecond) // what has arrived is being read
	}
	c.refuse(g.answer(c.refused))
	return nil
}

// enterOverflow makes a connection one of the overflow, and reports whether there
// was room for it. A connection that had to give way is returned.
func (g *Guard) enterOverflow(c *Conn) (silent *Conn, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.overflow.len >= overflowSize {
		if silent = g.silentOverflow(); silent == nil {
			return nil, false
		}
		g.overflow.remove(silent)
	}
	g.overflow.add(c)
	return silent, true
}

// silentOverflow returns the oldest connection of the overflow whose client has
// not sent the head of a request, and nothing that is still to be read, in
// [overflowGrace] or longer.
func (g *Guard) silentOverflow() *Conn {
	for c := g.overflow.first; c != nil && time.Since(c.opened) >= overflowGrace; c = c.next {
		if http.ConnState(c.state.Load()) == http.StateNew && c.silent() {
			return c
		}
	}
	return nil
}

// count takes the places of a connection, and returns why there is none.
func (g *Guard) count(c *Conn) error {
	if !c.trusted {
		place, err := g.Limits.Connect(c.from)
		if err != nil {
			return err
		}
		c.leave = append(c.leave, place.Leave)
	}
	file := g.Limits.Descriptor()
	for tries := 0; file == nil && tries < 2 && g.evict(c.from); tries++ {
		file = g.Limits.Descriptor()
	}
	if file == nil {
		for _, leave := range c.leave {
			leave()
		}
		c.leave = nil
		return errFull
	}
	c.leave = append(c.leave, file.Leave)
	if !c.trusted {
		g.mu.Lock()
		l := g.strangers[c.from]
		if l == nil {
			l = &connList{}
			g.strangers[c.from] = l
		}
		l.add(c)
		g.mu.Unlock()
	}
	return nil
}

// evict closes the oldest connection without a good token of the address that
// has the most of them, unless that is about as many as from has, too: so an
// address that takes all places gives some up for the others. It reports whether
// it closed one.
func (g *Guard) evict(from limits.Address) bool {
	g.mu.Lock()
	most, own, n := (*connList)(nil), 0, 0
	if l := g.strangers[from]; l != nil {
		own = l.len
	}
	for _, l := range g.strangers { // in random order
		if most == nil || l.len > most.len {
			most = l
		}
		if n++; n == searched {
			break
		}
	}
	if most == nil || most.len <= own+1 {
		g.mu.Unlock()
		return false
	}
	c := most.first
	g.unlistLocked(c)
	g.mu.Unlock()
	g.warn(errFull)
	if http.ConnState(c.state.Load()) == http.StateNew {
		c.refuse(g.answer(errFull))
	} else {
		_ = c.Close() // in the middle of a request
	}
	return true
}

// answer is a whole HTTP response.
func (g *Guard) answer(err error) []byte {
	out := &memory{header: http.Header{}}
	g.refuse(out, err)
	return out.answer(true)
}

// refuse answers with a problem.
func (g *Guard) refuse(w http.ResponseWriter, err error) {
	status, wait, body := g.Problem(err)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", strconv.Itoa(wait))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// warn logs that connections are refused, once in a while.
func (g *Guard) warn(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.unlogged++; time.Since(g.warned) < warnEvery {
		return
	}
	g.Logger.Warn("connections are refused", "error", err, "refused", g.unlogged)
	g.warned, g.unlogged = time.Now(), 0
}
