package siotest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Conn is the server's side of one websocket. Its methods end the script (not
// the test) when the client has gone.
type Conn struct {
	T testing.TB
	// Number counts connections from 1.
	Number int
	// Request is the handshake.
	Request *http.Request
	ws      *websocket.Conn
	ctx     context.Context
}

// gone unwinds a script whose client has left.
type gone struct{}

// Open sends the OPEN packet; times are in milliseconds.
func (c *Conn) Open(pingInterval, pingTimeout int) {
	c.Send(fmt.Sprintf(`0{"sid":"engine-%d","upgrades":[],"pingInterval":%d,"pingTimeout":%d,"maxPayload":100000}`,
		c.Number, pingInterval, pingTimeout))
}

// Accept opens, reads the CONNECT packet, answers it with pid, and returns
// what the client sent as auth.
func (c *Conn) Accept(pid string) (auth string) {
	c.Open(25000, 20000)
	auth = c.Expect("40")
	c.Send(fmt.Sprintf(`40{"sid":"socket-%d","pid":%q}`, c.Number, pid))
	return auth
}

// Send writes one packet.
func (c *Conn) Send(packet string) {
	if c.ws.Write(c.ctx, websocket.MessageText, []byte(packet)) != nil {
		panic(gone{})
	}
}

// SendBinary writes a binary frame.
func (c *Conn) SendBinary(b []byte) {
	if c.ws.Write(c.ctx, websocket.MessageBinary, b) != nil {
		panic(gone{})
	}
}

// Read returns the next packet.
func (c *Conn) Read() string {
	_, b, err := c.ws.Read(c.ctx)
	if err != nil {
		panic(gone{})
	}
	return string(b)
}

// Expect reads a packet, checks how it begins, and returns the rest.
func (c *Conn) Expect(prefix string) string {
	s := c.Read()
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		c.T.Errorf("connection %d: got %q, want %q…", c.Number, s, prefix)
		panic(gone{})
	}
	return rest
}

// Ack answers a packet read as "42<id>[…]".
func (c *Conn) Ack(packet, args string) {
	id, _, _ := strings.Cut(strings.TrimPrefix(packet, "42"), "[")
	c.Send("43" + id + args)
}

// Drop cuts the connection without a close frame.
func (c *Conn) Drop() { _ = c.ws.CloseNow() }

// Stay reads until the client leaves, or ends the namespace.
func (c *Conn) Stay() {
	for c.Read() != "41" {
	}
}

// Drain reads until the client leaves and returns then; unlike the other
// methods it may run beside a script that sends.
func (c *Conn) Drain() {
	for {
		if _, b, err := c.ws.Read(c.ctx); err != nil || string(b) == "41" {
			return
		}
	}
}

// Handler runs the script on every connection at /socket.io/. A connection
// lives at most 30 s, and is closed in order when its script ends.
func Handler(t testing.TB, script func(*Conn)) http.Handler {
	var number atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("EIO") != "4" || q.Get("transport") != "websocket" || r.URL.Path != "/socket.io/" {
			t.Errorf("handshake at %s", r.URL)
		}
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		defer func() {
			if p := recover(); p != nil && p != (gone{}) {
				panic(p)
			}
		}()
		script(&Conn{T: t, Number: int(number.Add(1)), Request: r, ws: ws, ctx: ctx})
		_ = ws.Close(websocket.StatusNormalClosure, "")
	})
}

// Serve starts a server with only that handler, and returns its address.
func Serve(t testing.TB, script func(*Conn)) string {
	s := httptest.NewServer(Handler(t, script))
	t.Cleanup(s.Close)
	return s.URL
}
