package ws

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/coder/websocket"

	"reelroom/models"
)

// The close codes that are this door's own.
const (
	codeMissing      websocket.StatusCode = 4001
	codeUnauthorized websocket.StatusCode = 4003
	codeBadQuestion  websocket.StatusCode = 4400
	codeNotFound     websocket.StatusCode = 4404
)

// closing is why a connection is closed by the server: what the client reads,
// and the cause for the log.
type closing struct {
	code   websocket.StatusCode
	reason string
	cause  error
}

func (c *closing) Error() string {
	if c.cause != nil {
		return c.reason + ": " + c.cause.Error()
	}
	return c.reason
}

func (c *closing) Unwrap() error { return c.cause }

// The ends that have nothing to do with what a client may see.
var (
	errLeft  = errors.New("ws: the client has left")
	errDead  = errors.New("ws: the client does not answer pings")
	errStuck = errors.New("ws: the client takes nothing") // a frame is half written: nothing more can be said
	errSlow  = &closing{websocket.StatusPolicyViolation, "Reader too slow", nil}
	errFlood = &closing{websocket.StatusPolicyViolation, "Too many messages", nil}
	errLarge = &closing{websocket.StatusMessageTooBig, "Message too large", nil}
)

// refusal says an error of before the stream began in close codes. missing is
// the reason where the token is.
func refusal(err error, missing string) *closing {
	if c, ok := errors.AsType[*closing](err); ok {
		return c
	}
	switch models.CodeOf(err) {
	case models.CodeTokenMissing:
		return &closing{codeMissing, missing, nil}
	case models.CodeTokenInvalid, models.CodeTokenExpired, models.CodeTokenRevoked, models.CodeTicketInvalid, models.CodeForbidden:
		return &closing{codeUnauthorized, "Unauthorized", err}
	}
	return ending(err)
}

// ending says an error in close codes.
func ending(err error) *closing {
	if c, ok := errors.AsType[*closing](err); ok {
		return c
	}
	code, reason := websocket.StatusInternalError, "Something went wrong on the server"
	switch models.CodeOf(err) {
	case models.CodeTokenExpired:
		code, reason = codeUnauthorized, "Token expired"
	case models.CodeTokenRevoked:
		code, reason = codeUnauthorized, "Token revoked"
	case models.CodeTokenMissing, models.CodeTokenInvalid, models.CodeForbidden:
		code, reason = codeUnauthorized, "Unauthorized"
	case models.CodeNotFound:
		code, reason = codeNotFound, "Unknown job"
	case models.CodeInvalid:
		code, reason = codeBadQuestion, safeWords(err)
	case models.CodeRateLimited, models.CodeUnavailable:
		code, reason = websocket.StatusTryAgainLater, safeWords(err)
	case models.CodeInternal:
		if errors.Is(err, context.DeadlineExceeded) { // a service was too slow
			code, reason = websocket.StatusTryAgainLater, "The server is busy"
		}
	}
	return &closing{code, reason, err}
}

// leaving is [ending] for the error of a stream that has ended by itself: where
// it says that something is not available, that is this server.
func leaving(err error) *closing {
	if models.CodeOf(err) == models.CodeUnavailable {
		return &closing{websocket.StatusServiceRestart, safeWords(err), err}
	}
	return ending(err)
}

// maxReason bounds a close frame's reason, in bytes (RFC 6455, section 5.5).
const maxReason = 123

// safeWords returns what people may read of an error.
func safeWords(err error) string {
	e, ok := errors.AsType[*models.Error](err)
	if !ok {
		return ""
	}
	words := e.Message
	for len(words) > maxReason || !utf8.ValidString(words) {
		words = words[:min(len(words)-1, maxReason)]
	}
	return words
}

// readEnd says why no more is read from a client. What breaks the protocol is
// answered by the library, and has left all the same.
func readEnd(err error) error {
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return errLarge
	case errors.Is(err, errFlood):
		return errFlood
	}
	return errLeft
}
