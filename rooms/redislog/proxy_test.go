package redislog

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a client and a Redis, cuts connections, and loses
// published messages.
type proxy struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup
	lose     atomic.Bool  // swallow what is published
	lost     atomic.Int64 // messages swallowed
	deaf     atomic.Int64 // how many calls with a certain word are done, but cut off unanswered
	mute     atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

var proxies = struct {
	sync.Mutex
	byAddr map[string]*proxy
}{byAddr: make(map[string]*proxy)}

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, to: to, conns: make(map[net.Conn]struct{})}
	proxies.Lock()
	proxies.byAddr[p.addr()] = p
	proxies.Unlock()
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.pipe(out, in, false) })
		p.wg.Go(func() { p.pipe(in, out, true) })
	}
}

func (p *proxy) pipe(to, from net.Conn, answers bool) {
	defer func() {
		_, _ = to.Close(), from.Close()
		p.mu.Lock()
		delete(p.conns, to)
		delete(p.conns, from)
		p.mu.Unlock()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		b := buf[:n]
		// A push message stands alone in its segment here: one at a time is published.
		if answers && p.lose.Load() && bytes.Contains(b, []byte("\r\nmessage\r\n")) {
			p.lost.Add(1)
			b = nil
		}
		if !answers && bytes.Contains(b, []byte("evalsha")) && bytes.Contains(b, []byte("answer me not")) && p.deaf.Add(-1) >= 0 {
			p.mute.Store(true)
		}
		if answers && n > 0 && p.mute.CompareAndSwap(true, false) {
			return // Redis has done it, and nobody is told
		}
		if _, werr := to.Write(b); err != nil || werr != nil {
			return
		}
		if err == io.EOF {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}
