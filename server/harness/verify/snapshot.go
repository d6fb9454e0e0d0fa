package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"reelroom/server/harness/sio"
)

// state is what is compared of a video.
type state struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Status  string `json:"status"`
	Attempt int    `json:"attempt"`
	Rev     int64  `json:"rev"`
}

// The bounds of this part.
const (
	maxSnapshots = 50
	renameEvery  = 5 * time.Millisecond
	askTime      = 20 * time.Second
)

// snapshots subscribes clients to a video that is being changed, each at
// another moment. From the acknowledgement and the events after its cursor,
// each must come to the document that the server shows in the end.
func (t *trial) snapshots(ctx context.Context) error {
	path := "/api/videos/" + url.PathEscape(t.videos[0])
	var before state
	if err := t.api(0).JSON(ctx, http.MethodGet, path, nil, &before); err != nil {
		return err
	}
	rename := func(ctx context.Context, title string) error {
		return t.api(0).JSON(ctx, http.MethodPatch, path, map[string]string{"title": title}, nil)
	}
	writing, enough := context.WithCancel(ctx)
	defer enough()
	written := make(chan error, 1)
	go func() {
		var err error
		for n := 1; writing.Err() == nil && err == nil; n++ {
			err = rename(ctx, fmt.Sprintf("verify %d", n))
			pause(writing, renameEvery)
		}
		written <- err
	}()
	g := t.listen(ctx)
	defer g.close()
	views, err := t.subscribers(g, min(t.Clients, maxSnapshots))
	enough()
	if werr := <-written; err == nil {
		err = werr
	}
	if err == nil {
		err = rename(ctx, before.Title)
	}
	var want state
	if err == nil {
		err = t.api(0).JSON(ctx, http.MethodGet, path, nil, &want)
	}
	if err != nil {
		return err
	}
	for i, v := range views {
		settle(ctx, t.Patience, func() uint64 { return uint64(v.now().Rev) }, func() bool { return v.now().Rev >= want.Rev })
		// The video may have gone on by itself, as its events tell.
		if got := v.now(); got.ID != want.ID || got.Title != want.Title || got.Rev < want.Rev {
			t.report.broken("snapshot: client %d came to %+v from revision %d and the events after it; the document is %+v", i+1, got, v.ack.Rev, want)
			continue
		}
		t.report.Snapshots++
	}
	return nil
}

// view is a client's picture of a video.
type view struct {
	watcher *watcher
	ack     state
	after   uint64 // the cursor of the acknowledgement
}

// subscribers connects clients and subscribes each to the first video.
func (t *trial) subscribers(g *group, clients int) (views []*view, err error) {
	for i := range clients {
		w, err := g.add(0, i, fmt.Sprintf("subscriber %d", i+1), func(w *watcher, _ *sio.Config) { w.keep = true })
		if err != nil {
			return nil, err
		}
		pause(g.ctx, rand.N(20*time.Millisecond))
		var ack struct {
			OK     bool   `json:"ok"`
			Video  state  `json:"video"`
			Cursor string `json:"cursor"`
		}
		raw, err := w.ask(g.ctx, "video:subscribe", t.videos[0])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &ack); err != nil || !ack.OK {
			return nil, fmt.Errorf("video:subscribe was answered with %.200s", raw)
		}
		views = append(views, &view{w, ack.Video, seqOf(ack.Cursor)})
	}
	return views, nil
}

// ask sends an event with one argument and returns the acknowledgement's first.
func (w *watcher) ask(ctx context.Context, event string, arg any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	args, err := w.client.EmitWithAck(ctx, event, arg)
	if err == nil && len(args) == 0 {
		err = fmt.Errorf("%s was acknowledged with nothing", event)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", w.name, event, err)
	}
	return args[0], nil
}

// now applies the events after the acknowledgement's cursor to it.
func (v *view) now() state {
	v.watcher.mu.Lock()
	defer v.watcher.mu.Unlock()
	s := v.ack
	for _, e := range v.watcher.seen {
		var p struct {
			VideoID string `json:"videoId"`
			state
			Video *state `json:"video"`
		}
		if seqOf(e.Cursor()) <= v.after || json.Unmarshal(e.Payload(), &p) != nil || p.VideoID != s.ID || p.Rev < s.Rev {
			continue
		}
		s.Title, s.Status, s.Attempt, s.Rev = p.Title, p.Status, p.Attempt, p.Rev
		if p.Video != nil {
			s = *p.Video
		}
	}
	return s
}
