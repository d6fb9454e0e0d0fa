package socketio

import (
	"runtime/debug"
	"sync"
	"time"
)

const (
	// stormSize is how many connections must have come or gone since the last
	// release for another to be worth while.
	stormSize = 1000
	// calmTime is how long it must have been calm before.
	calmTime = 3 * time.Second
	// releaseTime is how far apart releases are at least.
	releaseTime = time.Minute
)

// storm notices that many connections came or went, and gives what that has
// used for a moment back to the system when it is over. By itself the runtime
// would keep about as much as is in use, for the garbage of the next such time.
type storm struct {
	release func()

	mu       sync.Mutex
	count    int
	last     time.Time // one came or went
	released time.Time
	armed    bool
}

func newStorm() *storm { return &storm{release: debug.FreeOSMemory} }

// one tells that a connection came or went.
func (s *storm) one() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if s.count++; s.count >= stormSize && !s.armed {
		s.armed = true
		time.AfterFunc(calmTime, s.check)
	}
}

func (s *storm) check() {
	s.mu.Lock()
	now := time.Now()
	wait := max(s.last.Add(calmTime).Sub(now), s.released.Add(releaseTime).Sub(now))
	if wait > 0 {
		time.AfterFunc(wait, s.check)
		s.mu.Unlock()
		return
	}
	s.armed, s.count, s.released = false, 0, now
	s.mu.Unlock()
	s.release()
}
