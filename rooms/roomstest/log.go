package roomstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

func testPlaces(t *testing.T, open Open) {
	l, ctx := open(t, Limits{}).Log(), t.Context()
	must(t, l.Ping(ctx))
	start, err := l.Head(ctx, "acme")
	must(t, err)
	if start.Epoch == "" || start.Seq != 0 {
		t.Fatalf("head of an empty log: %v", start)
	}
	var places []rooms.Cursor
	for n := 1; n <= 200; n++ {
		c := add(t, l, "acme", Note(n))
		if c.Epoch != start.Epoch || c.Seq != uint64(n) {
			t.Fatalf("event %d has place %v", n, c)
		}
		places = append(places, c)
	}
	head, err := l.Head(ctx, "acme")
	must(t, err)
	if head != places[199] {
		t.Fatalf("head %v, want %v", head, places[199])
	}
	for _, c := range []struct {
		after       rooms.Cursor
		limit       int
		first, last uint64
	}{
		{rooms.Cursor{}, 1000, 1, 200},
		{start, 1000, 1, 200},
		{rooms.Cursor{}, 3, 1, 3},
		{places[49], 120, 51, 170},
		{places[198], 10, 200, 200},
		{head, 10, 1, 0},
		{start, 0, 1, 0},
	} {
		events, err := l.After(ctx, "acme", c.after, c.limit)
		must(t, err)
		if len(events) != int(c.last-c.first+1) {
			t.Fatalf("after %v limit %d: %d events", c.after, c.limit, len(events))
		}
		for i, e := range events {
			if e.Seq != c.first+uint64(i) || e.Epoch != start.Epoch {
				t.Fatalf("after %v: event %d is %v", c.after, i, rooms.CursorOf(&e))
			}
		}
	}
}

func testRoundTrip(t *testing.T, open Open) {
	b := open(t, Limits{})
	l, w := b.Log(), follow(t, b.Log(), "acme", nil)
	e := models.Event{
		Name: models.EventProcessed, OrganizationID: "acme", Audience: models.ToUser, VideoID: "v:{1}", UserID: "ü/1", ID: "id 1",
		Attempt: 3, Rev: 17, Transition: true, Payload: json.RawMessage("{\"title\":\"a\\nb\u2028\x7f\", \"n\": [1,2]}"),
	}
	c := add(t, l, "acme", e)
	e.Epoch, e.Seq, e.Payload = c.Epoch, c.Seq, models.WithSeq(e.Payload, c.Seq)
	w.reach(c)
	read, err := l.After(t.Context(), "acme", rooms.Cursor{}, 10)
	must(t, err)
	for _, got := range [][]models.Event{read, w.events} {
		if len(got) != 1 || !reflect.DeepEqual(got[0], e) {
			t.Fatalf("got %+v\nwant %+v", got, e)
		}
	}
	big := Note(1)
	big.Payload = json.RawMessage(`{"x":"` + strings.Repeat("x", 200_000) + `"}`)
	for range 24 { // more than one reply of a log should carry
		c = add(t, l, "acme", big)
	}
	read, err = l.After(t.Context(), "acme", rooms.Cursor{}, 100)
	must(t, err)
	if len(read) != 25 {
		t.Fatalf("%d of 25 events", len(read))
	}
	w.reach(c)
}

