package sio

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Config says where and how to connect. URL, or Address, is needed; the rest
// has defaults.
type Config struct {
	// URL is the server's http or https address, without "/socket.io".
	URL string
	// Address, when set, is asked for the URL before each connection: a client
	// may come again at another node.
	Address func() string
	// PID and Offset are what the first connection asks to resume; "" for a
	// new session.
	PID, Offset string
	// Token is asked before each connection; nil, or "", sends no token.
	Token     func() (string, error)
	Transport Transport
	// HTTP carries the handshake; it must not have a Timeout.
	HTTP *http.Client
	// ConnectTimeout bounds the way from dialling to the CONNECT reply; 10 s.
	ConnectTimeout time.Duration
	Backoff        Backoff

	// The functions below are called one at a time, in the order in which
	// things happened. They must not wait for an acknowledgement: what they
	// hold up is the reading itself.

	// OnConnect is told of every connection, the first and later ones.
	OnConnect func(Session)
	OnEvent   func(Event)
	// OnDisconnect is told why a connection was lost, and how long the client
	// waits before it tries again.
	OnDisconnect func(err error, wait time.Duration)
}

// Backoff is the wait before attempt n to reconnect: Min doubled n-1 times,
// at most Max, spread by half either way.
type Backoff struct {
	Min, Max time.Duration
	// Attempts in a row without a connection end Run with the last error; 0
	// means never to reconnect.
	Attempts int
}

// Wait returns the wait before an attempt; the first is 1.
func (b Backoff) Wait(attempt int) time.Duration {
	d := b.Min
	for i := 1; i < attempt && d < b.Max; i++ {
		d *= 2
	}
	d = min(d, b.Max)
	return d/2 + rand.N(d+1)
}

// Session is what the CONNECT reply says.
type Session struct {
	SID string
	// PID is the private id that a resume is asked for with; "" when the
	// server offers no resume.
	PID string
	// Recovered tells that the server took the session up again.
	Recovered bool
}

// Event is what the server sent.
type Event struct {
	Name string
	Args []json.RawMessage
	// WantsAck tells that the server asked for an acknowledgement, which this
	// client does not send.
	WantsAck   bool
	ReceivedAt time.Time
}

// Payload returns the first argument, or null.
func (e Event) Payload() json.RawMessage {
	if len(e.Args) == 0 {
		return json.RawMessage("null")
	}
	return e.Args[0]
}

// Cursor returns the last argument when it is a string, as a stock client
// reads its offset, and "" otherwise.
func (e Event) Cursor() string {
	var s string
	if len(e.Args) == 0 || e.WantsAck {
		return ""
	}
	if last := e.Args[len(e.Args)-1]; len(last) > 0 && last[0] == '"' {
		_ = json.Unmarshal(last, &s)
	}
	return s
}

// Client is one Socket.IO client. Make it with [New], then call Run once.
type Client struct {
	config Config

	mu      sync.Mutex
	pid     string
	offset  string
	link    *link
	lastID  int64
	pending map[int64]func([]json.RawMessage, error)
}

// New returns a client that does nothing until Run.
func New(c Config) *Client {
	if c.Transport == "" {
		c.Transport = WebSocket
	}
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	if c.Backoff.Min <= 0 {
		c.Backoff.Min = time.Second
	}
	c.Backoff.Max = max(c.Backoff.Max, c.Backoff.Min)
	if c.OnConnect == nil {
		c.OnConnect = func(Session) {}
	}
	if c.OnEvent == nil {
		c.OnEvent = func(Event) {}
	}
	if c.OnDisconnect == nil {
		c.OnDisconnect = func(error, time.Duration) {}
	}
	if c.Address == nil {
		c.Address = func() string { return c.URL }
	}
	return &Client{config: c, pid: c.PID, offset: c.Offset, pending: map[int64]func([]json.RawMessage, error){}}
}

// Run connects and stays connected until ctx ends, and then returns nil after
// a good-bye to the server. It returns an error when the first connection
// fails, when the server refuses ([ConnectError], [HandshakeError]) or ends
// the session ([ErrServerDisconnect]), and when attempts run out.
func (c *Client) Run(ctx context.Context) error {
	ever, attempt := false, 0
	for {
		connected, err := c.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		ever = ever || connected
		if connected {
			attempt = 0
		}
		if attempt++; !ever || permanent(err) || attempt > c.config.Backoff.Attempts {
			return err
		}
		wait := c.config.Backoff.Wait(attempt)
		c.config.OnDisconnect(err, wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Offset returns the pid and offset that the next connection will send.
func (c *Client) Offset() (pid, offset string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid, c.offset
}

// Cut drops the transport without a word, as a broken network does; Run then
// reconnects. It returns [ErrNotConnected] when there is nothing to cut.
func (c *Client) Cut() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return ErrNotConnected
	}
	c.link.wire.abort()
	return nil
}

// auth returns the payload of the CONNECT packet.
func (c *Client) auth() (json.RawMessage, error) {
	var payload struct {
		PID    string `json:"pid,omitempty"`
		Offset string `json:"offset,omitempty"`
		Token  string `json:"token,omitempty"`
	}
	payload.PID, payload.Offset = c.Offset()
	if payload.PID == "" {
		payload.Offset = ""
	}
	if c.config.Token != nil {
		token, err := c.config.Token()
		if err != nil {
			return nil, errors.Join(errAuth, err)
		}
		payload.Token = token
	}
	b, err := json.Marshal(payload)
	if string(b) == "{}" {
		return nil, err // a client without auth sends a bare CONNECT
	}
	return b, err
}
