package redislog

import (
	"context"
	"slices"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// Who is listened to is known at every node, in whatever words its id is, and
// no other installation's.
func TestListening(t *testing.T) {
	t.Parallel()
	on := map[string]server{"miniredis": first(mini(t))}
	on["redis"] = spawn(t).server()
	for name, s := range on {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := New(newClient(t, s.addr), Options{}), New(newClient(t, s.addr), Options{})
			asked := New(newClient(t, s.addr), Options{})
			elsewhere := New(newClient(t, s.addr), Options{Prefix: "other"})
			if orgs, err := asked.Listening(t.Context()); err != nil || len(orgs) != 0 {
				t.Error(orgs, err)
			}
			listen(t, here, "acme")
			listen(t, there, "acme")
			listen(t, there, "a}:b*é")
			listen(t, elsewhere, "hidden")
			for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				orgs, err := asked.Listening(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if slices.Equal(orgs, []string{"acme", "a}:b*é"}) {
					return
				}
				if time.Now().After(until) {
					t.Fatal(orgs)
				}
			}
		})
	}
}

func first[A, B any](a A, _ B) A { return a }

// listen follows an organization until the test ends.
func listen(t *testing.T, l *Log, org string) {
	t.Helper()
	ready, done := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		_ = l.Follow(ctx, org, func(rooms.Cursor) { close(ready) }, func(rooms.Cursor, []models.Event) {})
	}()
	t.Cleanup(func() { stop(); <-done })
	<-ready
}
