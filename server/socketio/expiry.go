package socketio

import (
	"encoding/json"
	"time"

	"reelroom/models"
)

// schedule arms the timer of the token's end: it is announced, and then the
// socket is dismissed. The identity must be set before: one who comes with the
// end of an older token, as an announcement may, changes nothing.
func (s *session) schedule(end time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || !s.who.ExpiresAt.Equal(end) {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	if notice := time.Until(end) - expiryNotice; notice > 0 {
		s.timer = time.AfterFunc(notice, func() { s.announce(end) })
		return
	}
	s.timer = time.AfterFunc(time.Until(end), func() { s.expire(end) })
}

// announce tells the client that its token is about to expire.
func (s *session) announce(end time.Time) {
	if !s.identity().ExpiresAt.Equal(end) {
		return // a newer token came in between
	}
	payload, err := json.Marshal(models.AuthExpiring{ExpiresAt: end.UTC()})
	if err == nil {
		s.deliver(eventMessage(models.EventAuthExpiring, payload, ""))
	}
	s.schedule(end)
}

func (s *session) expire(end time.Time) {
	if s.identity().ExpiresAt.Equal(end) {
		s.dismiss()
	}
}
