package queue

import (
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// Clocks that are five minutes apart, either way, hold nothing up and turn
// nothing round: what another node wrote is settled whatever time it bears, and
// events stand in the order of seq. Leases are the store's: see its own tests.
func TestClockOffByFiveMinutes(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": 5 * time.Minute, "behind": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			written := func(after time.Duration) models.Transition {
				return func(v *models.Video, now time.Time) error {
					v.UpdatedAt = now.Add(after)
					return nil
				}
			}
			r.create(t, "queued")
			r.advance(t, "queued", written(off))
			r.create(t, "taken")
			r.advance(t, "taken", written(off))
			if err := r.Pass(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			if n := r.waiting(t); n != 2 {
				t.Errorf("%d tasks wait, want 2", n)
			}
			// The next node's clock is right again: its event comes second all the same.
			r.advance(t, "taken", models.Claim("w", 1), written(0))
			r.pass(t)
			events, err := r.log.After(t.Context(), "acme", rooms.Cursor{}, 100)
			if err != nil {
				t.Fatal(err)
			}
			var names []models.EventName
			for i, e := range events {
				if e.Seq != uint64(i+1) {
					t.Errorf("event %d has seq %d", i+1, e.Seq)
				}
				if e.VideoID == "taken" {
					names = append(names, e.Name)
				}
			}
			if len(names) != 2 || names[0] != models.EventQueued || names[1] != models.EventProgress {
				t.Errorf("the video's events are %v", names)
			}
		})
	}
}
