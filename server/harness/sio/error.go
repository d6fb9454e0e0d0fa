package sio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Errors that callers compare with errors.Is.
var (
	// ErrNotConnected answers an emit while there is no connection, and a
	// pending acknowledgement whose connection was lost.
	ErrNotConnected = errors.New("not connected")
	// ErrServerDisconnect ends Run when the server sent DISCONNECT: a client
	// does not reconnect on its own then.
	ErrServerDisconnect = errors.New("the server ended the session")
	// ErrPingTimeout is the loss of a server that stopped sending pings.
	ErrPingTimeout = errors.New("the server's ping did not come in time")
	// ErrTooLarge refuses a message above the server's maxPayload, and one
	// from the server above [MaxMessageBytes].
	ErrTooLarge = errors.New("the message is too large")
	// ErrProtocol is for bytes that are not Socket.IO, or a part of it that
	// this client does not speak (binary attachments).
	ErrProtocol = errors.New("not a Socket.IO packet that this client can read")
	// ErrTooManyAcks refuses an emit while [maxPending] acknowledgements are
	// outstanding.
	ErrTooManyAcks = errors.New("too many acknowledgements are outstanding")
)

// ConnectError is the server's refusal of the namespace: a CONNECT_ERROR packet.
type ConnectError struct {
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

func (e *ConnectError) Error() string {
	if code := e.Code(); code != "" {
		return code + ": " + e.Message
	}
	return e.Message
}

// Code returns data.code, or "" when the server gave none.
func (e *ConnectError) Code() string {
	var data struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(e.Data, &data)
	return data.Code
}

// HandshakeError is an HTTP answer that is not the beginning of a session.
type HandshakeError struct {
	Status int
	// Body is the start of the answer, at most 1 KiB.
	Body []byte
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("the Socket.IO handshake was answered with %d %s", e.Status, http.StatusText(e.Status))
}

// permanent reports whether another attempt would be answered alike.
func permanent(err error) bool {
	if _, refused := errors.AsType[*ConnectError](err); refused {
		return true
	}
	if h, ok := errors.AsType[*HandshakeError](err); ok {
		return h.Status < 500 && h.Status != http.StatusTooManyRequests
	}
	return errors.Is(err, ErrServerDisconnect) || errors.Is(err, ErrProtocol) || errors.Is(err, errAuth)
}

var errAuth = errors.New("no token for the connection")
