package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

// codeUnreachable is the harness's own: nothing answered at the address.
const codeUnreachable models.Code = "unreachable"

// usageError is a wrong command line.
type usageError struct{ words string }

func (e *usageError) Error() string { return e.words }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// errReported ends a command as failed when what failed was printed already.
var errReported = errors.New("reported")

// problem is the server's refusal over HTTP (RFC 9457).
type problem struct {
	Status    int         `json:"status"`
	Code      models.Code `json:"code"`
	Title     string      `json:"title"`
	Detail    string      `json:"detail"`
	RequestID string      `json:"requestId"`
}

func (p *problem) Error() string { return string(p.Code) + ": " + p.Detail }

// problemOf reads a refusal; body is its beginning. What is no problem+json
// (a proxy's answer, say) becomes one.
func problemOf(status int, body []byte) *problem {
	p := &problem{}
	if json.Unmarshal(body, p) != nil {
		p = &problem{}
	}
	p.Status = status
	if p.Code == "" {
		p.Code = models.Code(fmt.Sprintf("http_%d", status))
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	if p.Detail == "" {
		p.Detail = http.StatusText(status)
	}
	return p
}

// told is an error as people and programs read it.
type told struct {
	Code      models.Code `json:"code"`
	Message   string      `json:"message"`
	Hint      string      `json:"hint,omitempty"`
	RequestID string      `json:"requestId,omitempty"`
}

func (t told) String() string {
	s := fmt.Sprintf("%s: %s", t.Code, t.Message)
	if t.Hint != "" {
		s += "\n  " + t.Hint
	}
	return clean(s, true)
}

const (
	hintStart = "start it with `go run ./server`, or name another one with --url"
	hintToken = "make a token with `go run ./server/harness token` (it needs the server's JWT_SECRET or DATA_DIR) and pass it with --token or REELROOM_TOKEN"
)

// explain puts an error into words.
func explain(err error, address string) told {
	if p, ok := errors.AsType[*problem](err); ok {
		t := told{Code: p.Code, Message: p.Detail, RequestID: p.RequestID}
		if p.Status == http.StatusUnauthorized {
			t.Hint = hintToken
		}
		return t
	}
	if e, ok := errors.AsType[*sio.ConnectError](err); ok {
		t := told{Code: models.Code(e.Code()), Message: e.Message, Hint: hintToken}
		if t.Code == "" {
			t.Code = models.CodeTokenInvalid
		}
		return t
	}
	if e, ok := errors.AsType[*sio.HandshakeError](err); ok {
		t := explain(problemOf(e.Status, e.Body), address)
		t.Message = "the Socket.IO handshake was refused: " + t.Message
		return t
	}
	if e, ok := errors.AsType[*models.Error](err); ok {
		t := told{Code: e.Code, Message: e.Message}
		if e.Code == models.CodeTokenMissing {
			t.Hint = hintToken
		}
		return t
	}
	if e, ok := errors.AsType[*usageError](err); ok {
		return told{Code: "usage", Message: e.words}
	}
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return told{Code: "interrupted", Message: "stopped before it was done"}
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return told{Code: codeUnreachable, Message: "no server answers at " + address, Hint: hintStart}
	case errors.Is(err, context.DeadlineExceeded):
		return told{Code: models.CodeTimeout, Message: err.Error()}
	case errors.Is(err, sio.ErrServerDisconnect), errors.Is(err, sio.ErrNotConnected), errors.Is(err, sio.ErrPingTimeout):
		return told{Code: "disconnected", Message: err.Error()}
	}
	return told{Code: "failed", Message: err.Error()}
}

// report prints why a command did not do what was asked, and returns the exit
// code.
func (a *app) report(err error) int {
	if errors.Is(err, errReported) {
		return exitFailed
	}
	t := explain(err, a.address())
	if a.JSON {
		_ = json.NewEncoder(a.screen).Encode(struct {
			Error told `json:"error"`
		}{t})
	} else {
		_, _ = fmt.Fprintln(a.screen, t)
	}
	if _, wrong := errors.AsType[*usageError](err); wrong {
		return exitUsage
	}
	return exitFailed
}
