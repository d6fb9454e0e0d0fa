package bench

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// storeProxy stands between a node and its MongoDB and counts what the node
// reads there.
type storeProxy struct {
	listener net.Listener
	target   string
	reads    atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

// counted returns the URI of a proxy before the MongoDB of uri. It returns nil
// where there is no way to stand between: several hosts, TLS, or names that
// only the DNS can resolve.
func counted(uri string) (*storeProxy, string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "mongodb" || strings.Contains(u.Host, ",") || u.Query().Get("tls") != "" || u.Query().Get("ssl") != "" {
		return nil, uri
	}
	target := u.Host
	if u.Port() == "" {
		target = net.JoinHostPort(u.Hostname(), "27017")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, uri
	}
	p := &storeProxy{listener: l, target: target}
	p.wg.Go(p.serve)
	q := u.Query()
	q.Set("directConnection", "true") // not past the proxy
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	return p, u.String()
}

func (p *storeProxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		store, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, store)
		p.mu.Unlock()
		p.wg.Go(func() { p.copy(client, store, store) })
		p.wg.Go(func() { p.copy(store, client, io.TeeReader(client, &wireReader{found: p.command})) })
	}
}

// copy takes one direction to its end and closes both.
func (p *storeProxy) copy(to, from net.Conn, r io.Reader) {
	_, _ = io.Copy(to, r)
	_ = to.Close()
	_ = from.Close()
}

func (p *storeProxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// command counts those that read documents.
func (p *storeProxy) command(name string) {
	switch name {
	case "find", "aggregate", "getMore", "count", "distinct":
		p.reads.Add(1)
	}
}

// wireReader finds the names of the commands in what a MongoDB client sends:
// messages of the kind OP_MSG, whose first section begins with a document, the
// first key of which is the command's name (MongoDB wire protocol).
type wireReader struct {
	found func(command string)
	head  []byte
	// skip is how much of the present message is still to come.
	skip int
}

const (
	opMsg = 2013
	// headBytes is what is kept of a message: header, flags, kind, length and
	// type of the document's first element, and its name.
	headBytes = 26 + 32
)

func (w *wireReader) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		if w.skip > 0 {
			pass := min(w.skip, len(b))
			b, w.skip = b[pass:], w.skip-pass
			continue
		}
		take := min(w.want()-len(w.head), len(b))
		w.head, b = append(w.head, b[:take]...), b[take:]
		if len(w.head) >= 4 && len(w.head) == w.want() {
			w.skip = w.length() - len(w.head)
			w.read()
			w.head = w.head[:0]
		}
	}
	return n, nil
}

// length is that of the present message, which is never shorter than a header.
func (w *wireReader) length() int { return max(int(binary.LittleEndian.Uint32(w.head)), 16) }

// want is how much of the present message must be seen.
func (w *wireReader) want() int {
	if len(w.head) < 4 {
		return 4
	}
	return min(w.length(), headBytes)
}

func (w *wireReader) read() {
	if len(w.head) <= 26 || binary.LittleEndian.Uint32(w.head[12:]) != opMsg || w.head[20] != 0 {
		return
	}
	if name, _, ok := bytes.Cut(w.head[26:], []byte{0}); ok {
		w.found(string(name))
	}
}
