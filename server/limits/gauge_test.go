package limits

import (
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// holds returns how many a key holds.
func (g *Gauge[K]) holds(key K) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.places[key]; p != nil {
		return p.held
	}
	return 0
}

// Whatever is taken and given back, in whatever order: a gauge holds what was
// taken, never less than none, never more than its cap, key by key.
func TestGaugeHoldsWhatWasTaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(0, 4).Draw(t, "most")
		g := NewGauge[string](most)
		taken := map[string][]*Place[string]{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			if rapid.Bool().Draw(t, "take") {
				p := g.Take(key)
				if full := most > 0 && len(taken[key]) == most; full != (p == nil) {
					t.Fatalf("%d of %d held: took %v", len(taken[key]), most, p)
				}
				if p != nil {
					taken[key] = append(taken[key], p)
				}
			} else if n := len(taken[key]); n > 0 {
				taken[key][n-1].Leave()
				taken[key] = taken[key][:n-1]
			}
			keys := 0
			for _, key := range []string{"a", "b", "c"} {
				if got := g.holds(key); got != len(taken[key]) {
					t.Fatalf("%q holds %d, the gauge says %d", key, len(taken[key]), got)
				}
				if len(taken[key]) > 0 {
					keys++
				}
			}
			if g.Keys() != keys {
				t.Fatalf("remembers %d keys, want %d", g.Keys(), keys)
			}
		}
	})
}

func TestGaugeBearsBeingGivenBackTooOften(t *testing.T) {
	t.Parallel()
	g := NewGauge[string](1)
	p := g.Take("a")
	p.Leave()
	p.Leave()
	(*Place[string])(nil).Leave()
	if g.Take("a") == nil || g.Take("a") != nil {
		t.Error("the cap has moved")
	}
}

func TestGaugeUnderManyHands(t *testing.T) {
	t.Parallel()
	const most = 5
	g := NewGauge[int](most)
	var inside, got atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 500 {
				p := g.Take(1)
				if p == nil {
					continue
				}
				got.Add(1)
				if n := inside.Add(1); n > most {
					t.Errorf("%d inside", n)
				}
				inside.Add(-1)
				p.Leave()
			}
		})
	}
	all.Wait()
	if g.holds(1) != 0 || g.Keys() != 0 || got.Load() == 0 {
		t.Errorf("%d held, %d keys, %d taken", g.holds(1), g.Keys(), got.Load())
	}
}
