package sqlitestore

import (
	"context"
	"sync"
	"time"
)

const (
	// maxSearches is how many queries may look through all titles of an
	// organization side by side: the other readers are for those who know what
	// they ask for.
	maxSearches = readers / 2
	// searchTime is how long a search may wait for its turn.
	searchTime = 5 * time.Second
)

// searches lets organizations search one at a time, each once: a search reads
// the keys of a whole library, and who asks for many keeps nobody else waiting
// for more than one.
type searches struct {
	slots chan struct{}

	mu   sync.Mutex
	orgs map[string]*turn // of those that search or wait
}

type turn struct {
	slot chan struct{}
	held int // by how many, with those that wait
}

func newSearches() *searches {
	return &searches{slots: make(chan struct{}, maxSearches), orgs: map[string]*turn{}}
}

// take waits for the organization's turn and then for a slot; free gives them
// back. The error is that of a context.
func (s *searches) take(ctx context.Context, org string) (free func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	s.mu.Lock()
	own := s.orgs[org]
	if own == nil {
		own = &turn{slot: make(chan struct{}, 1)}
		s.orgs[org] = own
	}
	own.held++
	s.mu.Unlock()
	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if own.held--; own.held == 0 {
			delete(s.orgs, org)
		}
	}
	select {
	case own.slot <- struct{}{}:
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots; <-own.slot; leave() }, nil
	case <-ctx.Done():
		<-own.slot
		leave()
		return nil, ctx.Err()
	}
}
