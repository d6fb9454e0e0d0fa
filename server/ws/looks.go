package ws

import (
	"context"
	"fmt"
	"sync"

	"reelroom/models"
)

// looks lets all that want to know how a batch stands at the same time find out
// by one read. Nobody is given one that had begun before he asked: it may lack
// what made him ask.
type looks struct {
	mu   sync.Mutex
	keys map[string]*looking
}

// looking is what is under way for a batch, and what comes after it.
type looking struct{ next *look }

type look struct {
	done  chan struct{}
	state models.BatchState
	err   error
}

// at returns what read returns.
func (l *looks) at(ctx context.Context, key string, read func() (models.BatchState, error)) (models.BatchState, error) {
	l.mu.Lock()
	k := l.keys[key]
	if k == nil {
		k = &looking{}
		if l.keys == nil {
			l.keys = map[string]*looking{}
		}
		l.keys[key] = k
		go l.run(key, k, read)
	}
	if k.next == nil {
		k.next = &look{done: make(chan struct{})}
	}
	mine := k.next
	l.mu.Unlock()
	select {
	case <-mine.done:
		return mine.state, mine.err
	case <-ctx.Done():
		return models.BatchState{}, ctx.Err()
	}
}

// run reads until nobody asks any more.
func (l *looks) run(key string, k *looking, read func() (models.BatchState, error)) {
	for {
		l.mu.Lock()
		now := k.next
		if k.next = nil; now == nil {
			delete(l.keys, key)
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		now.state, now.err = guarded(read)
		close(now.done)
	}
}

func guarded(read func() (models.BatchState, error)) (s models.BatchState, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return read()
}
