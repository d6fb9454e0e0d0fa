//go:build !stock

package socketio

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// What a tail keeps it does not keep for ever.
func TestTailForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := newFakeHub()
		hub.publish(progress("a", 0))
		var tail tail
		tail.init("a", hub)
		kept := func() (pages, bytes int) {
			tail.mu.Lock()
			defer tail.mu.Unlock()
			return len(tail.pages) + len(tail.order), tail.bytes
		}
		if p, err := tail.after(t.Context(), rooms.Cursor{Epoch: epoch}); err != nil || len(p.entries) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		if pages, _ := kept(); pages == 0 {
			t.Error("nothing is kept")
		}
		time.Sleep(tailLife + time.Second)
		synctest.Wait()
		if pages, bytes := kept(); pages+bytes != 0 {
			t.Errorf("%d pages, %d bytes", pages, bytes)
		}
	})
}

// busyLog counts the reads at once.
type busyLog struct {
	mu        sync.Mutex
	now, most int
}

func (b *busyLog) After(context.Context, string, rooms.Cursor, int) ([]models.Event, error) {
	b.mu.Lock()
	b.now++
	b.most = max(b.most, b.now)
	b.mu.Unlock()
	time.Sleep(time.Millisecond)
	b.mu.Lock()
	b.now--
	b.mu.Unlock()
	return nil, nil
}

// However many clients come with places of their own, one organization reads
// the log a few times at once: the others want it, too.
func TestTailReadsFewAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log busyLog
		var tail tail
		tail.init("a", &log)
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				if _, err := tail.after(t.Context(), rooms.Cursor{Epoch: epoch, Seq: uint64(n)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if log.most != tailReads {
			t.Errorf("%d reads at once", log.most)
		}
	})
}
