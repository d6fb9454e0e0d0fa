package roomstest

import (
	"sync"
	"testing"
	"time"

	"reelroom/rooms"
)

func testFollowInOrder(t *testing.T, open Open) {
	b := open(t, Limits{})
	l := b.Log()
	for n := range 10 {
		add(t, l, "acme", Note(n))
	}
	before, err := l.Head(t.Context(), "acme")
	must(t, err)
	other := b.Log()
	watchers := []*watcher{follow(t, other, "acme", nil), follow(t, other, "acme", nil), follow(t, l, "acme", nil)}
	for _, w := range watchers {
		if w.at != before {
			t.Fatalf("ready at %v, the head was %v", w.at, before)
		}
	}
	var c rooms.Cursor
	for n := range 500 {
		c = add(t, l, "acme", Note(n))
	}
	for _, w := range watchers {
		w.reach(c)
		if len(w.events) != 500 || len(w.resets) != 0 {
			t.Fatalf("%d events, %d resets", len(w.events), len(w.resets))
		}
	}
}

// testFollowForget: a lost log is noticed although nobody appends.
func testFollowForget(t *testing.T, open Open) {
	b := open(t, Limits{})
	l := b.Log()
	w := follow(t, b.Log(), "acme", nil)
	old := add(t, l, "acme", Note(1))
	w.reach(old)
	b.Forget()
	w.wait("a reset", 4*time.Second, func() bool { return len(w.resets) == 1 })
	if w.resets[0].Epoch == old.Epoch || w.resets[0].Seq != 0 {
		t.Fatalf("reset to %v from %v", w.resets[0], old)
	}
	w.reach(add(t, l, "acme", Note(2)))
	if len(w.resets) != 1 || len(w.events) != 2 {
		t.Fatalf("%d resets, %d events", len(w.resets), len(w.events))
	}
}

func testFollowCut(t *testing.T, open Open) {
	b := open(t, Limits{})
	l := b.Log()
	w := follow(t, b.Log(), "acme", nil)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 6 {
			select {
			case <-stop:
				return
			case <-time.After(60 * time.Millisecond):
				b.Cut()
			}
		}
	})
	var c rooms.Cursor
	for n := range 600 {
		e := Note(n)
		for try := 0; ; try++ { // a cut may end the call; what it did is not repeated by hand
			got, _, err := l.Append(t.Context(), "acme", e)
			if err == nil {
				c = got
				break
			}
			if try == 20 {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Millisecond)
	}
	close(stop)
	wg.Wait()
	w.reach(c)
	if len(w.resets) != 0 {
		t.Fatalf("%d resets", len(w.resets))
	}
	if uint64(len(w.events)) != c.Seq {
		t.Fatalf("%d of %d events", len(w.events), c.Seq)
	}
}

// testFollowSlowly: a listener that waits holds up no other organization, and
// misses nothing however much comes meanwhile.
func testFollowSlowly(t *testing.T, open Open) {
	b := open(t, Limits{})
	l, node := b.Log(), b.Log()
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	slow := follow(t, node, "slow", func() { <-gate })
	t.Cleanup(release)
	quick := follow(t, node, "quick", nil)
	var c rooms.Cursor
	for n := range 1500 {
		c = add(t, l, "slow", Note(n))
	}
	quick.reach(add(t, l, "quick", Note(1)))
	if len(slow.events) != 0 {
		t.Fatal("the slow one was not held")
	}
	release()
	slow.reach(c)
	if len(slow.events) != 1500 || len(slow.resets) != 0 {
		t.Fatalf("%d events, %d resets", len(slow.events), len(slow.resets))
	}
}

// testTenants: names made to look like parts of other names never mix.
func testTenants(t *testing.T, open Open) {
	b := open(t, Limits{})
	l := b.Log()
	names := []string{"a", "b", "a}:b{", "{a}", "a:video:x", "a}:video:x", "a%3Avideo", "%61", "A", "a/../b", "*", "ä", "a:log", "a}:log", "head"}
	watchers := make([]*watcher, len(names))
	for i, org := range names {
		watchers[i] = follow(t, b.Log(), org, nil)
	}
	for round := range 3 {
		for i, org := range names {
			e := Transition("x", int64(round+1), "video:progress")
			e.UserID, e.ID = org, "same"+string(rune('0'+round))
			c := add(t, l, org, e)
			if c.Seq != uint64(round+1) {
				t.Fatalf("%q shares a log with another: seq %d in round %d", org, c.Seq, round)
			}
			watchers[i].reach(c)
		}
	}
	for i, org := range names {
		events, err := l.After(t.Context(), org, rooms.Cursor{}, 100)
		must(t, err)
		progress, err := l.Progress(t.Context(), org, "x")
		must(t, err)
		for _, e := range append(append(events, watchers[i].events...), progress["x"]) {
			if e.OrganizationID != org || e.UserID != org {
				t.Errorf("%q sees an event of %q", org, e.UserID)
			}
		}
		if len(events) != 3 || len(watchers[i].events) != 3 {
			t.Errorf("%q: %d events read, %d followed", org, len(events), len(watchers[i].events))
		}
	}
}
