package sio

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"
)

// writeTime bounds the writing of a pong.
const writeTime = 10 * time.Second

// link is one connection, from the OPEN packet to its end.
type link struct {
	wire       wire
	open       opening
	watchdog   *time.Timer
	timedOut   atomic.Bool
	connected  bool
	connecting func() bool
}

// session makes one connection and reads it to its end.
func (c *Client) session(ctx context.Context) (connected bool, err error) {
	connectCtx, cancel := context.WithTimeout(ctx, c.config.ConnectTimeout)
	defer cancel()
	l, err := c.dial(connectCtx)
	if err != nil {
		return false, err
	}
	defer l.wire.abort()
	defer l.watchdog.Stop()
	// Until the CONNECT reply the connection lives in connectCtx, then in ctx.
	l.connecting = context.AfterFunc(connectCtx, l.wire.abort)
	defer l.connecting()
	parted := make(chan struct{})
	stay := context.AfterFunc(ctx, func() {
		defer close(parted)
		l.wire.part(packet{kind: packetDisconnect, id: noID}.encode())
	})
	defer func() {
		if !stay() {
			<-parted
		}
	}()
	defer c.detach()

	auth, err := c.auth()
	if err != nil {
		return false, err
	}
	if err := l.wire.write(connectCtx, packet{kind: packetConnect, id: noID, data: auth}.encode()); err != nil {
		return false, err
	}
	for {
		s, err := l.wire.read()
		if err == nil {
			err = c.receive(l, s)
		}
		switch {
		case err == nil:
		case l.timedOut.Load():
			return l.connected, ErrPingTimeout
		case !l.connected && connectCtx.Err() != nil:
			return false, fmt.Errorf("no CONNECT reply: %w", connectCtx.Err())
		default:
			return l.connected, err
		}
	}
}

func (c *Client) dial(ctx context.Context) (*link, error) {
	u, err := endpoint(c.config.Address(), c.config.Transport)
	if err != nil {
		return nil, err
	}
	dial := dialWebSocket
	if c.config.Transport == Polling {
		dial = dialPolling
	}
	w, err := dial(ctx, c.config.HTTP, u)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, w.abort)
	defer stop()
	l := &link{wire: w}
	first, err := w.read()
	if err == nil {
		l.open, err = parseOpening(first)
	}
	if err != nil {
		w.abort()
		return nil, err
	}
	l.watchdog = time.AfterFunc(l.open.silence(), func() {
		l.timedOut.Store(true)
		w.abort()
	})
	return l, nil
}

// receive acts on one Engine.IO packet.
func (c *Client) receive(l *link, s string) error {
	if s == "" {
		return fmt.Errorf("%w: empty packet", ErrProtocol)
	}
	switch s[0] {
	case enginePing:
		l.watchdog.Reset(l.open.silence())
		ctx, cancel := context.WithTimeout(context.Background(), writeTime)
		defer cancel()
		return l.wire.write(ctx, string(enginePong)+s[1:])
	case engineMessage:
		p, err := decode(s[1:])
		if err != nil || p.namespace != "/" {
			return err
		}
		return c.handle(l, p)
	case engineClose:
		return errClosed
	case engineNoop:
		return nil
	}
	return fmt.Errorf("%w: Engine.IO type %.1q", ErrProtocol, s)
}

var errClosed = fmt.Errorf("the server closed the transport")

// handle acts on one Socket.IO packet.
func (c *Client) handle(l *link, p packet) error {
	switch p.kind {
	case packetConnect:
		return c.attach(l, p.data)
	case packetConnectError:
		refusal := &ConnectError{}
		if err := json.Unmarshal(p.data, refusal); err != nil {
			return fmt.Errorf("%w: CONNECT_ERROR", ErrProtocol)
		}
		return refusal
	case packetDisconnect:
		return ErrServerDisconnect
	case packetAck:
		args, err := p.args()
		if err == nil {
			c.acknowledged(p.id, args)
		}
		return err
	default:
		name, args, err := p.event()
		if err != nil {
			return err
		}
		e := Event{Name: name, Args: args, WantsAck: p.id != noID, ReceivedAt: time.Now()}
		c.remember(e.Cursor())
		c.config.OnEvent(e)
		return nil
	}
}

// attach makes the link the client's connection.
func (c *Client) attach(l *link, data json.RawMessage) error {
	var reply struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if err := json.Unmarshal(data, &reply); err != nil || reply.SID == "" {
		return fmt.Errorf("%w: CONNECT without a session id", ErrProtocol)
	}
	if !l.connecting() {
		return context.DeadlineExceeded
	}
	l.connected = true
	c.mu.Lock()
	s := Session{SID: reply.SID, PID: reply.PID, Recovered: reply.PID != "" && reply.PID == c.pid}
	c.pid, c.link = reply.PID, l
	c.mu.Unlock()
	c.config.OnConnect(s)
	return nil
}

// remember keeps the offset, but only of a session that can be resumed.
func (c *Client) remember(cursor string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cursor != "" && c.pid != "" {
		c.offset = cursor
	}
}

// detach ends what depends on the connection.
func (c *Client) detach() {
	c.mu.Lock()
	lost := c.pending
	c.link, c.pending = nil, map[int64]func([]json.RawMessage, error){}
	c.mu.Unlock()
	for _, ack := range lost {
		ack(nil, ErrNotConnected)
	}
}
