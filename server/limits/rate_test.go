package limits

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestRateFillsWithTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRate[string](2, 3)
		for range 3 {
			if wait := r.Take("a"); wait != 0 {
				t.Fatalf("refused for %v with tokens left", wait)
			}
		}
		if wait := r.Take("b"); wait != 0 {
			t.Errorf("another key waits %v", wait)
		}
		for range 10 { // a refusal costs nothing
			if wait, look := r.Take("a"), r.Look("a"); wait != time.Second/2 || look != wait {
				t.Fatalf("waits %v, and %v by its look; want 500ms", wait, look)
			}
		}
		time.Sleep(time.Second / 2)
		if wait := r.Look("a"); wait != 0 {
			t.Errorf("after the wait it waits %v", wait)
		}
		if wait := r.Take("a"); wait != 0 {
			t.Errorf("after the wait it is refused for %v", wait)
		}
		if r.Take("a") == 0 {
			t.Error("two tokens came in the time of one")
		}
	})
}

func TestRateForgetsWhoIsIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRate[int](1, 10) // full again after 10 s
		for i := range 100 {
			r.Take(i)
		}
		time.Sleep(6 * time.Second)
		for i := range 20 {
			r.Take(i)
		}
		if r.Keys() != 100 {
			t.Errorf("%d keys before the time, want 100", r.Keys())
		}
		time.Sleep(5 * time.Second)
		if r.Keys() != 20 {
			t.Errorf("%d keys, want the 20 used last", r.Keys())
		}
		time.Sleep(10 * time.Second)
		r.Take(1000)
		if len(r.buckets) != 1 || r.order.Len() != 1 {
			t.Errorf("%d keys, want the new one", len(r.buckets))
		}
	})
}

func TestRateRemembersSoManyKeys(t *testing.T) {
	t.Parallel()
	r := NewRate[string](0.001, 1)
	r.most = 3
	for _, key := range []string{"a", "b", "c"} {
		r.Take(key)
	}
	if r.Take("a") == 0 { // refused, and used last
		t.Fatal("taken twice")
	}
	r.Take("d")
	if r.Keys() != 3 || r.Look("b") != 0 || r.Look("a") == 0 || r.Look("d") == 0 {
		t.Errorf("%d keys: the oldest, b, should have gone", r.Keys())
	}
	for i := range 1000 {
		r.Take(fmt.Sprint(i))
	}
	if r.Keys() != 3 || r.order.Len() != 3 {
		t.Errorf("%d keys, %d in order", r.Keys(), r.order.Len())
	}
}

func TestRateOfNothingRefusesNothing(t *testing.T) {
	t.Parallel()
	r := NewRate[string](0, 0)
	for range 1000 {
		if r.Take("a") != 0 || r.Look("a") != 0 {
			t.Fatal("refused")
		}
	}
	if r.Keys() != 0 {
		t.Error("a limit that is off remembers keys")
	}
}

// In no stretch of time does a key get more than the burst and what came since;
// and whoever waits as long as told gets in.
func TestRateKeepsItsPromise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		burst := rapid.IntRange(1, 20).Draw(rt, "burst")
		perSecond := rapid.Float64Range(0.1, 50).Draw(rt, "rate")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 80).Draw(rt, "pauses")
		var failure string
		synctest.Test(t, func(*testing.T) {
			r, began, got := NewRate[string](perSecond, burst), time.Now(), 0
			for _, ms := range pauses {
				time.Sleep(time.Duration(ms) * time.Millisecond)
				wait := r.Take("a")
				if wait == 0 {
					got++
				} else {
					time.Sleep(wait + time.Microsecond) // a float's rounding
					if again := r.Take("a"); again != 0 {
						failure = fmt.Sprintf("told to wait %v, then refused for %v", wait, again)
						return
					}
					got++
				}
				if most := float64(burst) + perSecond*time.Since(began).Seconds() + 1e-6; float64(got) > most {
					failure = fmt.Sprintf("got %d of %f", got, most)
					return
				}
			}
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	})
}
