package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const epoch = "e1"

// fakeHub is a log of its own: publish gives each event its place.
type fakeHub struct {
	mu   sync.Mutex
	seq  map[string]uint64
	told map[string]uint64 // what the listeners have
	subs map[string]map[int]func(rooms.Cursor, []models.Event)
	next int
	logs map[string][]models.Event
	// lost is the last place of each organization after which events are gone.
	lost map[string]uint64
	// lag is how long after the log the listeners get an event.
	lag        time.Duration
	delivering sync.Mutex // one call of publish after the other
	// away is how long the log takes to answer, before it looks and after.
	away time.Duration
	// linger is how long the end of a subscription takes.
	linger time.Duration
	// broadcast, where set, takes the events in place of the listeners.
	broadcast func(name string, payload json.RawMessage, cursor string)
}

func newFakeHub() *fakeHub {
	return &fakeHub{
		seq: map[string]uint64{}, told: map[string]uint64{}, subs: map[string]map[int]func(rooms.Cursor, []models.Event){},
		logs: map[string][]models.Event{}, lost: map[string]uint64{},
	}
}

func (h *fakeHub) Subscribe(_ context.Context, org string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[org] == nil {
		h.subs[org] = map[int]func(rooms.Cursor, []models.Event){}
	}
	id := h.next
	h.next++
	h.subs[org][id] = deliver
	return rooms.Cursor{Epoch: epoch, Seq: h.told[org]}, func() {
		time.Sleep(h.linger)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs[org], id)
	}, nil
}

// reset tells an organization's listeners that events are gone.
func (h *fakeHub) reset(org string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, deliver := range h.subs[org] {
		deliver(rooms.Cursor{Epoch: "e2", Seq: 3}, nil)
	}
}

func (h *fakeHub) listeners(org string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs[org])
}

// publish hands over events of one organization, in one call.
func (h *fakeHub) publish(events ...models.Event) {
	h.delivering.Lock()
	defer h.delivering.Unlock()
	h.append(events)
	time.Sleep(h.lag)
	h.tell(events)
}

// tell gives the listeners what the log has.
func (h *fakeHub) tell(events []models.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := events[len(events)-1]
	for _, deliver := range h.subs[last.OrganizationID] {
		deliver(rooms.CursorOf(&last), events)
	}
	if h.broadcast != nil {
		for _, e := range events {
			h.broadcast(string(e.Name), e.Payload, rooms.CursorOf(&e).String())
		}
	}
	h.told[last.OrganizationID] = last.Seq
}

func (h *fakeHub) append(events []models.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	org := events[0].OrganizationID
	for i := range events {
		h.seq[org]++
		events[i].Epoch, events[i].Seq = epoch, h.seq[org]
		events[i].Payload = models.WithSeq(events[i].Payload, h.seq[org])
	}
	h.logs[org] = append(h.logs[org], events...)
}

// After is the log's.
func (h *fakeHub) After(_ context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error) {
	time.Sleep(h.away)
	defer time.Sleep(h.away)
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Epoch != epoch || c.Seq < h.lost[org] || c.Seq > h.seq[org] {
		return nil, models.ErrReset
	}
	rest := h.logs[org][c.Seq:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// forget loses the events up to the place.
func (h *fakeHub) forget(org string, upTo uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost[org] = upTo
}

// fakeSessions keeps sessions in memory; nodes may share them.
type fakeSessions struct {
	mu    sync.Mutex
	saved map[string]rooms.Session
	loads int
}

func newFakeSessions() *fakeSessions { return &fakeSessions{saved: map[string]rooms.Session{}} }

func (f *fakeSessions) Save(_ context.Context, org string, sessions ...rooms.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range sessions {
		f.saved[org+" "+s.PID] = s
	}
	return nil
}

func (f *fakeSessions) Keep(_ context.Context, org string, sessions ...rooms.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range sessions {
		if _, ok := f.saved[org+" "+s.PID]; !ok {
			f.saved[org+" "+s.PID] = s
		}
	}
	return nil
}

func (f *fakeSessions) Load(_ context.Context, org, pid string) (rooms.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	s, ok := f.saved[org+" "+pid]
	if !ok {
		return s, models.ErrNotFound
	}
	return s, nil
}

func (f *fakeSessions) Forget(_ context.Context, org, pid string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.saved, org+" "+pid)
	return nil
}

func (h *fakeHub) head(org string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq[org]
}

// progress makes an event of video "v1" for the organization's audience.
func progress(org string, n int) models.Event {
	return models.Event{
		Name: models.EventProgress, OrganizationID: org, Audience: models.ToOrganization, VideoID: "v1",
		Payload: json.RawMessage(fmt.Sprintf(
			`{"organizationId":%q,"videoId":"v1","status":"processing","n":%d,"message":%q}`, org, n, strings.Repeat("x", 180))),
	}
}

// crumb makes a small event of a video of its own: thousands of them fit into a
// queue, and none replaces another, however slow the reader is.
func crumb(org string, n int) models.Event {
	id := fmt.Sprintf("v%d", n)
	return models.Event{
		Name: models.EventProgress, OrganizationID: org, Audience: models.ToOrganization, VideoID: id,
		Payload: json.RawMessage(fmt.Sprintf(`{"videoId":%q,"n":%d}`, id, n)),
	}
}

// fakeAuth takes tokens such as "org:user:role", and the words "expired" and
// anything else, which is invalid. "org:user:role:3s" lives for 3 s.
func fakeAuth(_ context.Context, token string) (models.Identity, error) {
	if token == "expired" {
		return models.Identity{}, models.Errorf(models.CodeTokenExpired, "expired")
	}
	parts := strings.Split(token, ":")
	if len(parts) < 3 {
		return models.Identity{}, models.Errorf(models.CodeTokenInvalid, "no")
	}
	life := time.Hour
	if len(parts) == 4 {
		life, _ = time.ParseDuration(parts[3])
	}
	return models.Identity{
		OrganizationID: parts[0], UserID: parts[1], Role: models.Role(parts[2]), ExpiresAt: time.Now().Add(life),
	}, nil
}

// fakeSnapshot knows the videos "v1" and "x…" of the organization "a".
func fakeSnapshot(hub *fakeHub) func(context.Context, models.Identity, string) (any, string, error) {
	return func(_ context.Context, who models.Identity, id string) (any, string, error) {
		org := who.OrganizationID
		if org != "a" || id != "v1" && id[0] != 'x' {
			return nil, "", models.ErrNotFound
		}
		return map[string]any{"id": id, "organizationId": org, "status": "processing"},
			fmt.Sprintf("%s.%d", epoch, hub.head(org)), nil
	}
}

type fakeCommands struct{}

func (fakeCommands) Cancel(_ context.Context, who models.Identity, id string) (any, string, error) {
	if who.OrganizationID != "a" || id != "v1" {
		return nil, "", models.ErrNotFound
	}
	return map[string]any{"id": id, "status": "cancelled"}, epoch + ".7", nil
}

func (fakeCommands) Retry(context.Context, models.Identity, string) (any, string, error) {
	return nil, "", models.ErrConflict
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
