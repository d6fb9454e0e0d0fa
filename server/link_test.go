//go:build linux

package main

import (
	"net"
	"sync"
)

// linkState is what a link does with connections.
type linkState int

const (
	linkPassing  linkState = iota
	linkRefusing           // new ones are closed, old ones cut
	linkSilent             // nothing gets through, nothing is closed
)

// link is a TCP proxy: a network that can be cut, or fall silent.
type link struct {
	name     string
	listener net.Listener
	target   func() string // "" while nobody is there

	mu      sync.Mutex
	state   linkState
	changed chan struct{} // closed when the state changes
	open    map[net.Conn]struct{}
	running sync.WaitGroup
}

func newLink(name string, target func() string) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{name: name, listener: listener, target: target, changed: make(chan struct{}), open: map[net.Conn]struct{}{}}
	l.running.Go(l.accept)
	return l, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) close() {
	_ = l.listener.Close()
	l.set(linkRefusing)
	l.running.Wait()
}

func (l *link) set(s linkState) {
	l.mu.Lock()
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	if s == linkRefusing {
		l.cut()
	}
}

// cut ends what is connected as a network does that went away: with a reset.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// pass waits while the link is silent.
func (l *link) pass() {
	for {
		l.mu.Lock()
		state, changed := l.state, l.changed
		l.mu.Unlock()
		if state != linkSilent {
			return
		}
		<-changed
	}
}

func (l *link) accept() {
	for {
		in, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() { l.serve(in) })
	}
}

func (l *link) serve(in net.Conn) {
	defer in.Close()
	l.mu.Lock()
	refusing := l.state == linkRefusing
	l.mu.Unlock()
	to := l.target()
	if refusing || to == "" {
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	l.mu.Lock()
	l.open[in], l.open[out] = struct{}{}, struct{}{}
	refusing = l.state == linkRefusing
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.open, in)
		delete(l.open, out)
		l.mu.Unlock()
	}()
	if refusing {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.copy(out, in) })
	both.Go(func() { l.copy(in, out) })
	both.Wait()
}

func (l *link) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		l.pass()
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}
