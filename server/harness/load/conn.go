package load

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"
)

// bufferBytes is what a connection holds to read into; a larger message makes
// it grow.
const bufferBytes = 4 << 10

// writeTime bounds the writing of one small message.
const writeTime = 10 * time.Second

// Conn is one client: over its life it may have many connections, one after
// another. Only its own goroutine uses it, but for what mu guards.
type Conn struct {
	// Number counts the clients of a fleet from 0.
	Number int
	fleet  *Fleet
	org    int
	deaf   bool

	// pid and offset are what a resume is asked for with.
	pid    string
	offset []byte
	// up tells that the server has taken the present connection.
	up bool
	// tried is called when the outcome of the first attempt is known, and later
	// without effect.
	tried func()

	mu    sync.Mutex
	nc    net.Conn
	tally Tally
}

func (c *Conn) token() (string, error) {
	if c.fleet.config.Token == nil {
		return "", nil
	}
	return c.fleet.config.Token(c.Number)
}

// event counts every marker in a message.
func (c *Conn) event(message []byte, seq uint64) {
	whole := message
	for {
		m, rest, ok := next(message)
		if !ok {
			return
		}
		message = rest
		switch {
		case string(m.run) != c.fleet.config.Run:
		case m.org != c.org:
			c.fleet.foreign.Add(1)
		case c.deaf: // it may catch up, but is late by its own fault
		default:
			c.mu.Lock()
			c.tally.Add(m.n, seq)
			c.mu.Unlock()
			c.fleet.received.Add(1)
			now := time.Now()
			c.fleet.Latency.Add(time.Duration(now.UnixNano() - m.unixNano))
			if stamp := c.fleet.config.Stamp; stamp != nil {
				if at, ok := stamp(whole); ok {
					c.fleet.Stamped.Add(now.Sub(at))
				}
			}
		}
	}
}

// connected is told by the dialect that the server has taken the client.
func (c *Conn) connected(resumed bool) {
	c.up = true
	c.fleet.up(resumed)
	c.tried()
}

// session makes one connection and reads it to its end.
func (c *Conn) session(ctx context.Context, address string) error {
	c.up = false
	begin := time.Now()
	opening, cancel := context.WithTimeout(ctx, c.fleet.config.ConnectTimeout)
	defer cancel()
	nc, err := dial(opening, address)
	if err != nil {
		return err
	}
	defer nc.Close()
	// Until the server has taken the client it may be slow only so long.
	hurry := context.AfterFunc(opening, func() { nc.Close() })
	defer hurry()
	ending := context.AfterFunc(ctx, func() { nc.Close() })
	defer ending()
	c.mu.Lock()
	c.nc = nc
	c.mu.Unlock()
	r := &reader{nc: nc, bytes: &c.fleet.bytes, buf: make([]byte, 0, bufferBytes)}
	if err := r.upgrade(address, c.fleet.config.Dialect.Target()); err != nil {
		return err
	}
	hello, err := c.fleet.config.Dialect.Hello(c)
	if err == nil && hello != nil {
		err = c.send(hello)
	}
	for waiting := true; err == nil; {
		if waiting && c.up {
			waiting = false
			hurry()
			c.fleet.Connects.Add(time.Since(begin))
			if c.deaf {
				select {
				case <-c.fleet.awake:
				case <-ctx.Done():
				}
			}
		}
		err = c.read(r)
	}
	return err
}

// read takes one frame.
func (c *Conn) read(r *reader) error {
	opcode, payload, err := r.frame()
	if err != nil {
		return err
	}
	switch opcode {
	case opText:
		answer, err := c.fleet.config.Dialect.Take(c, payload)
		if err == nil && answer != nil {
			err = c.send(answer)
		}
		return err
	case opPing:
		return c.write(clientFrame(opPong, payload))
	case opPong:
		return nil
	case opClose:
		return fmt.Errorf("the server closed the connection: %.60q", payload)
	}
	return errFrame
}

func (c *Conn) send(message []byte) error { return c.write(clientFrame(opText, message)) }

func (c *Conn) write(frame []byte) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := c.nc.Write(frame)
	return err
}

// cut drops the connection without a word.
func (c *Conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nc != nil {
		_ = c.nc.Close()
	}
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	host := u.Host
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || host == "":
		return nil, fmt.Errorf("%q is not an http or https address", address)
	case u.Port() == "" && u.Scheme == "http":
		host = net.JoinHostPort(u.Hostname(), "80")
	case u.Port() == "":
		host = net.JoinHostPort(u.Hostname(), "443")
	}
	if u.Scheme == "https" {
		return new(tls.Dialer).DialContext(ctx, "tcp", host)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", host)
}

// Keys of the handshake (RFC 6455, section 1.3): every client says the same
// nonce, as no proxy that caches stands between.
const (
	nonce = "bG9hZCBjbGllbnQga2V5IQ=="
	guid  = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

var acceptance = func() string {
	sum := sha1.Sum([]byte(nonce + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// StatusError is a handshake that was answered with something else than 101.
type StatusError struct{ Line string }

func (e *StatusError) Error() string { return "the handshake was answered with " + e.Line }

// upgrade makes the HTTP connection a WebSocket.
func (r *reader) upgrade(address, target string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", target, u.Host, nonce)
	if _, err := r.nc.Write([]byte(request)); err != nil {
		return err
	}
	for {
		if end := bytes.Index(r.buf, []byte("\r\n\r\n")); end >= 0 {
			head := r.buf[:end]
			if line, _, _ := bytes.Cut(head, []byte("\r\n")); !bytes.HasPrefix(line, []byte("HTTP/1.1 101 ")) {
				return &StatusError{string(line)}
			}
			if !bytes.Contains(head, []byte(acceptance)) {
				return fmt.Errorf("the handshake was accepted with another client's key")
			}
			r.done = end + 4
			return nil
		}
		if len(r.buf) == cap(r.buf) {
			return errLarge
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}
