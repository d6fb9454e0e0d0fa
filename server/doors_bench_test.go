package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/rooms/redislog"
	"reelroom/server/harness/eventsource"
	"reelroom/server/harness/sio"
)

// heard is when each event reached the client of one door, by its cursor.
type heard struct {
	mu    sync.Mutex
	first chan struct{} // closed with the first one
	at    map[string]time.Time
}

func (h *heard) note(cursor string) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at[cursor].IsZero() && cursor != "" {
		if len(h.at) == 0 {
			close(h.first)
		}
		h.at[cursor] = now
	}
}

func (h *heard) count(cursors map[string]time.Time) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range cursors {
		if !h.at[c].IsZero() {
			n++
		}
	}
	return n
}

// doorWatcher is a client of each door: it notes the cursors that it hears until ctx
// ends, or the outcome.
type doorWatcher struct {
	door  string
	watch func(ctx context.Context, in *installation, web *http.Client, token, id string, h *heard)
}

var doorWatchers = []doorWatcher{
	{"Socket.IO, websocket", watchSocket(sio.WebSocket)},
	{"Socket.IO, polling", watchSocket(sio.Polling)},
	{"raw WebSocket", watchRaw},
	{"SSE of the organization", watchStream("/api/events?video=")},
	{"SSE of the job", watchStream("/api/jobs/")},
	{"long poll", watchPoll},
}

func watchSocket(transport sio.Transport) func(context.Context, *installation, *http.Client, string, string, *heard) {
	return func(ctx context.Context, in *installation, web *http.Client, token, id string, h *heard) {
		ctx, end := context.WithCancel(ctx)
		defer end()
		var client *sio.Client
		client = sio.New(sio.Config{
			URL: in.url, Transport: transport, HTTP: web, Token: func() (string, error) { return token, nil },
			OnConnect: func(sio.Session) {
				_ = client.EmitFunc(ctx, func([]json.RawMessage, error) {}, "video:subscribe", id)
			},
			OnEvent: func(e sio.Event) {
				if h.note(e.Cursor()); e.Name == string(models.EventProcessed) && strings.Contains(string(e.Payload()), id) {
					end()
				}
			},
		})
		_ = client.Run(ctx)
	}
}

func watchRaw(ctx context.Context, in *installation, web *http.Client, token, id string, h *heard) {
	c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(in.url, "http")+"/ws?"+url.Values{"jobId": {id}, "token": {token}}.Encode(), &websocket.DialOptions{HTTPClient: web})
	if err != nil {
		in.t.Error(err)
		return
	}
	defer c.CloseNow()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		var m struct{ Cursor string }
		_ = json.Unmarshal(data, &m)
		h.note(m.Cursor)
	}
}

// get asks with a token.
func get(ctx context.Context, web *http.Client, address, token, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", accept)
	return web.Do(r)
}

func watchStream(path string) func(context.Context, *installation, *http.Client, string, string, *heard) {
	return func(ctx context.Context, in *installation, web *http.Client, token, id string, h *heard) {
		address := in.url + path + id
		if strings.HasPrefix(path, "/api/jobs/") {
			address += "/stream"
		}
		res, err := get(ctx, web, address, token, "text/event-stream")
		if err != nil {
			in.t.Error(err)
			return
		}
		defer res.Body.Close()
		for reader := eventsource.NewReader(res.Body, ""); ; {
			e, err := reader.Next()
			if err != nil {
				return
			}
			if h.note(e.ID); e.Name == string(models.EventProcessed) && strings.Contains(string(e.Data), id) {
				return
			}
		}
	}
}

func watchPoll(ctx context.Context, in *installation, web *http.Client, token, id string, h *heard) {
	for query := (url.Values{"wait": {"0"}, "video": {id}}); ; query.Del("wait") {
		res, err := get(ctx, web, in.url+"/api/events?"+query.Encode(), token, "application/json")
		if err != nil {
			return
		}
		var p struct {
			Data []struct {
				Event, Cursor string
				Payload       struct{ VideoID string }
			}
			Cursor string
		}
		err = json.NewDecoder(res.Body).Decode(&p)
		res.Body.Close()
		if err != nil {
			return
		}
		for _, e := range p.Data {
			if h.note(e.Cursor); e.Event == string(models.EventProcessed) && e.Payload.VideoID == id {
				return
			}
		}
		query.Set("after", p.Cursor)
	}
}

// counting counts the requests of one client.
type counting struct {
	http.Transport
	n atomic.Int64
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.Transport.RoundTrip(r)
}

