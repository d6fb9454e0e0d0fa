package redislog

import (
	"maps"
	"sync"
	"testing"
)

func testFigures(t *testing.T, s server) {
	a, b := New(newClient(t, s.addr), Options{}), New(newClient(t, s.addr), Options{})
	if all, err := a.Figures(t.Context()); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	var done sync.WaitGroup
	for range 20 {
		done.Go(func() { a.Count(t.Context(), "videos processed", 1) })
		done.Go(func() { b.Count(t.Context(), "files accepted", 3) })
	}
	done.Wait()
	want := map[string]int64{"videos processed": 20, "files accepted": 60}
	for _, l := range []*Log{a, b} {
		if all, err := l.Figures(t.Context()); err != nil || !maps.Equal(all, want) {
			t.Error(all, err)
		}
	}
}

func TestFiguresOnMiniredis(t *testing.T) {
	t.Parallel()
	s, _ := mini(t)
	testFigures(t, s)
}

func TestFiguresOnRedis(t *testing.T) {
	t.Parallel()
	testFigures(t, spawn(t).server())
}
