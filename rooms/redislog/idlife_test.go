package redislog

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms/roomstest"
)

// Ids of progress, which come by the thousand a second, are forgotten with the
// events; those of what is said once are not.
func TestIDsOfProgressAreForgottenWithTheEvents(t *testing.T) {
	t.Parallel()
	s := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	l := New(client, Options{})
	progress, note := roomstest.Progress("v", 1, 5), roomstest.Note(1)
	progress.ID, note.ID = "p", "n"
	for e, life := range map[*models.Event]time.Duration{&progress: 15 * time.Minute, &note: 24 * time.Hour} {
		if _, fresh, err := l.Append(t.Context(), "acme", *e); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		if left := s.TTL(l.keys("acme").id(e.ID)); left <= 0 || left > life || left < life-time.Minute {
			t.Errorf("the id of %s is remembered for %v, want %v", e.Name, left, life)
		}
	}
}
