package rooms_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

var quiet = slog.New(slog.DiscardHandler)

// ear is a listener that checks that nothing is missed, doubled or late.
type ear struct {
	t  *testing.T
	mu sync.Mutex

	at             rooms.Cursor
	events, resets int
	ended          bool
}

func listen(t *testing.T, h *rooms.Hub, org string) (*ear, func()) {
	t.Helper()
	e := &ear{t: t}
	e.mu.Lock() // the first delivery may come before start is known here
	defer e.mu.Unlock()
	start, cancel, err := h.Subscribe(context.Background(), org, e.hear)
	if err != nil {
		t.Fatal(err)
	}
	e.at = start
	return e, func() {
		cancel()
		e.mu.Lock()
		e.ended = true
		e.mu.Unlock()
	}
}

func (e *ear) hear(head rooms.Cursor, events []models.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		e.t.Error("called after cancel had returned")
	}
	if len(events) == 0 {
		e.resets++
		e.at = head
	}
	for _, v := range events {
		if v.Epoch != e.at.Epoch || v.Seq != e.at.Seq+1 {
			e.t.Errorf("event %v after %v", rooms.CursorOf(&v), e.at)
		}
		e.at = rooms.CursorOf(&v)
		e.events++
	}
	if e.at != head {
		e.t.Errorf("head %v, events up to %v", head, e.at)
	}
}

func (e *ear) is(at rooms.Cursor, events, resets int) {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at != at || e.events != events || e.resets != resets {
		e.t.Errorf("at %v with %d events and %d resets; want %v, %d, %d", e.at, e.events, e.resets, at, events, resets)
	}
}

func TestHubFollowsOnceAndOnlyWhileSomebodyListens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		h := rooms.NewHub(l, quiet)
		defer h.Close()
		l.push(3)
		var ears []*ear
		var cancels []func()
		for range 50 {
			e, cancel := listen(t, h, "acme")
			ears, cancels = append(ears, e), append(cancels, cancel)
		}
		c := l.push(5)
		synctest.Wait()
		for _, e := range ears {
			e.is(c, 5, 0)
		}
		if s := h.Stats(); s != (rooms.Stats{Organizations: 1, Listeners: 50, Delivered: 5}) {
			t.Errorf("%+v", s)
		}
		for _, cancel := range cancels {
			cancel()
			cancel()
		}
		time.Sleep(4 * time.Second) // less than the hub lingers
		again, cancel := listen(t, h, "acme")
		c = l.push(1)
		synctest.Wait()
		again.is(c, 1, 0)
		if follows, open := l.begun(); follows != 1 || open != 1 {
			t.Errorf("%d follows begun, %d open", follows, open)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, open := l.begun(); open != 1 {
			t.Error("given up although somebody listens")
		}
		cancel()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if _, open := l.begun(); open != 0 {
			t.Error("followed for nobody")
		}
		if s := h.Stats(); s.Organizations != 0 || s.Listeners != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestHubWhenFollowingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		h := rooms.NewHub(l, quiet)
		defer h.Close()
		l.refuse = models.Errorf(models.CodeUnavailable, "away")
		if _, _, err := h.Subscribe(t.Context(), "acme", nil); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("refused: %v", err)
		}
		l.hold = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := h.Subscribe(ctx, "acme", nil); models.CodeOf(err) != models.CodeUnavailable || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("never ready: %v", err)
		}
		close(l.hold)
		e, end := listen(t, h, "acme")
		defer end()

		c := l.push(2)
		synctest.Wait()
		l.breakOff()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		e.is(c, 2, 0) // nothing was missed, so nothing is said
		l.breakOff()
		synctest.Wait()
		l.skip()
		time.Sleep(2 * time.Second)
		c = l.push(1)
		synctest.Wait()
		e.is(c, 3, 1)
		if h.Stats().Resets != 1 {
			t.Errorf("%+v", h.Stats())
		}
	})
}

func TestHubCancelWaitsForDeliver(t *testing.T) {
	t.Parallel()
	l := newFakeLog()
	h := rooms.NewHub(l, quiet)
	defer h.Close()
	gate, returned := make(chan struct{}), make(chan struct{})
	entered := make(chan struct{})
	_, cancel, err := h.Subscribe(t.Context(), "acme", func(rooms.Cursor, []models.Event) {
		close(entered)
		<-gate
	})
	if err != nil {
		t.Fatal(err)
	}
	l.push(1)
	<-entered
	for range 2 { // twice at once
		go func() {
			cancel()
			returned <- struct{}{}
		}()
	}
	select {
	case <-returned:
		t.Error("returned while deliver was running")
	case <-time.After(50 * time.Millisecond):
	}
	close(gate)
	<-returned
	<-returned
}

// TestHubCancelWithinDeliver: of itself and of others, deep in the stack, and
// while somebody else waits in cancel.
func TestHubCancelWithinDeliver(t *testing.T) {
	t.Parallel()
	l := newFakeLog()
	h := rooms.NewHub(l, quiet)
	defer h.Close()
	var cancels []func()
	calls := 0
	var deep func(int, func())
	deep = func(depth int, f func()) {
		if depth > 0 {
			deep(depth-1, f)
			return
		}
		f()
	}
	waiting := make(chan struct{})
	for range 3 {
		_, cancel, err := h.Subscribe(t.Context(), "acme", func(rooms.Cursor, []models.Event) {
			calls++
			go func() {
				cancels[0]()
				cancels[1]()
				cancels[2]()
				close(waiting)
			}()
			time.Sleep(50 * time.Millisecond) // until that one waits
			deep(200, func() {
				for _, cancel := range cancels {
					cancel()
				}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		cancels = append(cancels, cancel)
	}
	l.push(1)
	<-waiting
	l.push(1)
	h.Close()
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if n := h.Stats().Listeners; n != 0 {
		t.Errorf("%d listeners left", n)
	}
}

func TestHubOutlivesPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		h := rooms.NewHub(l, quiet)
		defer h.Close()
		bad := &ear{t: t}
		first := true
		start, cancel, err := h.Subscribe(t.Context(), "acme", func(head rooms.Cursor, events []models.Event) {
			if first {
				first = false
				panic("a door's mistake")
			}
			bad.hear(head, events)
		})
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		bad.at = start
		good, end := listen(t, h, "acme")
		defer end()
		l.push(1)
		at := l.push(1)
		synctest.Wait()
		good.is(at, 2, 0)
		bad.is(at, 0, 1) // it is told to start anew
		at = l.push(1)
		synctest.Wait()
		bad.is(at, 1, 1)
	})
}

func TestHubCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		h := rooms.NewHub(l, quiet)
		e, end := listen(t, h, "acme")
		_, lingering := listen(t, h, "other")
		lingering()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.Close()
		if _, open := l.begun(); open != 0 {
			t.Error("still followed")
		}
		l.push(1)
		synctest.Wait()
		e.is(rooms.Cursor{Epoch: "e"}, 0, 0)
		end()
		if _, _, err := h.Subscribe(t.Context(), "acme", nil); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("after Close: %v", err)
		}
	})
}
