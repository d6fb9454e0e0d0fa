package sse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/connguard"
	"reelroom/server/harness/eventsource"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a log with its hub, and a library of one video, in the time of a test.
type fake struct {
	mu     sync.Mutex
	epoch  string
	events []models.Event
	gone   int // of the first ones
	hidden int // of the last ones: the log has them, the hub has not told
	subs   map[int]func(rooms.Cursor, []models.Event)
	next   int

	video  models.Document
	untold bool  // the log does not know of the video's revision
	down   error // of the library
	away   error // of the log
	asked  int   // how often the library was
	reads  int   // of the log
	rev    int64 // of events
	before func()
	bounds *limits.Limits
	who    models.Identity
	door   *Door
}

func newFake() *fake {
	f := &fake{epoch: "e", subs: map[int]func(rooms.Cursor, []models.Event){}, who: models.Identity{OrganizationID: "acme", UserID: "u", Role: models.RoleViewer}}
	f.video = models.Document{ID: "v", OrganizationID: "acme", Title: "Holiday", Status: models.StatusProcessing, Progress: 40, Attempt: 1, Rev: 3}
	f.door = &Door{Library: f, Streams: stream.New(stream.Config{Hub: f, Events: f})}
	return f
}

func (f *fake) cursor(n int) rooms.Cursor { return rooms.Cursor{Epoch: f.epoch, Seq: uint64(n)} }

func (f *fake) Subscribe(_ context.Context, _ string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.next
	f.next++
	f.subs[id] = deliver
	return f.cursor(len(f.events) - f.hidden), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, id)
	}, nil
}

func (f *fake) After(_ context.Context, _ string, c rooms.Cursor, limit int) ([]models.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reads++; f.away != nil && f.reads < 100 {
		return nil, f.away
	}
	if c != (rooms.Cursor{}) && (c.Epoch != f.epoch || int(c.Seq) < f.gone || int(c.Seq) > len(f.events)) {
		return nil, models.ErrReset
	}
	from := max(int(c.Seq), f.gone)
	return f.events[from:min(from+limit, len(f.events))], nil
}

// add appends an event of a video; fields is a part of the payload.
func (f *fake) add(name models.EventName, video string, attempt int, fields string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.events) + 1
	if fields == "" {
		fields = `"n":0`
	}
	e := models.Event{Name: name, OrganizationID: "acme", Audience: models.ToOrganization, VideoID: video, Attempt: attempt, Rev: f.rev,
		Epoch: f.epoch, Seq: uint64(n), Payload: fmt.Appendf(nil, `{"videoId":%q,"attempt":%d,%s,"seq":%d}`, video, attempt, fields, n)}
	f.events = append(f.events, e)
	if f.hidden > 0 {
		f.hidden++
		return
	}
	for _, deliver := range f.subs {
		deliver(f.cursor(n), f.events[n-1:n])
	}
}

// tell makes the hub tell what it has not told.
func (f *fake) tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.events)
	for _, deliver := range f.subs {
		deliver(f.cursor(n), f.events[n-f.hidden:])
	}
	f.hidden = 0
}

// lose begins a new epoch.
func (f *fake) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.events, f.gone = f.epoch+"x", nil, 0
	for _, deliver := range f.subs {
		deliver(f.cursor(0), nil)
	}
}

func (f *fake) Known(_ context.Context, who models.Identity, ids ...string) error {
	f.asked++
	for _, id := range ids {
		if id != "v" || who.OrganizationID != "acme" {
			return models.ErrNotFound
		}
	}
	return f.down
}

func (f *fake) Get(ctx context.Context, who models.Identity, id string) (models.Document, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.video, f.Known(ctx, who, id)
}

func (f *fake) Standing(ctx context.Context, who models.Identity, id string) (s library.Standing, err error) {
	f.mu.Lock()
	s.Cursor = f.cursor(len(f.events)).String()
	f.mu.Unlock()
	if f.before != nil {
		f.before()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.Known(ctx, who, id); err != nil {
		return s, err
	}
	if f.video.Status == models.StatusDeleted {
		return s, models.ErrNotFound
	}
	s.Document = f.video
	if f.video.Status.Terminal() && !f.untold {
		s.Told, s.Head = true, f.cursor(len(f.events))
	}
	return s, nil
}

// pipes is a listener of connections that live in the time of a test.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serve runs the door; the returned client speaks to it.
func (f *fake) serve(t *testing.T) *http.Client {
	verify := func(context.Context, string) (models.Identity, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.who, nil
	}
	s := connguard.New(connguard.Config{Problem: api.EncodeProblem}).Server(api.New(api.Config{Library: &library.Library{}, Verify: verify, Doors: []api.Door{f.door}, Limits: f.bounds}))
	l := &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case l.accept <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() { transport.CloseIdleConnections(); s.Close(); <-done })
	return &http.Client{Transport: transport}
}

// client is one stream as a browser reads it: whatever comes is taken at once.
type client struct {
	t *testing.T
	*http.Response
	read     chan read
	LastID   string
	Retry    time.Duration
	comments int
}

// read is an event, or the end, with what its reader knows then.
type read struct {
	eventsource.Event
	err      error
	lastID   string
	retry    time.Duration
	comments int
}

// dial asks for path and reads nothing; header is a list of names and values.
func dial(t *testing.T, c *http.Client, path string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", mediaType)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func open(t *testing.T, c *http.Client, path string, header ...string) *client {
	t.Helper()
	res := dial(t, c, path, header...)
	out := &client{t: t, Response: res, read: make(chan read, 4096)}
	reader, comments := eventsource.NewReader(res.Body, res.Request.Header.Get("Last-Event-ID")), 0
	reader.Comment = func(string) { comments++ }
	go func() {
		defer close(out.read)
		for {
			e, err := reader.Next()
			out.read <- read{e, err, reader.LastID, reader.Retry, comments}
			if err != nil {
				return
			}
		}
	}()
	return out
}

func (c *client) Next() (eventsource.Event, error) {
	r := <-c.read
	c.LastID, c.Retry, c.comments = r.lastID, r.retry, r.comments
	return r.Event, r.err
}

// want reads an event and compares name, id and some fields of its data.
func (c *client) want(name, id string, fields map[string]any) {
	c.t.Helper()
	e, err := c.Next()
	if err != nil || e.Name != name || e.ID != id {
		c.t.Fatalf("%s %s %s %v; want %s %s", e.Name, e.ID, e.Data, err, name, id)
	}
	var got map[string]any
	if err := json.Unmarshal(e.Data, &got); err != nil {
		c.t.Fatal(err)
	}
	for name, value := range fields {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			c.t.Fatalf("%s is %v, want %v: %s", name, got[name], value, e.Data)
		}
	}
}

// over waits for the end, before which there is no event.
func (c *client) over() {
	c.t.Helper()
	if e, err := c.Next(); err != io.EOF {
		c.t.Fatalf("%s %s %v, want the end", e.Name, e.Data, err)
	}
}

type fields = map[string]any
