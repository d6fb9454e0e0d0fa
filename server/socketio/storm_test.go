package socketio

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsReleasedAfterAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var released atomic.Int64
		s := &storm{release: func() { released.Add(1) }}
		expect := func(want int64, when string) {
			t.Helper()
			synctest.Wait()
			if got := released.Load(); got != want {
				t.Errorf("%s: released %d times, want %d", when, got, want)
			}
		}
		for range stormSize - 1 {
			s.one()
		}
		time.Sleep(time.Hour)
		expect(0, "after too few")
		for range 10 {
			s.one()
			time.Sleep(calmTime * 2 / 3)
		}
		expect(0, "while they come")
		time.Sleep(calmTime)
		expect(1, "after the storm")
		for range stormSize {
			s.one()
		}
		time.Sleep(releaseTime / 2)
		expect(1, "so soon again")
		time.Sleep(releaseTime)
		expect(2, "later")
		time.Sleep(time.Hour)
		expect(2, "when nothing happens")
	})
}
