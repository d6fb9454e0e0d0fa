package mongostore

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
)

// mode is what a proxy does with connections.
type mode int

const (
	passing  mode = iota
	refusing      // new ones are closed, old ones cut
	silent        // nothing gets through, nothing is closed
)

// proxy stands between a store and the server, and takes the network away.
type proxy struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	mode    mode
	changed chan struct{} // closed when the mode changes
	open    map[net.Conn]bool

	lose      atomic.Pointer[string]
	late      atomic.Pointer[string]
	swallowed atomic.Int32
	running   sync.WaitGroup
}

// proxied returns a proxy before the test server, and the URI of a fresh
// database through it.
func proxied(t *testing.T) (*proxy, string) {
	t.Helper()
	testenv.Variable(t, serverVariable)
	uri, err := url.Parse(freshDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listen(t), server: uri.Host, changed: make(chan struct{}), open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(func() { _ = p.Close() })
	// A direct connection: the server's own address would lead past the proxy.
	return p, "mongodb://" + p.listener.Addr().String() + uri.Path + "?directConnection=true&"
}

func (p *proxy) Close() error {
	err := p.listener.Close()
	p.set(refusing)
	p.running.Wait()
	return err
}

func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.changed)
	p.changed = make(chan struct{})
	if m == refusing {
		for c := range p.open {
			c.Close()
		}
	}
}

// swallow loses the server's answer to the next command of that name.
func (p *proxy) swallow(command string) { p.lose.Store(&command) }

// delay lets the next command of that name take longer than a call may.
func (p *proxy) delay(command string) { p.late.Store(&command) }

// pass waits while nothing gets through.
func (p *proxy) pass() {
	for {
		p.mu.Lock()
		m, changed := p.mode, p.changed
		p.mu.Unlock()
		if m != silent {
			return
		}
		<-changed
	}
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	refused := p.mode == refusing
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.open, client)
		delete(p.open, server)
		p.mu.Unlock()
	}()
	if refused {
		return
	}
	var losing atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		p.copy(server, client, func(b []byte) bool {
			if name := p.lose.Load(); name != nil && bytes.Contains(b, []byte(*name+"\x00\x07\x00\x00\x00videos\x00")) && p.lose.CompareAndSwap(name, nil) {
				losing.Store(true)
			}
			if name := p.late.Load(); name != nil && bytes.Contains(b, []byte(*name+"\x00\x07\x00\x00\x00videos\x00")) && p.late.CompareAndSwap(name, nil) {
				time.Sleep(callTime + time.Second/2)
			}
			return true
		})
	})
	both.Go(func() {
		p.copy(client, server, func([]byte) bool {
			if losing.Load() {
				p.swallowed.Add(1)
				return false
			}
			return true
		})
	})
	both.Wait()
}

// copy moves bytes until one side ends or look says no; then it cuts both.
func (p *proxy) copy(to, from net.Conn, look func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.pass()
		if n > 0 && !look(buffer[:n]) {
			return
		}
		if _, werr := to.Write(buffer[:n]); err != nil || werr != nil {
			return
		}
	}
}

var _ io.Closer = (*proxy)(nil)
