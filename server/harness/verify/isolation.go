package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"reelroom/models"
	"reelroom/server/harness/load"
	"reelroom/server/harness/sio"
)

// strangersEvents are sent while a stranger asks for what is not his.
const strangersEvents = 20

// isolation lets the second tenant ask for the first one's video at every
// door, as for one that does not exist: the answers must be the same, and not
// one of them a success. Then it takes a client's private id.
func (t *trial) isolation(ctx context.Context) error {
	g := t.listen(ctx)
	defer g.close()
	thief, err := t.thief(g)
	if err != nil {
		return err
	}
	stranger := t.residents[1]
	absent := models.NewID(time.Now())
	for _, event := range []string{"video:subscribe", "video:unsubscribe", "video:cancel", "video:retry"} {
		foreign, err := stranger.ask(ctx, event, t.videos[0])
		if err != nil {
			return err
		}
		nothing, err := stranger.ask(ctx, event, absent)
		if err != nil {
			return err
		}
		t.compare(event, neutral(foreign, t.videos[0]), neutral(nothing, absent))
		if event != "video:unsubscribe" && bytes.Contains(foreign, []byte(`"ok":true`)) {
			t.report.broken("isolation: %s of another organization's video was answered with %.200s", event, foreign)
		}
	}
	if err := t.overhear(ctx, thief); err != nil {
		return err
	}
	for _, p := range probes {
		if p.method != http.MethodGet && t.Video != "" {
			continue // it is not ours to be changed, should that succeed
		}
		foreign, err := t.probe(ctx, p, t.videos[0])
		if err != nil {
			return err
		}
		nothing, err := t.probe(ctx, p, absent)
		if err != nil {
			return err
		}
		t.compare(p.method+" "+p.path, foreign, nothing)
		if foreign[0] == '2' || foreign[0] == '3' {
			t.report.broken("isolation: %s %s of another organization's video was answered with %.200s", p.method, p.path, foreign)
		}
	}
	if answer, err := t.api(1).Do(ctx, http.MethodGet, "/api/videos", "", nil); err != nil {
		return err
	} else if bytes.Contains(answer.Body, []byte(t.videos[0])) {
		t.report.broken("isolation: the list of the second organization holds the first one's video")
	}
	t.report.Probes++
	return nil
}

// overhear sends events to the first tenant; whoever of the second one hears
// one is found when its group is closed. An event of the second tenant, after
// them, shows that the second one would have.
func (t *trial) overhear(ctx context.Context, thief *watcher) error {
	run := runID()
	listeners := []*watcher{t.residents[0], t.residents[1]}
	if thief != nil {
		listeners = append(listeners, thief)
	}
	for _, w := range listeners {
		w.follow(run, nil)
	}
	for n := range uint64(strangersEvents) {
		if err := t.api(0).Publish(ctx, t.videos[0], load.Marker{Run: run, N: n + 1}, 0); err != nil {
			return err
		}
	}
	if err := t.api(1).Publish(ctx, t.videos[1], load.Marker{Run: run, Org: 1, N: 1}, 0); err != nil {
		return err
	}
	for _, w := range listeners {
		sent := uint64(1)
		if w.tenant == 0 {
			sent = strangersEvents
		}
		settle(ctx, t.Patience, w.received, func() bool { return w.complete(sent) })
		if !w.complete(sent) {
			t.report.broken("isolation: %s of %s did not get its own organization's events", w.name, t.Tenants[w.tenant].ID)
		}
	}
	return nil
}

// thief connects for the second tenant with the private id and the cursor of a
// client of the first one. It must get a session of its own; nil when it got
// none.
func (t *trial) thief(g *group) (*watcher, error) {
	pid, offset := t.residents[0].client.Offset()
	w, err := g.add(1, 0, "a client with a private id of the other organization", func(_ *watcher, c *sio.Config) {
		c.PID, c.Offset = pid, offset
	})
	if err != nil {
		if ctx := context.Cause(g.ctx); ctx != nil {
			return nil, ctx
		}
		t.report.broken("isolation: %v", err)
		return nil, nil
	}
	if pid == "" {
		t.report.broken("resume: the server gives no private id, so nothing can be resumed")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resumed > 0 {
		t.report.broken("isolation: the private id of another organization's client was resumed")
	}
	return w, nil
}

// compare holds two answers against each other.
func (t *trial) compare(what, foreign, absent string) {
	t.report.Probes++
	if foreign != absent {
		t.report.broken("isolation: %s tells another organization's video from none: %.300s, and %.300s", what, foreign, absent)
	}
}

// probe is a request for a video.
type probe struct {
	method, path string
	body         func(id string) any
}

// probes are the routes that name a video.
var probes = []probe{
	{http.MethodGet, "/api/videos/%s", nil},
	{http.MethodPatch, "/api/videos/%s", func(string) any { return map[string]string{"title": "taken"} }},
	{http.MethodPost, "/api/videos/%s/cancel", nil},
	{http.MethodPost, "/api/videos/%s/retry", nil},
	{http.MethodGet, "/api/videos/%s/media", nil},
	{http.MethodGet, "/api/videos/%s/thumbnail", nil},
	{http.MethodGet, "/api/videos/%s/storyboard.vtt", nil},
	{http.MethodGet, "/api/videos/%s/storyboard.jpg", nil},
	{http.MethodGet, "/api/videos/%s/evidence/0", nil},
	{http.MethodGet, "/api/jobs/%s", nil},
	{http.MethodGet, "/api/jobs/%s/stream", nil},
	{http.MethodPost, "/api/events?video=%s", func(id string) any {
		return map[string]any{"event": "video:progress", "videoId": id, "data": map[string]int{"progress": 99}}
	}},
	{http.MethodDelete, "/api/videos/%s", nil},
}

// probe sends a request as the second tenant and returns the answer without
// what differs between any two.
func (t *trial) probe(ctx context.Context, p probe, id string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var body []byte
	kind := ""
	if p.body != nil {
		kind = "application/json"
		var err error
		if body, err = json.Marshal(p.body(id)); err != nil {
			return "", err
		}
	}
	answer, err := t.api(1).Do(ctx, p.method, fmt.Sprintf(p.path, id), kind, body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s", answer.Status, neutral(answer.Body, id)), nil
}

var request = regexp.MustCompile(`"requestId":"[^"]*"`)

// neutral takes the id that was asked for, and the number of the request, out
// of an answer.
func neutral(answer []byte, id string) string {
	answer = bytes.ReplaceAll(answer, []byte(id), []byte("ID"))
	return string(request.ReplaceAll(answer, []byte(`"requestId":""`)))
}
