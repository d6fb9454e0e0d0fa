package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/documents/documentstest"
	"reelroom/server/harness/sio"
)

// listener hears an organization over Socket.IO and holds each event, with all
// its arguments, to the documents.
type listener struct {
	client *sio.Client
	events <-chan sio.Event
	mu     sync.Mutex
	// first is the place at which everything began.
	first string
	seen  map[string]int
	wrong []error
}

// follow hears an organization as its admin.
func (c *caller) follow() *listener {
	l := &listener{seen: map[string]int{}}
	l.client, l.events = c.listen(c.token("acme", models.RoleAdmin))
	ready := <-l.events // comes first, at once
	l.hold(ready)
	l.first = ready.Cursor()
	return l
}

// hold checks one event.
func (l *listener) hold(e sio.Event) {
	all, err := json.Marshal(e.Args)
	if err == nil {
		err = documentstest.Message("socketio", key(e.Name), all)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[e.Name]++
	if err != nil {
		l.wrong = append(l.wrong, err)
	}
}

// await holds events until the one of a video comes.
func (l *listener) await(t testing.TB, name models.EventName, videoID string) {
	t.Helper()
	l.until(t, name, func(id string) bool { return id == videoID })
}

// awaitName is await for events of no video.
func (l *listener) awaitName(t testing.TB, name models.EventName) {
	t.Helper()
	l.until(t, name, func(string) bool { return true })
}

func (l *listener) until(t testing.TB, name models.EventName, fits func(videoID string) bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case e := <-l.events:
			l.hold(e)
			var base struct {
				VideoID string `json:"videoId"`
			}
			if json.Unmarshal(e.Payload(), &base) == nil && e.Name == string(name) && fits(base.VideoID) {
				return
			}
		case <-limit:
			t.Fatalf("no %s", name)
		}
	}
}

// subscribe sends what a client may send, right and wrong, and holds the acks.
func (l *listener) subscribe(t testing.TB, videoID string) {
	t.Helper()
	for _, c := range []struct {
		name string
		arg  any
		ack  string
	}{
		{"video:subscribe", videoID, "videoack"},
		{"video:subscribe", map[string]string{"videoId": videoID}, "videoack"},
		{"video:subscribe", map[string]string{"videoId": "absent"}, "refusalack"},
		{"video:subscribe", 7, "refusalack"},
		{"video:unsubscribe", map[string]string{"videoId": "absent"}, "doneack"},
		{"video:cancel", "absent", "refusalack"},
		{"video:retry", "absent", "refusalack"},
		{"auth:refresh", map[string]string{"token": "a.b.c"}, "refusalack"},
		{"chat:message", map[string]string{"text": "hello"}, "chatack"},
		{"chat:message", map[string]string{"text": ""}, "refusalack"},
	} {
		sent, err := json.Marshal([]any{c.arg})
		if err != nil {
			t.Fatal(err)
		}
		if err := documentstest.Message("socketio", "client."+key(c.name), sent); (err == nil) == (c.arg == 7) {
			t.Errorf("what is sent to %s: %v", c.name, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		args, err := l.client.EmitWithAck(ctx, c.name, c.arg)
		cancel()
		raw, jsonErr := json.Marshal(args)
		if err = errors.Join(err, jsonErr); err == nil {
			err = documentstest.Message("socketio", "ack."+c.ack, raw)
		}
		if err != nil {
			t.Errorf("%s %v: %v", c.name, c.arg, err)
		}
	}
}

// check reports what was wrong, and what never came.
func (l *listener) check(t testing.TB) {
	t.Helper()
	for {
		select {
		case e := <-l.events:
			l.hold(e)
			continue
		default:
		}
		break
	}
	for _, err := range l.wrong {
		t.Error(err)
	}
	for _, e := range models.EventPayloads() {
		if e.Name != models.EventAuthExpiring && e.Name != models.EventStreamReset && l.seen[string(e.Name)] == 0 {
			t.Errorf("%s never came", e.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.seen)) {
		t.Logf("%5d %s", l.seen[name], name)
	}
}
