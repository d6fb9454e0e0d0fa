package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Dialect is what a server and its clients say over a WebSocket.
type Dialect interface {
	// Target is the path and query of the handshake.
	Target() string
	// Hello is the first message of a client that need not wait for the
	// server's; nil when it waits.
	Hello(c *Conn) ([]byte, error)
	// Take acts on a message and returns the answer to it, or nil. The message
	// is not kept. An error ends the connection.
	Take(c *Conn, message []byte) (answer []byte, err error)
}

// Refusal is a server's answer to a token that it does not take. The client
// does not come again.
type Refusal struct{ Words string }

func (r *Refusal) Error() string { return "refused: " + r.Words }

// SocketIO is Socket.IO over Engine.IO 4: the server of this project, and the
// official one.
type SocketIO struct{}

// Target implements [Dialect].
func (SocketIO) Target() string { return "/socket.io/?EIO=4&transport=websocket" }

// Hello implements [Dialect]: the server opens.
func (SocketIO) Hello(*Conn) ([]byte, error) { return nil, nil }

// Take implements [Dialect].
func (SocketIO) Take(c *Conn, message []byte) ([]byte, error) {
	switch {
	case len(message) == 0:
		return nil, errFrame
	case message[0] == '0':
		auth := struct {
			PID    string `json:"pid,omitempty"`
			Offset string `json:"offset,omitempty"`
			Token  string `json:"token,omitempty"`
		}{PID: c.pid}
		if c.pid != "" {
			auth.Offset = string(c.offset)
		}
		var err error
		if auth.Token, err = c.token(); err != nil {
			return nil, err
		}
		b, err := json.Marshal(auth)
		return append([]byte("40"), b...), err
	case message[0] == '2':
		return append([]byte{'3'}, message[1:]...), nil
	case message[0] == '6' || message[0] == '4' && len(message) > 1 && message[1] == '3':
		return nil, nil
	case bytes.HasPrefix(message, []byte("42")):
		if cursor := lastString(message); cursor != nil {
			c.offset = append(c.offset[:0], cursor...)
		}
		c.event(message, seqOf(c.offset))
		return nil, nil
	case bytes.HasPrefix(message, []byte("40")):
		var reply struct {
			PID string `json:"pid"`
		}
		if err := json.Unmarshal(message[2:], &reply); err != nil {
			return nil, fmt.Errorf("CONNECT: %w", err)
		}
		c.connected(reply.PID != "" && reply.PID == c.pid)
		c.pid = reply.PID
		return nil, c.subscribe()
	case bytes.HasPrefix(message, []byte("44")):
		var reply struct {
			Message string `json:"message"`
			Data    struct {
				Code string `json:"code"`
			} `json:"data"`
		}
		_ = json.Unmarshal(message[2:], &reply) // without words it is a refusal all the same
		return nil, &Refusal{reply.Message + " (" + reply.Data.Code + ")"}
	}
	return nil, fmt.Errorf("the server ended the connection: %.20q", message)
}

// subscribe asks for the videos of the configuration; the answers are passed
// over.
func (c *Conn) subscribe() error {
	if c.fleet.config.Videos == nil {
		return nil
	}
	for _, id := range c.fleet.config.Videos(c.Number) {
		b, err := json.Marshal([]string{"video:subscribe", id})
		if err == nil {
			err = c.send(append([]byte("420"), b...))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lastString returns the last argument of an event when it is a string without
// escapes, as cursors are.
func lastString(message []byte) []byte {
	body, ok := bytes.CutSuffix(message, []byte(`"]`))
	if !ok {
		return nil
	}
	begin := bytes.LastIndexByte(body, '"')
	if begin < 1 || body[begin-1] != ',' {
		return nil
	}
	return body[begin+1:]
}

// seqOf reads the number of a cursor "epoch.number"; 0 when it has none.
func seqOf(cursor []byte) uint64 {
	dot := bytes.LastIndexByte(cursor, '.')
	if dot < 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(cursor[dot+1:]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Bare is a server that only writes: it greets nobody and asks for nothing.
type Bare struct{}

// Target implements [Dialect].
func (Bare) Target() string { return "/" }

// Hello implements [Dialect].
func (Bare) Hello(c *Conn) ([]byte, error) { c.connected(false); return nil, nil }

// Take implements [Dialect].
func (Bare) Take(c *Conn, message []byte) ([]byte, error) {
	c.event(message, seqOf(lastString(message)))
	return nil, nil
}
