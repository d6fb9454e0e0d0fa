package sse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/sqlitestore"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/harness/eventsource"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/stream"
)

var testSecret = []byte("the secret of these tests, long enough")

// world is the door over a real store and a real log.
type world struct {
	*httptest.Server
	t       *testing.T
	log     *redislog.Log
	store   *sqlitestore.Store
	streams *stream.Streams
	deny    *auth.Denylist
	logged  *testenv.Buffer
}

func newWorld(t *testing.T, bounds *limits.Limits) *world {
	t.Helper()
	w := &world{t: t, logged: &testenv.Buffer{}}
	logger := slog.New(slog.NewTextHandler(w.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	w.log = redislog.New(client, redislog.Options{Logger: logger})
	var err error
	if w.store, err = sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db")); err != nil {
		t.Fatal(err)
	}
	hub := rooms.NewHub(w.log, logger)
	if w.deny, err = auth.OpenDenylist(t.Context(), w.store, 0, logger); err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{testSecret}, Revoked: w.deny.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	links := &models.SignedLinks{Base: "http://x", Key: bytes.Repeat([]byte("k"), 32)}
	videos := &library.Library{
		Store: w.store, Policies: w.store, Audit: w.store, Log: w.log, Links: links, Logger: logger,
		Publisher: &rooms.Publisher{Videos: w.store, Audit: w.store, Log: w.log, Links: links, Logger: logger},
	}
	w.streams = stream.New(stream.Config{Hub: hub, Events: w.log, Revoked: w.deny.Revoked, Limits: bounds})
	w.deny.Watch(func(r models.Revocation) { w.streams.Revoke(r) })
	guard := connguard.New(connguard.Config{Limits: bounds, Problem: api.EncodeProblem})
	w.Server = httptest.NewServer(guard.Handler(api.New(api.Config{
		Library: videos, Verify: verifier.Verify, Inspect: verifier.Inspect, Revoker: w.deny, Links: links, Logger: logger, Limits: bounds,
		Tickets: &auth.Tickets{Store: w.log, Key: links.Key, Revoked: w.deny.Revoked}, PublicURL: "https://x",
		Doors: []api.Door{&Door{Library: videos, Streams: w.streams}},
	})))
	t.Cleanup(func() {
		w.streams.Drain(context.Background())
		w.Client().CloseIdleConnections()
		w.Close()
		hub.Close()
		_ = client.Close()
		_ = w.store.Close(context.Background())
	})
	return w
}

// video puts a record into the store.
func (w *world) video(org, id string) {
	w.t.Helper()
	if _, err := w.store.Create(w.t.Context(), org, models.Video{ID: id, OrganizationID: org, Title: id, Status: models.StatusQueued, Attempt: 1}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) append(org, video string, name models.EventName, to models.Audience) rooms.Cursor {
	w.t.Helper()
	c, _, err := w.log.Append(w.t.Context(), org, models.Event{Name: name, OrganizationID: org, Audience: to, VideoID: video, Attempt: 1, Rev: 1,
		Payload: fmt.Appendf(nil, `{"organizationId":%q,"videoId":%q,"attempt":1,"rev":1,"message":%q}`, org, video, strings.Repeat("m", rand.IntN(200)))})
	if err != nil {
		w.t.Error(err)
	}
	return c
}

func bearer(t testing.TB, org string, role models.Role) string {
	t.Helper()
	s, err := auth.Mint(testSecret, models.Identity{UserID: string(role), OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks with a token; header is a list of names and values.
func (w *world) get(ctx context.Context, web *http.Client, path, token string, header ...string) *http.Response {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := web.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// frail is a connection that breaks after so many bytes, in the middle of
// whatever they are.
type frail struct {
	net.Conn
	left int
}

func (f *frail) Read(p []byte) (int, error) {
	if f.left <= 0 {
		_ = f.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := f.Conn.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// However often and wherever a connection breaks, every event comes, in order,
// and none twice.
func TestCutsAtRandomPoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.video("acme", "v1")
	w.video("acme", "v2")
	const events = 900
	token := bearer(t, "acme", models.RoleViewer)
	start, err := w.log.Head(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	last := make(chan rooms.Cursor, 1)
	go func() {
		for n := range events {
			w.append("acme", []string{"v1", "v2"}[n%2], models.EventProgress, []models.Audience{models.ToOrganization, models.ToVideo}[n/2%2])
			if n%30 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		last <- w.append("acme", "v1", models.EventCancelled, models.ToOrganization)
	}()
	heard := map[string]chan []string{"/api/events": nil, "/api/events?video=v1": nil, "/api/jobs/v1/stream": nil, "poll": nil}
	for path := range heard {
		got := make(chan []string, 1)
		heard[path] = got
		go func() {
			if path == "poll" {
				got <- w.polled(token, start)
			} else {
				got <- w.streamed(path, token, start)
			}
		}()
	}
	end := <-last
	all, err := w.log.After(t.Context(), "acme", start, events+1)
	if err != nil || len(all) != events+1 || rooms.CursorOf(&all[events]) != end {
		t.Fatal(len(all), err)
	}
	for path, got := range heard {
		var want []string
		for _, e := range all {
			mine := strings.Contains(path, "v1") && e.VideoID == "v1"
			if !strings.Contains(path, "jobs") && e.Audience == models.ToOrganization || mine {
				want = append(want, rooms.CursorOf(&e).String())
			}
		}
		if heard := <-got; strings.Join(heard, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %d events, want %d", path, len(heard), len(want))
		}
	}
}

// streamed reads a stream over connections that break until the outcome, and
// returns the cursors of all events, as a client keeps them.
func (w *world) streamed(path, token string, start rooms.Cursor) (cursors []string) {
	web := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return &frail{c, 200 + rand.IntN(20_000)}, err
	}}}
	defer web.CloseIdleConnections()
	cuts, id := 0, start.String()
	for w.t.Context().Err() == nil {
		r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.URL+path, nil)
		if err != nil {
			w.t.Error(err)
			return nil
		}
		r.Header.Set("Accept", mediaType)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Last-Event-ID", id)
		res, err := web.Do(r)
		if err != nil {
			cuts++
			continue
		}
		reader := eventsource.NewReader(res.Body, id)
		for {
			e, err := reader.Next()
			if err != nil {
				cuts++
				break
			}
			var m struct{ Event string }
			_ = json.Unmarshal(e.Data, &m)
			if strings.HasPrefix(e.Name, "stream:") || m.Event == "state" {
				if e.Name == "stream:reset" {
					w.t.Error("reset")
				}
				continue
			}
			cursors = append(cursors, e.ID)
			if e.Name == "video:cancelled" || m.Event == "video:cancelled" {
				_ = res.Body.Close()
				w.t.Logf("%s: %d events, %d cuts", path, len(cursors), cuts)
				return cursors
			}
		}
		id = reader.LastID
		_ = res.Body.Close()
	}
	return cursors
}

// polled asks until the outcome; some answers are lost on the way.
func (w *world) polled(token string, start rooms.Cursor) (cursors []string) {
	web := &http.Client{Transport: &http.Transport{}}
	defer web.CloseIdleConnections()
	polls, lost := 0, 0
	for after := start.String(); w.t.Context().Err() == nil; {
		res := w.get(w.t.Context(), web, fmt.Sprintf("/api/events?after=%s&limit=%d", after, 1+rand.IntN(maxLimit)), token)
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if polls++; err != nil || rand.IntN(4) == 0 {
			lost++
			continue
		}
		var p Polled
		if err := json.Unmarshal(body, &p); err != nil || p.Reset {
			w.t.Error(err, string(body))
			return cursors
		}
		after = p.Cursor
		for _, e := range p.Data {
			if cursors = append(cursors, e.Cursor); e.Event == models.EventCancelled {
				w.t.Logf("poll: %d events, %d polls, %d lost", len(cursors), polls, lost)
				return cursors
			}
		}
	}
	return cursors
}

// A client that reads nothing costs a bounded queue and is let go, while
// another hears everything in time.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token := bearer(t, "acme", models.RoleViewer)
	web := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		return c, err
	}}}
	defer web.CloseIdleConnections()
	slow := w.get(t.Context(), web, "/api/events", token, "Accept", mediaType)
	defer slow.Body.Close()
	quick := w.get(t.Context(), w.Client(), "/api/events", token, "Accept", mediaType)
	defer quick.Body.Close()
	open := func() int { return w.streams.Stats().Open["sse"] }
	if open() != 2 {
		t.Fatal(open())
	}
	heard := make(chan int, 1)
	go func() {
		reader, n := eventsource.NewReader(quick.Body, ""), 0
		for {
			e, err := reader.Next()
			if err != nil || e.Name == string(models.EventCancelled) {
				heard <- n
				return
			}
			n++
		}
	}()
	payload := fmt.Appendf(nil, `{"message":%q}`, strings.Repeat("m", 48<<10))
	sent := 0
	for deadline := time.Now().Add(2 * time.Minute); open() == 2; sent++ {
		if time.Now().After(deadline) {
			t.Fatalf("still there after %d events", sent)
		}
		if _, _, err := w.log.Append(t.Context(), "acme", models.Event{Name: models.EventProgress, OrganizationID: "acme",
			Audience: models.ToOrganization, VideoID: "v1", Attempt: 1, Rev: 1, Payload: payload}); err != nil {
			t.Fatal(err)
		}
		if sent > 300 { // what the kernel holds is full
			time.Sleep(20 * time.Millisecond)
		}
	}
	w.append("acme", "v1", models.EventCancelled, models.ToOrganization)
	if n := <-heard; n != sent+1 {
		t.Errorf("the other heard %d of %d", n, sent+1)
	}
	t.Logf("let go after %d events of 48 KiB", sent)
}
