package roomstest

import (
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// life makes the events of one life of a video: rev n changed n seconds after
// start.
type life struct {
	video string
	start time.Time
}

func (v life) event(rev int64, name models.EventName) models.Event {
	return changed(v.video, rev, name, v.start.Add(time.Duration(rev)*time.Second))
}

// names of a whole life; rev 1 is the first.
var wholeLife = []models.EventName{
	models.EventQueued, models.EventProgress, models.EventProgress, models.EventProgress, models.EventProcessed, models.EventDeleted,
}

// testLives: a video is deleted and made again under the same id. Nothing of
// the next life is taken for a double of the last one, and nothing late of the
// last one for news.
func testLives(t *testing.T, open Open) {
	b := open(t, Limits{})
	l, other := b.Log(), b.Log()
	repeat := func(v life) {
		t.Helper()
		for i, name := range wholeLife {
			dropped(t, other, "acme", v.event(int64(i+1), name))
		}
	}
	progress := func(video string, want bool) {
		t.Helper()
		found, err := l.Progress(t.Context(), "acme", video)
		must(t, err)
		if _, ok := found[video]; ok != want {
			t.Errorf("a last progress: %v, want %v", ok, want)
		}
	}
	update := Transition("v", 1, models.EventUpdated) // from outside, who may be late
	update.Transition = false
	start, seq := began, uint64(0)
	var before []life
	for range 3 {
		v := life{"v", start}
		for i, name := range wholeLife {
			rev := int64(i + 1)
			c := add(t, l, "acme", v.event(rev, name))
			if again := dropped(t, other, "acme", v.event(rev, name)); again != c {
				t.Errorf("the double of %v is told to be at %v", c, again)
			}
			for _, old := range before {
				repeat(old)
			}
			if name == models.EventProgress {
				add(t, l, "acme", Progress("v", rev, 50))
				dropped(t, l, "acme", Progress("v", rev-1, 40))
				add(t, l, "acme", update)
			}
			progress("v", name == models.EventProgress)
		}
		repeat(v)
		dropped(t, l, "acme", Progress("v", 4, 90)) // of a worker that has not heard yet
		dropped(t, l, "acme", update)
		progress("v", false)
		seq += uint64(len(wholeLife)) + 6
		before = append(before, v)
		start = start.Add(time.Minute)
	}
	if head, err := l.Head(t.Context(), "acme"); err != nil || head.Seq != seq {
		t.Errorf("head %v, want seq %d, %v", head, seq, err)
	}
	// The first revisions of the next life were never told.
	next := life{"v", start}
	add(t, l, "acme", next.event(3, models.EventProgress))
	progress("v", true)
	dropped(t, l, "acme", next.event(1, models.EventQueued))
	repeat(before[2])
	progress("v", true)
	add(t, l, "acme", next.event(4, models.EventFailed))

	// Deleted and made again within one tick of the clock.
	gone := changed("quick", 2, models.EventDeleted, began)
	add(t, l, "acme", changed("quick", 1, models.EventQueued, began))
	add(t, l, "acme", gone)
	add(t, l, "acme", changed("quick", 1, models.EventQueued, began))
	dropped(t, l, "acme", gone)

	// A deletion that is told twice was the last word, also where no other was.
	lone := life{"lone", began}
	place := add(t, l, "acme", lone.event(6, models.EventDeleted))
	if again := dropped(t, other, "acme", lone.event(6, models.EventDeleted)); again != place {
		t.Errorf("the double of %v is told to be at %v", place, again)
	}
	repeat(lone)
	if c := add(t, l, "acme", life{"lone", start}.event(1, models.EventQueued)); c == (rooms.Cursor{}) {
		t.Error("no place")
	}
}
