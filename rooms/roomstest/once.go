package roomstest

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

func testTransitionsOnce(t *testing.T, open Open) {
	b := open(t, Limits{})
	logs := []rooms.Log{b.Log(), b.Log()}
	one := add(t, logs[0], "acme", Transition("v", 1, models.EventQueued))
	if again := dropped(t, logs[1], "acme", Transition("v", 1, models.EventQueued)); again != one {
		t.Errorf("the double of %v is told to be at %v", one, again)
	}
	three := add(t, logs[0], "acme", Transition("v", 3, models.EventProcessed))
	if c := dropped(t, logs[0], "acme", Transition("v", 2, models.EventProgress)); c != three {
		t.Errorf("an older one is told to be at %v, the head is %v", c, three)
	}
	add(t, logs[0], "acme", Transition("w", 2, models.EventQueued))
	add(t, logs[0], "other", Transition("v", 1, models.EventQueued))

	var fresh atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for rev := int64(1); rev <= 20; rev++ {
				_, ok, err := logs[i%2].Append(t.Context(), "race", Transition("v", rev, models.EventUpdated))
				if err != nil {
					t.Error(err)
				}
				if ok {
					fresh.Add(1)
				}
			}
		})
	}
	wg.Wait()
	events, err := logs[0].After(t.Context(), "race", rooms.Cursor{}, 1000)
	must(t, err)
	if len(events) != int(fresh.Load()) {
		t.Errorf("%d events, %d were fresh", len(events), fresh.Load())
	}
	if !slices.IsSortedFunc(events, func(a, b models.Event) int { return int(a.Rev - b.Rev) }) || events[len(events)-1].Rev != 20 {
		t.Error("revisions do not rise")
	}
	for i := 1; i < len(events); i++ {
		if events[i].Rev == events[i-1].Rev {
			t.Errorf("rev %d is there twice", events[i].Rev)
		}
	}
}

// The place of a waiting video is told only while it waits: never before its
// transition, and never after the next one.
func testPlacesInQueue(t *testing.T, open Open) {
	b := open(t, Limits{})
	log := b.Log()
	again := Transition("v", 1, models.EventQueued)
	again.Transition, again.Audience = false, models.ToVideo
	dropped(t, log, "acme", again)
	add(t, log, "acme", Transition("v", 1, models.EventQueued))
	add(t, log, "acme", again)
	add(t, log, "acme", again) // as often as it changes
	add(t, log, "acme", Transition("v", 2, models.EventProgress))
	add(t, log, "acme", Progress("v", 2, 20))
	dropped(t, log, "acme", again)
	again.Rev = 2
	add(t, log, "acme", Transition("v", 3, models.EventProcessed))
	dropped(t, log, "acme", again)
	last, err := log.Progress(t.Context(), "acme", "v")
	must(t, err)
	if len(last) != 0 {
		t.Errorf("progress is kept: %v", last)
	}
}

func testIDsOnce(t *testing.T, open Open) {
	b := open(t, Limits{})
	logs := []rooms.Log{b.Log(), b.Log()}
	e := Note(1)
	e.ID = "a}:b{ \x00"
	first := add(t, logs[0], "acme", e)
	add(t, logs[0], "acme", Note(2))
	if c := dropped(t, logs[1], "acme", e); c != first {
		t.Errorf("the double of %v is told to be at %v", first, c)
	}
	add(t, logs[0], "other", e)
	e.ID = "another"
	add(t, logs[0], "acme", e)

	var fresh atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			e := Progress("v", 0, i)
			e.ID = "race"
			if _, ok, err := logs[i%2].Append(t.Context(), "race", e); err != nil {
				t.Error(err)
			} else if ok {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		t.Errorf("one id was taken %d times", fresh.Load())
	}
	// Equal events without an id are different events.
	add(t, logs[0], "acme", Note(7))
	add(t, logs[0], "acme", Note(7))
}

