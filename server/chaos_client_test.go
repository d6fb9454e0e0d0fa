//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/server/harness/sio"
)

// seen is an event, or a connection, as a watching client had it.
type seen struct {
	name string
	at   rooms.Cursor
	models.Progress
	// fresh says that what follows does not continue what was before:
	// stream:reset, or the first connection.
	fresh bool
}

// watcher is a stock client: it comes again by itself, at another server each
// time, and after stream:reset it fetches the present state.
type watcher struct {
	w      *world
	name   string
	token  string
	client *sio.Client
	node   atomic.Int64
	loaded chan struct{} // the list must be fetched
	teller bool          // the one that notes progress, too

	mu                                 sync.Mutex
	seen                               []seen
	known                              map[string]models.Document // the newest by rev, from events and lists
	since                              map[string]time.Time       // when a video was first heard of
	gone                               map[string]bool            // deleted
	resets, connects, resumed, refused int
}

// watch connects a client that stays until the world ends.
func (w *world) watch(name string, transport sio.Transport) *watcher {
	c := &watcher{
		w: w, name: name, token: w.token(name), loaded: make(chan struct{}, 1), teller: name == "watcher-1",
		known: map[string]models.Document{}, since: map[string]time.Time{}, gone: map[string]bool{},
	}
	w.running.Go(func() { c.run(w.ctx, transport) })
	w.running.Go(func() { c.load(w.ctx) })
	return c
}

func (c *watcher) run(ctx context.Context, transport sio.Transport) {
	pid, offset := "", ""
	for ctx.Err() == nil {
		client := sio.New(sio.Config{
			Address: func() string { return c.w.url(int(c.node.Add(1))) }, Transport: transport,
			Token: func() (string, error) { return c.token, nil }, PID: pid, Offset: offset, ConnectTimeout: 5 * time.Second,
			Backoff:   sio.Backoff{Min: 50 * time.Millisecond, Max: time.Second, Attempts: 1 << 30},
			OnConnect: c.connected, OnEvent: c.event,
		})
		c.mu.Lock()
		c.client = client
		c.mu.Unlock()
		// It returns when its first try finds nobody, or when it was refused: an
		// app then asks it to connect again.
		err := client.Run(ctx)
		if _, refused := errors.AsType[*sio.ConnectError](err); refused || errors.Is(err, sio.ErrServerDisconnect) {
			c.w.story.note("%s was refused: %v", c.name, err)
			c.mu.Lock()
			c.refused++
			c.mu.Unlock()
		}
		pid, offset = client.Offset()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *watcher) connected(s sio.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connects++
	if s.Recovered {
		c.resumed++
	}
}

func (c *watcher) event(e sio.Event) {
	got := seen{name: e.Name}
	got.at, _ = rooms.ParseCursor(e.Cursor())
	var p struct {
		models.Progress
		Recovered bool   `json:"recovered"`
		Reason    string `json:"reason"`
	}
	_ = json.Unmarshal(e.Payload(), &p)
	got.Progress = p.Progress
	got.fresh = e.Name == string(models.EventStreamReset) || e.Name == string(models.EventStreamReady) && !p.Recovered
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, got)
	switch {
	case got.fresh:
		c.w.story.note("%s: %s %s at %s", c.name, e.Name, p.Reason, got.at)
		if e.Name == string(models.EventStreamReset) {
			c.resets++
		}
		select {
		case c.loaded <- struct{}{}:
		default:
		}
	case got.VideoID != "":
		if e.Name != string(models.EventProgress) || c.teller {
			c.w.story.note("%s: %s %s %s attempt %d rev %d %s %d%% at %s", c.name, e.Name, got.VideoID, got.Title, got.Attempt, got.Rev, got.Stage, got.Progress.Progress, got.at)
		}
		c.take(models.Document{ID: got.VideoID, Title: got.Title, Status: got.Status, Attempt: got.Attempt, Rev: got.Rev})
	}
}

// take keeps the document unless a newer one is known; c.mu is held.
func (c *watcher) take(d models.Document) {
	before, ok := c.known[d.ID]
	if !ok {
		c.since[d.ID] = time.Now()
	}
	if !ok || before.Rev <= d.Rev {
		c.known[d.ID] = d
	}
	if d.Status == models.StatusDeleted {
		c.gone[d.ID] = true
	}
}

// load fetches the list whenever events were lost.
func (c *watcher) load(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.loaded:
		}
		for ctx.Err() == nil {
			before := time.Now()
			all, err := c.w.list(ctx, c.token, int(c.node.Load()))
			if err == nil {
				c.state(all, before)
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// state takes a list over: what was known before it was asked for, and is not
// in it, was deleted.
func (c *watcher) state(all []models.Document, asked time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listed := map[string]bool{}
	for _, d := range all {
		listed[d.ID] = true
		c.take(d)
	}
	c.w.story.note("%s fetched the list, asked for %.1f s before: %d videos", c.name, time.Since(asked).Seconds(), len(all))
	for id, since := range c.since {
		if !listed[id] && since.Before(asked) {
			c.gone[id] = true
		}
	}
}

// emit sends an event over the client's socket.
func (c *watcher) emit(ctx context.Context, name, id string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client == nil {
		return nil, sio.ErrNotConnected
	}
	answer, err := client.EmitWithAck(ctx, name, id)
	if err != nil || len(answer) == 0 {
		return nil, errors.Join(err, errors.New("no acknowledgement"))
	}
	return answer[0], nil
}

// list reads every video of the organization from a server.
func (w *world) list(ctx context.Context, token string, server int) (all []models.Document, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	for after := ""; ; {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url(server)+"/api/videos?limit=100&after="+after, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data       []models.Document `json:"data"`
			NextCursor *string           `json:"nextCursor"`
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the list was answered with %d, %w", answer.StatusCode, err)
		}
		all = append(all, page.Data...)
		if page.NextCursor == nil {
			return all, nil
		}
		after = *page.NextCursor
	}
}

// oracle reads the log itself, past all links, to know what there was to see.
type oracle struct {
	mu     sync.Mutex
	events map[rooms.Cursor]models.Event
	head   rooms.Cursor
}

func (w *world) oracle() *oracle {
	o := &oracle{events: map[rooms.Cursor]models.Event{}}
	client := redis.NewClient(&redis.Options{Addr: w.redisAt, ContextTimeoutEnabled: true, MaxRetries: -1})
	log := redislog.New(client, redislog.Options{})
	w.running.Go(func() {
		defer client.Close()
		at := rooms.Cursor{}
		for w.ctx.Err() == nil {
			events, err := log.After(w.ctx, w.org, at, 2000)
			if errors.Is(err, models.ErrReset) {
				at = rooms.Cursor{} // another epoch, from its first event
			}
			o.mu.Lock()
			for _, e := range events {
				at = rooms.CursorOf(&e)
				o.events[at] = e
				o.head = at
			}
			o.mu.Unlock()
			select {
			case <-w.ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return o
}
