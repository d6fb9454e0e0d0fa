package auth

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"reelroom/models"
)

const (
	// fetchTime bounds one fetch of the key set.
	fetchTime = 5 * time.Second
	// refreshEvery is how often the set is fetched anyway; a key that the issuer
	// has taken out is refused from then on.
	refreshEvery = 5 * time.Minute
	// fetchPause is the time between the end of one fetch and the next that an
	// unknown kid may cause; retryPause is the time after a fetch that failed.
	fetchPause = 10 * time.Second
	retryPause = 2 * time.Second
	// maxWaiting bounds how many tokens wait for one fetch.
	maxWaiting = 4096
)

var (
	errUnknownKey     = errors.New("the token names a key that is not known")
	errOtherAlgorithm = errors.New("the token's key is for another algorithm")
)

// keySet is the issuer's keys. A token whose kid is known waits for nothing. One
// whose kid is not known may cause a fetch: there is one at a time, its result
// is for all who wait, and between two of them there is a pause.
type keySet struct {
	url    string
	client *http.Client
	logger *slog.Logger
	// ctx ends the fetches; no fetch ends with the request that caused it.
	ctx context.Context

	mu      sync.Mutex
	keys    map[string][]setKey // by kid; nil before the first good fetch
	flight  *flight             // the fetch that is under way, or nil
	next    time.Time           // before it an unknown kid causes no fetch
	failed  bool                // the last fetch did not succeed
	waiting int
}

// flight is a fetch.
type flight struct {
	// done is closed when the result stands in the keySet.
	done chan struct{}
	// asked tells that an unknown kid caused the fetch: then a pause follows.
	asked bool
}

// newKeySet fetches the set once, and then from time to time until ctx ends.
func newKeySet(ctx context.Context, url string, transport http.RoundTripper, logger *slog.Logger) *keySet {
	s := &keySet{url: url, logger: logger, ctx: ctx, client: &http.Client{
		Transport: transport,
		// The keys come from the address that the operator gave, from no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.fetchNow()
	s.mu.Lock()
	s.next = time.Time{} // the issuer may come up a moment after this server
	s.mu.Unlock()
	go s.refresh()
	return s
}

// refresh fetches the set at every interval, and sooner while that fails.
func (s *keySet) refresh() {
	for {
		s.mu.Lock()
		pause := refreshEvery
		if s.failed {
			pause = max(retryPause, time.Until(s.next))
		}
		s.mu.Unlock()
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			s.fetchNow()
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// fetchNow joins the fetch that is under way or starts one, and waits for it.
func (s *keySet) fetchNow() {
	s.mu.Lock()
	f := s.start(false)
	s.mu.Unlock()
	<-f.done
}

// start returns the fetch that is under way, or a new one; mu is held.
func (s *keySet) start(asked bool) *flight {
	if s.flight == nil {
		s.flight = &flight{done: make(chan struct{}), asked: asked}
		go s.run(s.flight)
	}
	return s.flight
}

func (s *keySet) run(f *flight) {
	ctx, cancel := context.WithTimeout(s.ctx, fetchTime)
	defer cancel()
	keys, err := s.fetch(ctx)
	if err != nil && s.ctx.Err() == nil {
		s.logger.Warn("the key set of the token issuer (JWT_JWKS_URL) could not be fetched", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed = err != nil; s.failed {
		s.next = time.Now().Add(retryPause)
	} else {
		s.tell(keys)
		s.keys = keys
		if f.asked {
			s.next = time.Now().Add(fetchPause)
		}
	}
	s.flight = nil
	close(f.done)
}

// tell logs which keys came and went; mu is held.
func (s *keySet) tell(keys map[string][]setKey) {
	kids := func(m map[string][]setKey) []string { return slices.Sorted(maps.Keys(m)) }
	if before, now := kids(s.keys), kids(keys); s.keys == nil || !slices.Equal(before, now) {
		s.logger.Info("the key set of the token issuer was fetched", "keys", len(now), "before", len(before))
	}
	if len(keys) == 0 {
		s.logger.Warn("the key set of the token issuer (JWT_JWKS_URL) holds no key that can be used: no token of it is taken")
	}
}

// keysOf returns the keys of a kid for the algorithm. A kid that is not known
// waits for a fetch, where there may be one: [models.CodeUnavailable] when the
// set could not be fetched, so that nobody knows whether the key is good.
func (s *keySet) keysOf(ctx context.Context, alg, kid string) ([]any, error) {
	if kid == "" {
		return nil, errors.New("the token names no key (kid)")
	}
	// Twice: the first fetch may have begun before the token was made.
	for range 2 {
		keys, f, err := s.look(kid)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return forAlgorithm(keys, alg)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
		}
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
		if ctx.Err() != nil {
			return nil, errKeysUnknown(retryPause).Because(ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys := s.keys[kid]; keys != nil {
		return forAlgorithm(keys, alg)
	}
	return nil, s.unknown()
}

// look returns the keys of a kid or a fetch to wait for, which then counts the
// caller as waiting.
func (s *keySet) look(kid string) (keys []setKey, f *flight, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys = s.keys[kid]; keys != nil {
		return keys, nil, nil
	}
	if s.flight == nil && time.Now().Before(s.next) {
		return nil, nil, s.unknown()
	}
	if s.waiting >= maxWaiting {
		return nil, nil, errKeysUnknown(retryPause)
	}
	s.waiting++
	return nil, s.start(true), nil
}

// unknown is the error for a kid that is not in the set; mu is held.
func (s *keySet) unknown() error {
	if s.keys == nil || s.failed {
		return errKeysUnknown(max(time.Until(s.next), time.Second))
	}
	return errUnknownKey
}

func errKeysUnknown(again time.Duration) *models.Error {
	return models.Errorf(models.CodeUnavailable, "The keys of the token issuer are not known yet.").Again(again)
}

// forAlgorithm returns the keys that are for the algorithm.
func forAlgorithm(keys []setKey, alg string) ([]any, error) {
	var fit []any
	for _, k := range keys {
		if k.alg == alg {
			fit = append(fit, k.key)
		}
	}
	if len(fit) == 0 {
		return nil, errOtherAlgorithm
	}
	return fit, nil
}
