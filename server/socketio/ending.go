package socketio

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"reelroom/models"
)

// ending is why the server ends a connection, as the client can read it: the
// code and the reason of the WebSocket Close frame (RFC 6455, 7.4). The codes
// are those of /ws. Polling has no room for a reason.
type ending struct {
	code   int
	reason string
}

// closeUnauthorized is the code for a token that has ended.
const closeUnauthorized = 4003

// The endings.
var (
	endNormal      = ending{websocket.CloseNormalClosure, ""}
	endExpired     = ending{closeUnauthorized, string(models.CodeTokenExpired)}
	endRevoked     = ending{closeUnauthorized, string(models.CodeTokenRevoked)}
	endStopping    = ending{websocket.CloseServiceRestart, "stopping"}
	endUnavailable = ending{websocket.CloseTryAgainLater, string(models.CodeUnavailable)}
	endSlow        = ending{websocket.ClosePolicyViolation, "slow_reader"}
	endFlood       = ending{websocket.ClosePolicyViolation, wordsFlood}
	endSilent      = ending{websocket.ClosePolicyViolation, "ping_timeout"}
	endTooLarge    = ending{websocket.CloseMessageTooBig, string(models.CodeTooLarge)}
	endPacket      = ending{websocket.CloseProtocolError, "bad_packet"}
)

// endingOf returns how a client is told of what ended its connection.
func endingOf(reason string, err error) ending {
	var breach *frameError
	switch {
	case reason == reasonPing:
		return endSilent
	case reason == reasonParse, errors.Is(err, errHeartbeat):
		return endPacket
	case errors.Is(err, errTooBig):
		return endTooLarge
	case errors.As(err, &breach):
		return ending{breach.code, breach.words}
	}
	return endNormal
}

// missesClose reports whether the client of a WebSocket handshake goes on
// waiting after a Close frame. engine.io-client-java does: it hears of the end
// from OkHttp, which tells it only when TCP ends.
func missesClose(h http.Header) bool {
	return strings.HasPrefix(h.Get("User-Agent"), "okhttp/")
}

// missesClosePacket reports whether a polling client takes the Engine.IO close
// packet for the user's wish and never connects again: those of python-engineio
// and rust_engineio. The latter sends no User-Agent.
func missesClosePacket(h http.Header) bool {
	return isPython(h) || h.Get("User-Agent") == ""
}

// close sends what is queued and ends the WebSocket: by a Close frame, or where
// the client would not notice that, by the end of TCP.
func (t *wsTransport) close(e ending) {
	if t.missesClose {
		t.out.close(nil)
		return
	}
	t.out.close(closeFrame(e.code, e.reason))
}
