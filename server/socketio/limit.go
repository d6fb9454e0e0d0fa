package socketio

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/server/limits"
)

// rejectExcess answers a handshake that a limit forbids, in the form of every
// [rejection]. Code 4 is the engine's for what the server does not allow.
func rejectExcess(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close")
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
	w.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(w).Encode(struct {
		Code       int         `json:"code"`
		Message    string      `json:"message"`
		Error      models.Code `json:"error"`
		RetryAfter int         `json:"retryAfter"`
	}{4, safeWords(err), models.CodeOf(err), retryAfter(err)})
}

// placed returns the place of a connection among those of its address; nil
// where that is not limited.
func placed(c engine.Socket) *limits.Arrival {
	if c, ok := c.(*conn); ok {
		return c.place
	}
	return nil
}

// retryAfter returns how many seconds a client should wait, or 0 when that is
// not known.
func retryAfter(err error) int {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return int(math.Ceil(e.RetryAfter.Seconds()))
	}
	return 0
}

// refuseFor makes the connect_error of a limit.
func refuseFor(err error) *socket.ExtendedError { return refuseAs(safeWords(err), err) }

// refuseAs is [refuseFor] in other words.
func refuseAs(words string, err error) *socket.ExtendedError {
	return socket.NewExtendedError(words, map[string]any{
		"code": string(models.CodeOf(err)), "retryAfter": retryAfter(err),
	})
}

// excess counts the messages that a socket has sent above the limit.
type excess struct {
	count int
	since time.Time
}

// permit asks the user's limit for an event. What a client does by itself when
// its page opens or its token is renewed has a limit of its own, so that many
// sockets of one user may do it at once.
func (s *session) permit(name string) error {
	who, allowed := s.identity(), s.door.config.Limits.Message
	switch name {
	case "video:subscribe", "video:unsubscribe", "auth:refresh":
		allowed = s.door.config.Limits.Subscription
	}
	err := allowed(who)
	if err != nil && s.floods() {
		s.door.log.Info("a connection was closed, as it sends on above its limit", "socket", string(s.id), "reason", wordsFlood)
		s.door.config.Limits.Flood()
		s.conn.shut(endFlood)
	}
	return err
}

// wordsFlood is the reason in the close frame of a connection that sends on
// above its limit.
const wordsFlood = "rate_limited"

// floods counts a refused message, and reports whether it is one too many. Only
// the handling of messages calls it, one at a time.
func (s *session) floods() bool {
	now := time.Now()
	if s.excess == nil || now.Sub(s.excess.since) > refusedTime {
		s.excess = &excess{since: now}
	}
	s.excess.count++
	return s.excess.count == maxRefused+1
}
