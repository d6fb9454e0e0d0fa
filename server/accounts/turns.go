package accounts

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns lets so many hash at once. Of those who wait, the ones that are known
// are let in before strangers, and neither can take the places of the other.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting [2][]chan struct{} // strangers, known; each oldest first
}

// take waits for a turn, which ends when leave is called.
func (t *turns) take(ctx context.Context, known bool) (leave func(), err error) {
	queue := &t.waiting[0]
	if known {
		queue = &t.waiting[1]
	}
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return t.leave, nil
	}
	if len(*queue) >= maxHashQueue {
		t.mu.Unlock()
		return nil, errBusy
	}
	turn := make(chan struct{})
	*queue = append(*queue, turn)
	t.mu.Unlock()
	wait := time.NewTimer(maxHashWait)
	defer wait.Stop()
	select {
	case <-turn:
		return t.leave, nil
	case <-wait.C:
		err = errBusy
	case <-ctx.Done():
		err = errBusy.Because(ctx.Err())
	}
	t.mu.Lock()
	i := slices.Index(*queue, turn)
	if i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // the turn came at this moment
		t.leave()
	}
	return nil, err
}

// leave gives the turn to the next.
func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range slices.Backward(t.waiting[:]) {
		if queue := &t.waiting[i]; len(*queue) > 0 {
			close((*queue)[0])
			*queue = slices.Delete(*queue, 0, 1)
			return
		}
	}
	t.free++
}
