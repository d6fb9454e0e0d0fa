package mongostore

import (
	"context"
	"hash/maphash"
	"sync"
)

// turns lets the callers of this process change one video one after another,
// instead of losing compare-and-sets to each other. It saves work only: what
// keeps writes apart is the version.
type turns struct {
	once  sync.Once
	seed  maphash.Seed
	slots [64]chan struct{}
}

// take waits for the turn of a key; free gives it on.
func (t *turns) take(ctx context.Context, key string) (free func(), err error) {
	t.once.Do(func() {
		t.seed = maphash.MakeSeed()
		for i := range t.slots {
			t.slots[i] = make(chan struct{}, 1)
		}
	})
	slot := t.slots[maphash.String(t.seed, key)%uint64(len(t.slots))]
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
