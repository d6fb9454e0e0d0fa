package uploads

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// unblockEvery is how often a read that must end is told so: who reads sets a
// new deadline first.
const unblockEvery = 10 * time.Millisecond

// stoppable is a request's body whose reading another goroutine can end. It is
// there because tusd's own way is a data race when it comes before the first
// byte, and then may not stop the request at all.
type stoppable struct {
	io.ReadCloser
	control *http.ResponseController

	mu      sync.Mutex
	reading bool
	reason  error
}

// Read ends with the reason once there is one.
func (s *stoppable) Read(p []byte) (int, error) {
	s.mu.Lock()
	reason := s.reason
	s.reading = reason == nil
	s.mu.Unlock()
	if reason != nil {
		return 0, reason
	}
	n, err := s.ReadCloser.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	if err != nil && err != io.EOF && s.reason != nil {
		err = s.reason
	}
	return n, err
}

// ended returns the reason if there is one.
func (s *stoppable) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// stop ends the reading, now and from now on, for the first reason given.
func (s *stoppable) stop(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != nil {
		return
	}
	s.reason = reason
	go func() {
		for s.unblock() {
			time.Sleep(unblockEvery)
		}
	}()
}

// unblock reports whether a read is still under way. It touches the connection
// at no other time: afterwards that may be another request's.
func (s *stoppable) unblock() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading {
		_ = s.control.SetReadDeadline(time.Now())
	}
	return s.reading
}