// begin lets a client of each door listen until stop is called.
func begin(in *installation, token, id string) (all map[string]*heard, requests map[string]*counting, stop func(wait bool)) {
	all, requests = map[string]*heard{}, map[string]*counting{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, w := range doorWatchers {
		h, c := &heard{first: make(chan struct{}), at: map[string]time.Time{}}, &counting{}
		all[w.door], requests[w.door] = h, c
		wg.Go(func() {
			defer c.CloseIdleConnections()
			w.watch(ctx, in, &http.Client{Transport: c}, token, id, h)
		})
	}
	return all, requests, func(wait bool) {
		if !wait {
			cancel()
		}
		wg.Wait()
		cancel()
	}
}

// BenchmarkDoors measures, in one run, from the call of Append in another
// process's place to the event in the hands of a client of each door: at 50
// events a second, and in a burst of 500.
func BenchmarkDoors(b *testing.B) {
	address := testenv.Redis(b)
	in := start(b, map[string]string{"REDIS_URL": "redis://" + address + "/0", "WORKER": "off"})
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	defer client.Close()
	log := redislog.New(client, redislog.Options{})
	token := in.token("acme", models.RoleEditor)
	var d models.Document
	if status := in.upload(token, "a.mp4", sample(b), &d); status != http.StatusAccepted {
		b.Fatal(status)
	}
	all, _, stop := begin(in, token, d.ID)
	defer stop(false)
	send := func(sent map[string]time.Time) {
		now := time.Now()
		c, _, err := log.Append(b.Context(), "acme", models.Event{Name: models.EventProgress, OrganizationID: "acme", Audience: models.ToOrganization,
			VideoID: d.ID, Attempt: d.Attempt, Rev: d.Rev,
			Payload: fmt.Appendf(nil, `{"organizationId":"acme","videoId":%q,"title":"a","status":"processing","attempt":1,"rev":1,"ts":%q,"stage":"metadata","progress":12,"message":"Scanning the whole file"}`,
				d.ID, now.UTC().Format(time.RFC3339Nano))})
		if err != nil {
			b.Fatal(err)
		}
		sent[c.String()] = now
	}
	for door, h := range all { // all are there, and warm
		for there := false; !there; {
			send(map[string]time.Time{})
			select {
			case <-h.first:
				there = true
			case <-time.After(20 * time.Millisecond):
			case <-b.Context().Done():
				b.Fatal(door)
			}
		}
	}
	time.Sleep(time.Second)
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-26s %10s %10s %10s %8s\n", "door", "p50", "p99", "most", "lost")
	for b.Loop() {
		paced, burst := map[string]time.Time{}, map[string]time.Time{}
		for tick := time.NewTicker(20 * time.Millisecond); len(paced) < 500; <-tick.C {
			send(paced)
		}
		for range 500 {
			send(burst)
		}
		for n, sent := range []map[string]time.Time{paced, burst} {
			kind := []string{"50/s", "burst of 500"}[n]
			fmt.Fprintf(&table, "%s\n", kind)
			for _, w := range doorWatchers {
				h := all[w.door]
				for end := time.Now().Add(10 * time.Second); h.count(sent) < len(sent) && time.Now().Before(end); {
					time.Sleep(10 * time.Millisecond)
				}
				var took []time.Duration
				h.mu.Lock()
				for c, from := range sent {
					if at := h.at[c]; !at.IsZero() {
						took = append(took, at.Sub(from))
					}
				}
				h.mu.Unlock()
				if len(took) == 0 {
					b.Fatal(w.door, "heard nothing")
				}
				slices.Sort(took)
				p99 := took[(len(took)*99+99)/100-1]
				fmt.Fprintf(&table, "  %-24s %10s %10s %10s %8d\n", w.door, took[len(took)/2].Round(10*time.Microsecond), p99.Round(10*time.Microsecond),
					took[len(took)-1].Round(10*time.Microsecond), len(sent)-len(took))
				if kind == "50/s" {
					b.ReportMetric(float64(p99.Microseconds())/1000, strings.NewReplacer(" ", "-", ",", "").Replace(w.door)+"-p99-ms")
				}
			}
		}
	}
	fmt.Print(table.String()) // a benchmark's own log is cut short
}

// BenchmarkRequests counts the HTTP requests of each way to watch a video from
// its upload to its outcome, in one run with the worker, behind others in the
// queue.
func BenchmarkRequests(b *testing.B) {
	in := start(b, map[string]string{"WORKER_CONCURRENCY": "1"})
	token := in.token("acme", models.RoleEditor)
	var table strings.Builder
	for b.Loop() {
		var d models.Document
		for range 12 {
			if status := in.upload(token, "a.mp4", sample(b), &d); status != http.StatusAccepted {
				b.Fatal(status)
			}
		}
		began := time.Now()
		all, requests, stop := begin(in, token, d.ID)
		polls := 0
		for tick := time.NewTicker(2 * time.Second); ; <-tick.C {
			res, err := get(b.Context(), http.DefaultClient, in.url+"/api/jobs/"+d.ID, token, "application/json")
			if err != nil {
				b.Fatal(err)
			}
			var j models.Job
			err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&j)
			res.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			if polls++; j.Status.Ended() {
				break
			}
		}
		stop(true)
		fmt.Fprintf(&table, "\nwatched for %s; polling every 2 s: %d requests\n%-26s %9s %8s %8s\n", time.Since(began).Round(time.Second), polls, "door", "requests", "saved", "events")
		for _, w := range doorWatchers {
			n := requests[w.door].n.Load()
			fmt.Fprintf(&table, "%-26s %9d %7.0f%% %8d\n", w.door, n, 100*(1-float64(n)/float64(polls)), len(all[w.door].at))
		}
	}
	fmt.Print(table.String()) // a benchmark's own log is cut short
}
