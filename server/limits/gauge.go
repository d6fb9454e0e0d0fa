package limits

import "sync"

// Gauge counts what is held at once under each key, such as the connections of
// a user, and holds it below a cap. It remembers only keys that hold something.
type Gauge[K comparable] struct {
	most int // 0: no cap, but counted

	mu     sync.Mutex
	places map[K]*Place[K]
}

// Place is what a key holds: all its holders share one.
type Place[K comparable] struct {
	gauge *Gauge[K]
	key   K
	held  int // guarded by the gauge
}

// NewGauge makes a gauge that lets each key hold at most so many; 0 means
// without end.
func NewGauge[K comparable](most int) *Gauge[K] {
	return &Gauge[K]{most: most, places: map[K]*Place[K]{}}
}

// Take takes a place, or returns nil where the key holds as many as it may. Who
// has taken one gives it back, once, with [Place.Leave].
func (g *Gauge[K]) Take(key K) *Place[K] {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.places[key]
	if p == nil {
		p = &Place[K]{gauge: g, key: key}
		g.places[key] = p
	}
	if g.most > 0 && p.held >= g.most {
		return nil
	}
	p.held++
	return p
}

// Leave gives a place back. It does nothing on nil.
func (p *Place[K]) Leave() {
	if p == nil {
		return
	}
	g := p.gauge
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.held == 0 {
		return // given back more often than taken
	}
	if p.held--; p.held == 0 {
		delete(g.places, p.key)
	}
}

// Keys returns how many keys hold something.
func (g *Gauge[K]) Keys() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.places)
}
