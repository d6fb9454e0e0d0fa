package sio

import (
	"context"
	"encoding/json"
	"fmt"
)

// maxPending bounds the acknowledgements that are outstanding.
const maxPending = 4096

// Emit sends an event; arguments are written as JSON.
func (c *Client) Emit(ctx context.Context, name string, args ...any) error {
	return c.send(ctx, noID, name, args)
}

// EmitFunc sends an event and calls ack with the answer, or once with
// [ErrNotConnected] when the connection is lost first. It is called in order
// with events, and so may not wait. After an error of EmitFunc itself, ack is
// not called.
func (c *Client) EmitFunc(ctx context.Context, ack func([]json.RawMessage, error), name string, args ...any) error {
	_, err := c.ask(ctx, ack, name, args)
	return err
}

// EmitWithAck sends an event and waits for the answer until ctx ends. It must
// not be called from OnConnect, OnEvent or OnDisconnect.
func (c *Client) EmitWithAck(ctx context.Context, name string, args ...any) ([]json.RawMessage, error) {
	type answer struct {
		args []json.RawMessage
		err  error
	}
	answered := make(chan answer, 1)
	id, err := c.ask(ctx, func(args []json.RawMessage, err error) { answered <- answer{args, err} }, name, args)
	if err != nil {
		return nil, err
	}
	select {
	case a := <-answered:
		return a.args, a.err
	case <-ctx.Done():
		c.take(id)
		return nil, fmt.Errorf("no acknowledgement of %s: %w", name, ctx.Err())
	}
}

func (c *Client) ask(ctx context.Context, ack func([]json.RawMessage, error), name string, args []any) (int64, error) {
	c.mu.Lock()
	if c.link == nil {
		c.mu.Unlock()
		return 0, ErrNotConnected
	}
	if len(c.pending) >= maxPending {
		c.mu.Unlock()
		return 0, ErrTooManyAcks
	}
	id := c.lastID
	c.lastID++
	c.pending[id] = ack
	c.mu.Unlock()
	if err := c.send(ctx, id, name, args); err != nil {
		if c.take(id) == nil {
			return id, nil // the loss of the connection was told to ack already
		}
		return 0, err
	}
	return id, nil
}

func (c *Client) send(ctx context.Context, id int64, name string, args []any) error {
	data, err := array(name, args)
	if err != nil {
		return err
	}
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l == nil {
		return ErrNotConnected
	}
	s := packet{kind: packetEvent, id: id, data: data}.encode()
	if l.open.MaxPayload > 0 && len(s) > l.open.MaxPayload {
		return fmt.Errorf("%w: %d bytes, and the server takes %d", ErrTooLarge, len(s), l.open.MaxPayload)
	}
	return l.wire.write(ctx, s)
}

// take removes a pending acknowledgement; nil when there is none.
func (c *Client) take(id int64) func([]json.RawMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ack := c.pending[id]
	delete(c.pending, id)
	return ack
}

func (c *Client) acknowledged(id int64, args []json.RawMessage) {
	if ack := c.take(id); ack != nil {
		ack(args, nil)
	}
}
