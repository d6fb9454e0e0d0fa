package redislog

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/roomstest"
)

// tail follows an organization for a test and keeps what it is told.
type tail struct {
	mu     sync.Mutex
	at     rooms.Cursor
	seqs   []uint64
	resets int
}

func follow(t testing.TB, l *Log, org string) *tail {
	t.Helper()
	w := &tail{}
	ready, done := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		done <- l.Follow(ctx, org, func(c rooms.Cursor) { w.at = c; close(ready) }, func(head rooms.Cursor, events []models.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.at = head
			if len(events) == 0 {
				w.resets++
			}
			for _, e := range events {
				w.seqs = append(w.seqs, e.Seq)
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Follow: %v", err)
		}
	})
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("not ready")
	}
	return w
}

// await polls: these tests watch a second process.
func (w *tail) await(t testing.TB, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		done := ok()
		at, resets := w.at, w.resets
		w.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v; at %v, %d resets", what, within, at, resets)
		}
	}
}

func appendOne(t testing.TB, l *Log, org string, e models.Event) rooms.Cursor {
	t.Helper()
	c, fresh, err := l.Append(t.Context(), org, e)
	if err != nil || !fresh {
		t.Fatalf("append: %v, fresh %v", err, fresh)
	}
	return c
}

// subscribedTo waits until the channel brings events by itself.
func subscribedTo(t testing.TB, l *Log, w *tail, org string) {
	t.Helper()
	c := appendOne(t, l, org, roomstest.Note(0))
	w.await(t, "the first event", 5*time.Second, func() bool { return w.at == c })
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		n, err := l.client.PubSubNumSub(t.Context(), l.keys(org).channel()).Result()
		if err == nil && n[l.keys(org).channel()] > 0 {
			return
		}
	}
	t.Fatal("nobody subscribed")
}

// TestLostMessageIsHealed: the channel loses an event and nothing follows it.
func TestLostMessageIsHealed(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) server{
		"miniredis": func(t *testing.T) server { s, _ := mini(t); return s },
		"redis":     func(t *testing.T) server { return spawn(t).server() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			p := newProxy(t, s.addr)
			sender, node := New(newClient(t, s.addr), Options{}), New(newClient(t, p.addr()), Options{})
			w := follow(t, node, "acme")
			subscribedTo(t, sender, w, "acme")
			healed := node.Healed()
			p.lose.Store(true)
			c := appendOne(t, sender, "acme", roomstest.Note(1))
			w.await(t, "the lost event", 4*time.Second, func() bool { return w.at == c })
			if p.lost.Load() != 1 || node.Healed() != healed+1 {
				t.Fatalf("%d messages lost, %d healed", p.lost.Load(), node.Healed()-healed)
			}
			// A gap in the middle is seen by the next message at once.
			appendOne(t, sender, "acme", roomstest.Note(2))
			for p.lost.Load() < 2 {
				time.Sleep(time.Millisecond)
			}
			p.lose.Store(false)
			c = appendOne(t, sender, "acme", roomstest.Note(3))
			w.await(t, "both", 4*time.Second, func() bool { return w.at == c })
			if w.resets != 0 || len(w.seqs) != 4 {
				t.Fatalf("%d resets, events %v", w.resets, w.seqs)
			}
		})
	}
}

// TestUnansweredAppendIsOne: the connection breaks after Redis has done its
// work, so the driver sends the call again.
func TestUnansweredAppendIsOne(t *testing.T) {
	t.Parallel()
	s, _ := mini(t)
	p := newProxy(t, s.addr)
	l := New(newClient(t, p.addr()), Options{})
	appendOne(t, l, "acme", roomstest.Note(0)) // the script is loaded
	transition, named := roomstest.Transition("v", 1, models.EventQueued), roomstest.Note(1)
	named.ID = "id"
	for i, e := range []models.Event{roomstest.Note(1), transition, named} {
		e.Payload = json.RawMessage(`{"message":"answer me not"}`)
		p.deaf.Store(1)
		c := appendOne(t, l, "acme", e)
		if p.deaf.Load() != -1 {
			t.Fatalf("event %d: nothing was cut", i)
		}
		if c.Seq != uint64(i+2) {
			t.Fatalf("event %d has place %v", i, c)
		}
	}
}

// TestKilledRedis: kill -9, calls fail soon and say so, a restart is a new
// epoch for those who follow, whether the data outlived it or not.
func TestKilledRedis(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"forgetting": nil,
		"with AOF":   {"--appendonly", "yes", "--appendfsync", "always"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, args...)
			l := New(newClient(t, p.addr), Options{})
			w := follow(t, l, "acme")
			subscribedTo(t, l, w, "acme")
			appendOne(t, l, "acme", roomstest.Transition("v", 1, models.EventQueued))
			old := appendOne(t, l, "acme", roomstest.Note(1))
			w.await(t, "the last event", 5*time.Second, func() bool { return w.at == old })
			p.kill()
			began := time.Now()
			_, _, err := l.Append(t.Context(), "acme", roomstest.Note(2))
			var e *models.Error
			if !errors.As(err, &e) || e.Code != models.CodeUnavailable || !e.Retry {
				t.Fatalf("append without Redis: %v", err)
			}
			if _, err := l.After(t.Context(), "acme", old, 1); models.CodeOf(err) != models.CodeUnavailable {
				t.Fatalf("after without Redis: %v", err)
			}
			if _, err := l.Progress(t.Context(), "acme", "v"); models.CodeOf(err) != models.CodeUnavailable {
				t.Fatalf("progress without Redis: %v", err)
			}
			if err := l.Ping(t.Context()); models.CodeOf(err) != models.CodeUnavailable {
				t.Fatalf("ping without Redis: %v", err)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Fatalf("four failures took %v", took)
			}
			if !p.start() {
				t.Fatal("redis-server does not start again")
			}
			w.await(t, "a reset", 5*time.Second, func() bool { return w.resets == 1 && w.at.Epoch != old.Epoch })
			_, fresh, err := l.Append(t.Context(), "acme", roomstest.Transition("v", 1, models.EventQueued))
			if err != nil || fresh != (args == nil) {
				t.Fatalf("the transition again: fresh %v, %v", fresh, err)
			}
			c := appendOne(t, l, "acme", roomstest.Note(3))
			w.await(t, "what follows", 5*time.Second, func() bool { return w.at == c })
			if _, err := l.After(t.Context(), "acme", old, 10); !errors.Is(err, models.ErrReset) {
				t.Fatalf("after a place of the old run: %v", err)
			}
		})
	}
}
