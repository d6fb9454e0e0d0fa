package socketio

import (
	"encoding/json"
	"time"

	"reelroom/models"
)

// schedule arms the timer of the token's end: auth:expiring is sent
// [expiryNotice] before it, or at half of the token's remaining life if that is
// later, and the connection is closed at it. The identity must be set before:
// a call with the end of an older token changes nothing.
func (s *session) schedule(end time.Time) {
	s.after(end, noticeAfter(time.Until(end)), s.announce)
}

// noticeAfter returns when a token with so much life left is announced to end.
func noticeAfter(left time.Duration) time.Duration {
	return max(left-expiryNotice, left/2, 0)
}

// after calls then when so much time has passed, unless the session has ended
// or has a newer token by then. It replaces what was to be called before.
func (s *session) after(end time.Time, wait time.Duration, then func(end time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || !s.who.ExpiresAt.Equal(end) {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer = time.AfterFunc(wait, func() {
		if s.identity().ExpiresAt.Equal(end) {
			then(end)
		}
	})
}

// announce tells the client that its token is about to expire.
func (s *session) announce(end time.Time) {
	payload, err := json.Marshal(models.AuthExpiring{ExpiresAt: end.UTC()})
	if err == nil {
		s.deliver(eventMessage(models.EventAuthExpiring, payload, ""))
	}
	s.after(end, time.Until(end), s.expire)
}

// expire takes the session out of its rooms and closes its transport, not its
// namespace: socket.io-client then connects again by itself, asks its auth
// function for a fresh token and resumes the session.
func (s *session) expire(time.Time) {
	s.end()
	s.conn.shut(endExpired)
}
