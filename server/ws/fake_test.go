package ws

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a library of videos, their log, and the hub that tells of it.
type fake struct {
	mu     sync.Mutex
	epoch  string
	events []models.Event
	gone   int // of the first ones
	videos map[string]models.Document
	subs   map[int]func(rooms.Cursor, []models.Event)
	next   int
	away   bool   // the log does not answer
	before func() // called between the log's place and the record
	untold bool   // the log does not have the outcome yet
}

func newFake() *fake {
	return &fake{epoch: "e1", videos: map[string]models.Document{}, subs: map[int]func(rooms.Cursor, []models.Event){}}
}

func (f *fake) head() rooms.Cursor { return rooms.Cursor{Epoch: f.epoch, Seq: uint64(len(f.events))} }

func (f *fake) Standing(_ context.Context, who models.Identity, id string) (s library.Standing, err error) {
	f.mu.Lock()
	s.Cursor = f.head().String()
	before := f.before
	if f.away {
		s.Cursor = ""
	}
	f.mu.Unlock()
	if before != nil {
		before()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.videos[id]
	if !ok || d.OrganizationID != who.OrganizationID || d.Status == models.StatusDeleted {
		return s, models.ErrNotFound
	}
	s.Document = d
	if s.Told = d.Status.Terminal() && !f.untold; s.Told {
		s.Head = f.head()
	}
	return s, nil
}

func (f *fake) Subscribe(_ context.Context, _ string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.next
	f.next++
	f.subs[id] = deliver
	return f.head(), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, id)
	}, nil
}

func (f *fake) After(_ context.Context, _ string, c rooms.Cursor, limit int) ([]models.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c != (rooms.Cursor{}) && (c.Epoch != f.epoch || int(c.Seq) < f.gone || int(c.Seq) > len(f.events)) {
		return nil, models.ErrReset
	}
	from := max(int(c.Seq), f.gone)
	return f.events[from:min(from+limit, len(f.events))], nil
}

// set changes a video and tells the event of it; fields go into its payload.
func (f *fake) set(id string, status models.Status, name models.EventName, fields map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.videos[id]
	if d.ID == "" {
		d = models.Document{ID: id, OrganizationID: "acme", Title: "clip", Attempt: 1}
	}
	if d.Status != status {
		d.Rev++
	}
	if d.Status.Terminal() && d.Status != "" && status == models.StatusQueued {
		d.Attempt++
	}
	d.Status = status
	f.videos[id] = d
	all := map[string]any{"organizationId": "acme", "videoId": id, "title": d.Title, "status": status, "attempt": d.Attempt, "rev": d.Rev}
	for k, v := range fields {
		all[k] = v
	}
	raw, _ := json.Marshal(all)
	n := len(f.events) + 1
	f.events = append(f.events, models.Event{Name: name, OrganizationID: "acme", Audience: models.ToOrganization, VideoID: id, Attempt: d.Attempt, Rev: d.Rev,
		Epoch: f.epoch, Seq: uint64(n), Payload: models.WithSeq(raw, uint64(n))})
	for _, deliver := range f.subs {
		deliver(f.head(), f.events[n-1:])
	}
}

func (f *fake) queued(id string) { f.set(id, models.StatusQueued, models.EventQueued, nil) }

func (f *fake) progress(id string, pct int) {
	f.set(id, models.StatusProcessing, models.EventProgress, map[string]any{"stage": "metadata", "progress": pct, "message": fmt.Sprint("at ", pct)})
}

// lose begins a new epoch, without events.
func (f *fake) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.events, f.gone = f.epoch+"x", nil, 0
	for _, deliver := range f.subs {
		deliver(f.head(), nil)
	}
}

// verify reads tokens of the form organization/user, with what is wrong behind.
func verify(_ context.Context, token string) (models.Identity, error) {
	parts := strings.Split(token, "/")
	if token == "" {
		return models.Identity{}, models.Errorf(models.CodeTokenMissing, "Authentication required")
	}
	if len(parts) == 3 && parts[2] == "down" {
		return models.Identity{}, models.Errorf(models.CodeUnavailable, "The issuer's keys are not known yet.")
	}
	if len(parts) == 3 && (parts[2] == "expired" || parts[2] == "revoked") {
		return models.Identity{}, models.Errorf(models.Code("token_"+parts[2]), "Invalid token")
	}
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return models.Identity{}, models.Errorf(models.CodeTokenInvalid, "Invalid token")
	}
	who := models.Identity{OrganizationID: parts[0], UserID: parts[1], Role: models.RoleViewer, TokenID: token, ExpiresAt: time.Now().Add(time.Hour)}
	if len(parts) == 3 && parts[2] == "short" {
		who.ExpiresAt = time.Now().Add(2 * time.Second)
	}
	return who, nil
}

