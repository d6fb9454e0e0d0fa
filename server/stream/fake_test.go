package stream

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/rooms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a log, and a hub that tells of it when it is asked to: later.
type fake struct {
	mu     sync.Mutex
	epoch  string
	events []models.Event
	gone   int // of the first ones
	told   int
	subs   map[int]func(rooms.Cursor, []models.Event)
	next   int
	reads  int
	bytes  int // of payloads that were read
}

func newFake() *fake {
	return &fake{epoch: "e1", subs: map[int]func(rooms.Cursor, []models.Event){}}
}

func (f *fake) cursor(n int) rooms.Cursor { return rooms.Cursor{Epoch: f.epoch, Seq: uint64(n)} }

func (f *fake) Subscribe(_ context.Context, _ string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.next
	f.next++
	f.subs[id] = deliver
	return f.cursor(f.told), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, id)
	}, nil
}

func (f *fake) After(_ context.Context, _ string, c rooms.Cursor, limit int) ([]models.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if c != (rooms.Cursor{}) && (c.Epoch != f.epoch || int(c.Seq) < f.gone || int(c.Seq) > len(f.events)) {
		return nil, models.ErrReset
	}
	from := max(int(c.Seq), f.gone)
	page := f.events[from:min(from+limit, len(f.events))]
	for i := range page {
		f.bytes += len(page[i].Payload)
	}
	return page, nil
}

// add gives an event its place; nobody is told.
func (f *fake) add(name models.EventName, video string, to models.Audience) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.events) + 1
	f.events = append(f.events, models.Event{Name: name, OrganizationID: "acme", Audience: to, VideoID: video, UserID: video,
		Epoch: f.epoch, Seq: uint64(n), Payload: fmt.Appendf(nil, `{"seq":%d}`, n)})
}

// tell tells up to so many of the events that were not told.
func (f *fake) tell(most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	to := min(f.told+most, len(f.events))
	if to == f.told {
		return
	}
	for _, deliver := range f.subs {
		deliver(f.cursor(to), f.events[f.told:to])
	}
	f.told = to
}

// lose begins a new epoch, without events.
func (f *fake) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.events, f.told, f.gone = f.epoch+"x", nil, 0, 0
	for _, deliver := range f.subs {
		deliver(f.cursor(0), nil)
	}
}

func member() models.Identity {
	return models.Identity{OrganizationID: "acme", UserID: "u1", Role: models.RoleViewer, ExpiresAt: time.Now().Add(time.Hour)}
}

func open(t *testing.T, s *Streams, q Query) *Stream {
	t.Helper()
	st, err := s.Open(httptest.NewRequest(http.MethodGet, "/", nil), member(), q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}
