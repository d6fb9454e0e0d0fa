package roomstest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// Note is a plain event that says n.
func Note(n int) models.Event {
	return models.Event{Name: models.EventAnnouncement, Audience: models.ToOrganization,
		Payload: json.RawMessage(fmt.Sprintf(`{"message":"%d"}`, n))}
}

// Transition is an event made from a change of a video, a second after the one
// before.
func Transition(video string, rev int64, name models.EventName) models.Event {
	return changed(video, rev, name, began.Add(time.Duration(rev)*time.Second))
}

// began is when the videos of the suite were made.
var began = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func changed(video string, rev int64, name models.EventName, at time.Time) models.Event {
	return models.Event{Name: name, Audience: models.ToOrganization, VideoID: video, Attempt: 1, Rev: rev, Transition: true,
		Payload: json.RawMessage(fmt.Sprintf(`{"videoId":%q,"rev":%d,"ts":%q}`, video, rev, at.Format(time.RFC3339Nano)))}
}

// Progress is percent inside a stage.
func Progress(video string, rev int64, percent int) models.Event {
	return models.Event{Name: models.EventProgress, Audience: models.ToVideo, VideoID: video, Attempt: 1, Rev: rev,
		Payload: json.RawMessage(fmt.Sprintf(`{"videoId":%q,"rev":%d,"progress":%d}`, video, rev, percent))}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, l rooms.Log, org string, e models.Event) rooms.Cursor {
	t.Helper()
	c, fresh, err := l.Append(t.Context(), org, e)
	must(t, err)
	if !fresh {
		t.Fatalf("event %s rev %d was dropped", e.Name, e.Rev)
	}
	return c
}

func dropped(t *testing.T, l rooms.Log, org string, e models.Event) rooms.Cursor {
	t.Helper()
	c, fresh, err := l.Append(t.Context(), org, e)
	must(t, err)
	if fresh {
		t.Fatalf("event %s rev %d was kept", e.Name, e.Rev)
	}
	return c
}

// watcher follows an organization and checks every step of it.
type watcher struct {
	t *testing.T

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
	at      rooms.Cursor
	events  []models.Event
	resets  []rooms.Cursor
	hook    func()
}

// follow begins to follow and returns when the first head is known.
func follow(t *testing.T, l rooms.Log, org string, hook func()) *watcher {
	t.Helper()
	w := &watcher{t: t, changed: make(chan struct{}), hook: hook}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- l.Follow(ctx, org, func(c rooms.Cursor) {
			w.at = c
			close(ready)
		}, w.deliver)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Follow ended with %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- err
		t.Fatalf("Follow did not begin: %v", err)
	case <-time.After(patience):
		t.Fatal("Follow is not ready")
	}
	return w
}

func (w *watcher) deliver(head rooms.Cursor, events []models.Event) {
	if w.hook != nil {
		w.hook()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(events) == 0 {
		w.resets = append(w.resets, head)
		w.at = head
	}
	for _, e := range events {
		if e.Epoch != w.at.Epoch || e.Seq != w.at.Seq+1 {
			w.t.Errorf("event %v came after %v", rooms.CursorOf(&e), w.at)
		}
		w.at = rooms.CursorOf(&e)
		w.events = append(w.events, e)
	}
	if w.at != head {
		w.t.Errorf("head %v was told with events up to %v", head, w.at)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// wait returns when done holds; done is called with the lock held.
func (w *watcher) wait(what string, within time.Duration, done func() bool) {
	w.t.Helper()
	deadline := time.After(within)
	for {
		w.mu.Lock()
		ok, changed := done(), w.changed
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("%s: not within %v; at %v, %d events, %d resets", what, within, w.at, len(w.events), len(w.resets))
		}
	}
}

func (w *watcher) reach(c rooms.Cursor) {
	w.t.Helper()
	w.wait("reaching "+c.String(), patience, func() bool { return w.at.Epoch == c.Epoch && w.at.Seq >= c.Seq })
}