// The place of what has an id is known as long as the id. A transition is told
// whatever its id was used for before, and known by it afterwards.
func testPlaceOfIDs(t *testing.T, open Open) {
	b := open(t, Limits{})
	log, other := b.Log(), b.Log()
	place := func(org, id string) string {
		t.Helper()
		c, ok, err := other.Place(t.Context(), org, id)
		must(t, err)
		if !ok {
			return ""
		}
		return c.String()
	}
	if p := place("acme", "a"); p != "" {
		t.Error("an id of nothing is at", p)
	}
	note := Note(1)
	note.ID = "a"
	first := add(t, log, "acme", note)
	outcome := Transition("v", 5, models.EventProcessed)
	outcome.ID = "o"
	told := add(t, log, "acme", outcome)
	if place("acme", "a") != first.String() || place("acme", "o") != told.String() || place("other", "a") != "" {
		t.Errorf("places %q, %q, and %q elsewhere", place("acme", "a"), place("acme", "o"), place("other", "a"))
	}
	if c := dropped(t, log, "acme", outcome); c != told {
		t.Errorf("the outcome of %v is told to be at %v", told, c)
	}
	plain := Progress("v", 6, 5)
	plain.ID = "o"
	if c := dropped(t, log, "acme", plain); c != told {
		t.Errorf("what comes under the outcome's id is at %v, not %v", c, told)
	}
	again := Transition("w", 5, models.EventFailed)
	again.ID = "a"
	if c := add(t, log, "acme", again); place("acme", "a") != c.String() {
		t.Error("an outcome under a known id is at", place("acme", "a"))
	}
	b.Forget()
	if p := place("acme", "o"); p != "" {
		t.Error("after a loss the outcome is at", p)
	}
	if _, _, err := log.Place(t.Context(), "acme", ""); models.CodeOf(err) != models.CodeInvalid {
		t.Error("no id:", err)
	}
}

func testProgress(t *testing.T, open Open) {
	l := open(t, Limits{}).Log()
	last := func(video string) (percent string) {
		t.Helper()
		found, err := l.Progress(t.Context(), "acme", "x", video, "y")
		must(t, err)
		if len(found) > 1 {
			t.Fatalf("progress of %d videos", len(found))
		}
		e, ok := found[video]
		if !ok {
			return ""
		}
		events, err := l.After(t.Context(), "acme", rooms.Cursor{Epoch: e.Epoch, Seq: e.Seq - 1}, 1)
		must(t, err)
		if len(events) != 1 || string(events[0].Payload) != string(e.Payload) {
			t.Fatalf("the last progress is not what the log holds at %d", e.Seq)
		}
		return string(e.Payload)
	}
	expect := func(video, part string) {
		t.Helper()
		if got := last(video); got != part {
			t.Fatalf("last progress %q, want %q", got, part)
		}
	}
	at := func(c rooms.Cursor, e models.Event) string { return string(models.WithSeq(e.Payload, c.Seq)) }

	expect("v", "")
	add(t, l, "acme", Transition("v", 1, models.EventQueued))
	expect("v", "")
	e := Transition("v", 2, models.EventProgress)
	expect("v", at(add(t, l, "acme", e), e))
	e = Progress("v", 2, 20) // of the same revision as the transition
	expect("v", at(add(t, l, "acme", e), e))
	dropped(t, l, "acme", Progress("v", 1, 30))
	expect("v", at(rooms.Cursor{Seq: 3}, e))
	e = Transition("v", 3, models.EventProgress)
	expect("v", at(add(t, l, "acme", e), e))
	dropped(t, l, "acme", Progress("v", 2, 35))
	e = Progress("v", 3, 50)
	c := add(t, l, "acme", e)
	add(t, l, "acme", Transition("v", 4, models.EventUpdated)) // a new title: it still runs
	expect("v", at(c, e))
	for i, name := range []models.EventName{models.EventProcessed, models.EventFailed, models.EventCancelled, models.EventDeleted, models.EventQueued} {
		rev := int64(10 + 10*i)
		add(t, l, "acme", Transition("v", rev, models.EventProgress))
		add(t, l, "acme", Progress("v", rev, 70))
		add(t, l, "acme", Transition("v", rev+1, name))
		expect("v", "")
		dropped(t, l, "acme", Progress("v", rev, 80))
		expect("v", "")
	}
	// Without any known transition, as after a loss, progress is taken as it comes.
	e = Progress("unknown", 5, 5)
	expect("unknown", at(add(t, l, "acme", e), e))
	found, err := l.Progress(t.Context(), "other", "unknown")
	must(t, err)
	if len(found) != 0 {
		t.Error("another organization sees the progress")
	}
	if found, err = l.Progress(t.Context(), "acme"); err != nil || len(found) != 0 {
		t.Errorf("progress of no video: %v, %v", found, err)
	}
}
