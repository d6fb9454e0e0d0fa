package library

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// fakeLine is a queue that knows what it was told.
type fakeLine struct {
	mu        sync.Mutex
	places    map[string]int
	news      []models.Place
	asked     []string
	forgotten []string
	down      error
}

func (f *fakeLine) Positions(_ context.Context, _ string, videos ...models.Video) (map[string]int, error) {
	found := map[string]int{}
	for _, v := range videos {
		if n, ok := f.places[v.ID]; ok {
			found[v.ID] = n
		}
	}
	return found, f.down
}

func (f *fakeLine) News(_ context.Context, org string, _ int) ([]models.Place, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, org)
	news := f.news
	f.news = nil
	return news, f.down
}

func (f *fakeLine) Forget(_ context.Context, _ string, v *models.Video) error {
	f.forgotten = append(f.forgotten, v.ID)
	return f.down
}

var watcher = models.Identity{OrganizationID: "acme", UserID: "u", Role: models.RoleViewer}

// Waiting videos carry their place in every document, others none; a queue that
// is away takes only the place away.
func TestDocumentsCarryPlaces(t *testing.T) {
	t.Parallel()
	f := newFake()
	l, line := f.library(), &fakeLine{places: map[string]int{"a": 1, "b": 7, "c": 3}}
	l.Positions = line
	for _, id := range []string{"a", "b", "c", "d"} {
		if _, err := f.Create(t.Context(), "acme", models.Video{ID: id, OrganizationID: "acme"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Advance(t.Context(), "acme", "c", models.Claim("w", 1)); err != nil {
		t.Fatal(err)
	}
	check := func(want map[string]int) {
		t.Helper()
		found, err := l.List(t.Context(), watcher, models.Page{})
		if err != nil || len(found.Data) != 4 {
			t.Fatal(found, err)
		}
		for _, d := range found.Data {
			switch n, ok := want[d.ID]; {
			case ok && (d.QueuePosition == nil || *d.QueuePosition != n):
				t.Errorf("%s is at %v, want %d", d.ID, d.QueuePosition, n)
			case !ok && d.QueuePosition != nil:
				t.Errorf("%s is at %d", d.ID, *d.QueuePosition)
			}
		}
	}
	check(map[string]int{"a": 1, "b": 7})
	if d, _, err := l.Snapshot(t.Context(), watcher, "b"); err != nil || d.QueuePosition == nil || *d.QueuePosition != 7 {
		t.Errorf("%+v, %v", d, err)
	}
	line.down = errors.New("away")
	check(nil)
	l.Positions = nil
	check(nil)
}

func TestEndedWorkLeavesTheLine(t *testing.T) {
	t.Parallel()
	f := newFake()
	l, line := f.library(), &fakeLine{down: errors.New("away")} // the change stands all the same
	l.Positions = line
	editor := watcher
	editor.Role = models.RoleEditor
	for _, id := range []string{"a", "b"} {
		if _, err := f.Create(t.Context(), "acme", models.Video{ID: id, OrganizationID: "acme"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Cancel(t.Context(), editor, "a"); err != nil {
		t.Error(err)
	}
	if err := l.Delete(t.Context(), editor, "b"); err != nil {
		t.Error(err)
	}
	if len(line.forgotten) != 2 {
		t.Errorf("forgotten: %v", line.forgotten)
	}
}

// Changed places are told to those who watch the video, as long as it waits;
// where nobody watches nothing is asked.
func TestPlacesAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		l, line := f.library(), &fakeLine{}
		l.Positions = line
		for _, id := range []string{"waits", "works", "again"} {
			if _, err := f.Create(t.Context(), "acme", models.Video{ID: id, OrganizationID: "acme"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Advance(t.Context(), "acme", "works", models.Claim("w", 1)); err != nil {
			t.Fatal(err)
		}
		line.news = []models.Place{
			{VideoID: "waits", Attempt: 1, Position: 4}, {VideoID: "works", Attempt: 1, Position: 5},
			{VideoID: "again", Attempt: 2, Position: 6}, {VideoID: "gone", Attempt: 1, Position: 7},
		}
		var watched []string
		var mu sync.Mutex
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- l.TellPositions(ctx, func() []string { mu.Lock(); defer mu.Unlock(); return watched })
		}()
		time.Sleep(5 * tellEvery)
		synctest.Wait()
		if len(line.asked) != 0 || len(f.events) != 0 {
			t.Errorf("nobody watches, and yet %v was asked", line.asked)
		}
		mu.Lock()
		watched = []string{"acme"}
		mu.Unlock()
		time.Sleep(tellEvery)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(f.events) != 1 {
			t.Fatalf("told %+v", f.events)
		}
		e := f.events[0]
		var p models.Queued
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if e.Name != models.EventQueued || e.Transition || e.Audience != models.ToVideo || e.Rev != 1 || p.Rev != 1 ||
			p.VideoID != "waits" || p.Status != models.StatusQueued || p.QueuePosition == nil || *p.QueuePosition != 4 {
			t.Errorf("told %+v %s", e, e.Payload)
		}
	})
}