// bench is a door behind the API's gate.
type bench struct {
	*fake
	batches batches
	t       testing.TB
	door    *Door
	streams *stream.Streams
	log     *testenv.Buffer
	handler http.Handler
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	url     string
}

// newBench serves over real sockets, or over pipes, for tests in a bubble.
func newBench(t testing.TB, pipes bool, s limits.Settings) *bench {
	t.Helper()
	b := &bench{fake: newFake(), t: t, log: &testenv.Buffer{}}
	logger := slog.New(slog.NewJSONHandler(b.log, nil))
	bounds := limits.New(s, logger)
	b.streams = stream.New(stream.Config{Hub: b.fake, Events: b.fake, Limits: bounds})
	b.door = New(Config{Library: b.fake, Batches: &b.batches, Streams: b.streams, Limits: bounds, Logger: logger})
	b.handler = api.New(api.Config{
		Origins: auth.NewOrigins(auth.OriginConfig{Allowed: []string{"https://app.example.org"}}), Verify: verify, Doors: []api.Door{b.door}, Limits: bounds, Logger: logger,
	})
	if !pipes {
		server := httptest.NewServer(b.handler)
		t.Cleanup(server.Close)
		b.url, b.dial = server.URL, new(net.Dialer).DialContext
		return b
	}
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: b.handler}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	b.url = "http://pipe"
	b.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case l.conns <- pipeEnd{far}:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return b
}

// pipeEnd is a pipe that comes from somewhere.
type pipeEnd struct{ net.Conn }

func (pipeEnd) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 4711} }

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// client is one of the library's, whose messages are checked one by one.
type client struct {
	*websocket.Conn
	t testing.TB
}

// connect opens a connection; the query is what stands behind /ws.
func (b *bench) connect(query string, header ...string) *client {
	b.t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	transport := &http.Transport{DialContext: b.dial, DisableKeepAlives: true}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, _, err := websocket.Dial(ctx, b.url+"/ws"+query, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, HTTPHeader: h})
	if err != nil {
		b.t.Fatalf("/ws%s: %v", query, err)
	}
	c.SetReadLimit(-1)
	b.t.Cleanup(func() { _ = c.CloseNow() })
	return &client{c, b.t}
}

// message is any of the server's.
type message struct {
	Head
	Status  models.Status   `json:"status"`
	Pct     int             `json:"pct"`
	Stage   string          `json:"stage"`
	Message string          `json:"message"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Code    models.Code     `json:"code"`
	Reset   string          `json:"reset"`
	Video   json.RawMessage `json:"video"`
}

// short writes what is compared.
func (m message) short() string {
	s := fmt.Sprintf("%s %s %d", m.Type, m.Cursor, m.Pct)
	if m.Code != "" {
		s += " " + string(m.Code)
	}
	if m.Reset != "" {
		s += " reset"
	}
	return s
}

func (c *client) take() message {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_, raw, err := c.Read(ctx)
	if err != nil {
		c.t.Fatalf("no message: %v", err)
	}
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		c.t.Fatalf("%s: %v", raw, err)
	}
	return m
}

// expect reads messages and compares them.
func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.take().short(); got != w {
			c.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// closed reads until the server closes, which must be now.
func (c *client) closed(code websocket.StatusCode, reason string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_, raw, err := c.Read(ctx)
	var e websocket.CloseError
	if !asClose(err, &e) || e.Code != code || reason != "" && e.Reason != reason {
		c.t.Fatalf("got %s %v, want close %d %q", raw, err, code, reason)
	}
}

// raw is a connection on which frames are written by hand.
func (b *bench) raw(query string) (net.Conn, *bufio.Reader) {
	b.t.Helper()
	conn, err := b.dial(context.Background(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /ws%s HTTP/1.1\r\nHost: pipe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", query)
	if err != nil {
		b.t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		b.t.Fatal(answer, err)
	}
	return conn, r
}