func testRefused(t *testing.T, open Open) {
	l, ctx := open(t, Limits{}).Log(), t.Context()
	foreign := Note(1)
	foreign.OrganizationID = "other"
	for name, e := range map[string]models.Event{
		"another organization": foreign,
		"no object":            {Name: models.EventChat, Payload: json.RawMessage(`[1]`)},
		"two objects":          {Name: models.EventChat, Payload: json.RawMessage(`{}{}`)},
		"no payload":           {Name: models.EventChat},
		"for no video":         {Name: models.EventChat, Audience: models.ToVideo, Payload: json.RawMessage(`{}`)},
		"for no user":          {Name: models.EventChat, Audience: models.ToUser, Payload: json.RawMessage(`{}`)},
		"no video":             {Name: models.EventQueued, Transition: true, Payload: json.RawMessage(`{}`)},
	} {
		if _, _, err := l.Append(ctx, "acme", e); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := l.Append(ctx, "", Note(1)); models.CodeOf(err) != models.CodeInvalid {
		t.Errorf("no organization: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := l.Append(gone, "acme", Note(1)); models.CodeOf(err) != models.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
	if head, err := l.Head(ctx, "acme"); err != nil || head.Seq != 0 {
		t.Errorf("head %v, %v", head, err)
	}
}

func testContiguous(t *testing.T, open Open) {
	b := open(t, Limits{})
	logs := []rooms.Log{b.Log(), b.Log()}
	w := follow(t, logs[1], "acme", nil)
	const appenders, each = 32, 25
	var mu sync.Mutex
	var wg sync.WaitGroup
	places := make(map[rooms.Cursor]string)
	for a := range appenders {
		wg.Go(func() {
			for n := range each {
				e := Note(n)
				e.VideoID = fmt.Sprint(a)
				c, fresh, err := logs[a%2].Append(t.Context(), "acme", e)
				if err != nil || !fresh {
					t.Errorf("append: %v, fresh %v", err, fresh)
					return
				}
				mu.Lock()
				if other, ok := places[c]; ok {
					t.Errorf("%v given twice, to %s too", c, other)
				}
				places[c] = e.VideoID + string(e.Payload)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	events, err := logs[0].After(t.Context(), "acme", rooms.Cursor{}, appenders*each+1)
	must(t, err)
	if len(events) != appenders*each {
		t.Fatalf("%d of %d events", len(events), appenders*each)
	}
	next := make(map[string]int)
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
		want := string(models.WithSeq(Note(next[e.VideoID]).Payload, e.Seq))
		if string(e.Payload) != want {
			t.Fatalf("appender %s: got %s, want %s", e.VideoID, e.Payload, want)
		}
		next[e.VideoID]++
	}
	w.reach(rooms.CursorOf(&events[len(events)-1]))
	if !reflect.DeepEqual(w.events, events) {
		t.Fatal("the follower saw other events than the stream holds")
	}
}

func testBoundedByCount(t *testing.T, open Open) {
	l, ctx := open(t, Limits{MaxEvents: 50}).Log(), t.Context()
	var c rooms.Cursor
	for n := range 120 {
		c = add(t, l, "acme", Note(n))
	}
	events, err := l.After(ctx, "acme", rooms.Cursor{}, 1000)
	must(t, err)
	if len(events) != 50 || events[0].Seq != 71 {
		t.Fatalf("%d events from %d", len(events), events[0].Seq)
	}
	if events, err = l.After(ctx, "acme", rooms.Cursor{Epoch: c.Epoch, Seq: 70}, 1000); err != nil || len(events) != 50 {
		t.Fatalf("after 70: %d events, %v", len(events), err)
	}
	if _, err = l.After(ctx, "acme", rooms.Cursor{Epoch: c.Epoch, Seq: 69}, 1000); !errors.Is(err, models.ErrReset) {
		t.Fatalf("after 69: %v", err)
	}
}

func testBoundedByAge(t *testing.T, open Open) {
	const retention = 400 * time.Millisecond
	l, ctx := open(t, Limits{Retention: retention}).Log(), t.Context()
	first := add(t, l, "idle", Note(0))
	last := add(t, l, "idle", Note(1))
	begin, err := l.Head(ctx, "busy")
	must(t, err)
	deadline := time.Now().Add(patience)
	for n := 0; ; n++ { // never idle, so nothing but trimming can end an entry
		add(t, l, "busy", Note(n))
		events, err := l.After(ctx, "busy", rooms.Cursor{}, 1)
		must(t, err)
		if len(events) > 0 && events[0].Seq > 20 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("old entries are kept")
		}
		time.Sleep(retention / 100)
	}
	if _, err := l.After(ctx, "busy", begin, 10); !errors.Is(err, models.ErrReset) {
		t.Fatalf("after trimmed entries: %v", err)
	}
	for { // the idle log goes as a whole
		_, err := l.After(ctx, "idle", first, 10)
		if errors.Is(err, models.ErrReset) {
			break
		}
		must(t, err)
		if time.Now().After(deadline) {
			t.Fatal("an idle log is kept")
		}
		time.Sleep(retention / 20)
	}
	if events, err := l.After(ctx, "idle", last, 10); err != nil || len(events) != 0 {
		t.Fatalf("after the head of an idle log: %d events, %v", len(events), err)
	}
	if c := add(t, l, "idle", Note(2)); c != (rooms.Cursor{Epoch: last.Epoch, Seq: 3}) {
		t.Fatalf("an idle log goes on at %v", c)
	}
	if events, err := l.After(ctx, "idle", last, 10); err != nil || len(events) != 1 {
		t.Fatalf("the next event of an idle log: %d events, %v", len(events), err)
	}
}

func testReset(t *testing.T, open Open) {
	b := open(t, Limits{})
	l, ctx := b.Log(), t.Context()
	add(t, l, "acme", Note(1))
	c := add(t, l, "acme", Note(2))
	for _, bad := range []rooms.Cursor{{Epoch: "zzzzzzzzzzzz", Seq: 1}, {Epoch: "zzzzzzzzzzzz"}, {Epoch: c.Epoch, Seq: 3}} {
		if _, err := l.After(ctx, "acme", bad, 10); !errors.Is(err, models.ErrReset) {
			t.Errorf("after %v: %v", bad, err)
		}
	}
	b.Forget()
	if _, err := l.After(ctx, "acme", c, 10); !errors.Is(err, models.ErrReset) {
		t.Errorf("after the log was lost: %v", err)
	}
	next := add(t, l, "acme", Note(3))
	if next.Epoch == c.Epoch || next.Seq != 1 {
		t.Errorf("a lost log goes on at %v after %v", next, c)
	}
	if _, err := l.After(ctx, "acme", c, 10); !errors.Is(err, models.ErrReset) {
		t.Errorf("a cursor of the lost log: %v", err)
	}
}
