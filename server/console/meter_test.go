package console

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// settled waits for a moment in the middle of a slot.
func settled() { time.Sleep(width - time.Duration(time.Now().UnixNano()%int64(width)) + width/2) }

func (m *Meter) series(org string) series {
	all := series{}
	all.take(m.past(org))
	return all
}

func TestMeterKeepsTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		settled()
		for i := range 3 * slots / 2 {
			m.Events("acme", 10)
			for range 10 {
				m.Socket("acme", 4, time.Duration(i+1)*time.Millisecond)
			}
			m.Delivered("acme", 5)
			time.Sleep(width)
		}
		points := m.series("acme").points(time.Now())
		if len(points) != slots-1 {
			t.Fatalf("%d points, want %d: all but the slot that has not ended", len(points), slots-1)
		}
		for i, p := range points {
			if p.Events != 2 || p.Delivered != 9 || p.Waiting != nil || p.Connections != nil {
				t.Fatalf("point %d: %+v", i, p)
			}
			want := float64(3*slots/2 - len(points) + i + 1)
			if p.P50Ms == nil || *p.P50Ms < want/stepFactor || *p.P50Ms > want*stepFactor {
				t.Fatalf("point %d: the median is %v of %v", i, *p.P50Ms, want)
			}
		}
		if last := points[len(points)-1].At; time.Since(last) > 2*width {
			t.Errorf("the last point is of %v", last)
		}
		recent := m.series("acme").recent(time.Now())
		if recent.P50Ms == nil || recent.P99Ms == nil || *recent.P50Ms > *recent.P99Ms || *recent.P99Ms < 100 {
			t.Errorf("the latency of the last minute: %+v", recent)
		}
		if other := m.series("other").points(time.Now()); len(other) != 0 {
			t.Errorf("of another organization there is %+v", other)
		}
		time.Sleep(slots * width)
		if old := m.series("acme").points(time.Now()); len(old) != 0 {
			t.Errorf("after ten quiet minutes there are %d points", len(old))
		}
		if left := m.organizations(); len(left) != 0 {
			t.Errorf("and %q is remembered", left)
		}
	})
}

// Of more organizations than are measured, those that came first are, until
// nothing is heard of them.
func TestMeterIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		for i := range 2 * maxTracks {
			m.Events(fmt.Sprint("org", i), 1)
		}
		if len(m.tracks) != maxTracks || len(m.past("org0")) != 1 || len(m.past(fmt.Sprint("org", maxTracks))) != 0 {
			t.Fatalf("%d are measured", len(m.tracks))
		}
		time.Sleep((slots + 1) * width)
		m.Events("late", 1)
		if len(m.tracks) != 1 || len(m.past("late")) != 1 {
			t.Errorf("%d are measured after a quiet time", len(m.tracks))
		}
	})
}

// What is only looked at is not remembered for that.
func TestSamplesRememberNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		m.sampled("acme", func(s *slot) { s.waiting = 1 })
		if len(m.tracks) != 0 {
			t.Error("a sample began a track")
		}
		m.Events("acme", 1)
		for range slots + 1 {
			time.Sleep(width)
			m.sampled("acme", func(s *slot) { s.waiting = 1 })
		}
		if left := m.organizations(); len(left) != 0 {
			t.Errorf("%q is remembered", left)
		}
	})
}

func TestManyMeasureAtOnce(t *testing.T) {
	t.Parallel()
	m := NewMeter()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 2000 {
				m.Socket(fmt.Sprint(i%3), 1, time.Millisecond)
				m.Events(fmt.Sprint(i%3), 1)
				m.past(fmt.Sprint(i % 3))
			}
		})
	}
	all.Wait()
	sum := uint32(0)
	for i := range 3 {
		for _, s := range m.past(fmt.Sprint(i)) {
			sum += s.Events
		}
	}
	if sum != 16000 {
		t.Errorf("%d of 16000 events were counted", sum)
	}
}

func TestQuantilesAreNearTheTruth(t *testing.T) {
	t.Parallel()
	var a ages
	if a.quantile(.5) != nil {
		t.Error("nothing has a median")
	}
	for i := 1; i <= 10_000; i++ { // 0.1 ms to 1 s
		a[stepOf(time.Duration(i)*100*time.Microsecond)]++
	}
	for q, want := range map[float64]float64{.5: 500, .99: 990, .01: 10} {
		if got := a.quantile(q); math.Abs(*got-want) > want*.18 {
			t.Errorf("the %v quantile is %v, want about %v", q, *got, want)
		}
	}
	for _, age := range []time.Duration{0, 1, firstStep, firstStep + 1, time.Second, time.Hour, math.MaxInt64} {
		n := stepOf(age)
		ms := float64(age) / float64(time.Millisecond)
		if n < 0 || n >= steps || n > 0 && ms < bounds[n-1]*.999 || n < len(bounds) && ms > bounds[n]*1.001 {
			t.Errorf("%v is in step %d", age, n)
		}
	}
	var all ages
	all[steps-1] = 1
	if got := all.quantile(.99); *got < bounds[steps-2] {
		t.Errorf("the oldest are %v ms old", *got)
	}
}

// What two nodes measured is put together: each was told the same events.
func TestNodesMeasureTogether(t *testing.T) {
	t.Parallel()
	one, two := new(ages), new(ages)
	one[3], two[9] = 5, 7
	all := series{}
	all.take([]span{{Number: 7, Events: 10, Delivered: 100, Ages: one, Connections: 3, Waiting: -1, Running: -1}})
	all.take([]span{{Number: 7, Events: 9, Delivered: 50, Ages: two, Connections: -1, Waiting: 2, Running: 1}, {Number: 9, Events: 5, Connections: -1, Waiting: -1, Running: -1}})
	p := all.points(time.Unix(0, 10*int64(width)))
	if len(p) != 3 || p[0].Events != 2 || p[0].Delivered != 30 || *p[0].Connections != 3 || *p[0].Waiting != 2 || *p[0].Running != 1 {
		t.Fatalf("%+v", p)
	}
	if p[1].Events != 0 || p[1].Connections != nil || p[2].Events != 1 || p[2].P50Ms != nil {
		t.Errorf("%+v", p[1:])
	}
	if *p[0].P99Ms < bounds[8] || *p[0].P50Ms > bounds[9] || one[9] != 7 {
		t.Errorf("latency %v, %v", *p[0].P50Ms, *p[0].P99Ms)
	}
}

func BenchmarkSocket(b *testing.B) {
	m := NewMeter()
	for b.Loop() {
		m.Socket("acme", 100, 3*time.Millisecond)
	}
}
