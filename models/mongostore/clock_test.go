package mongostore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The server's clock counts, and it is asked rarely.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := 5 * time.Minute
		asked := 0
		c := clock{ask: func(context.Context) (time.Time, error) {
			asked++
			time.Sleep(10 * time.Millisecond) // there
			now := time.Now().Add(ahead)
			time.Sleep(10 * time.Millisecond) // and back
			return now, nil
		}}
		for range 10 {
			now, err := c.now(t.Context())
			if off := now.Sub(time.Now().Add(ahead)); err != nil || off != 0 {
				t.Fatalf("off by %v, %v", off, err)
			}
			time.Sleep(clockTime / 10)
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		time.Sleep(clockTime)
		ahead = -time.Minute // another primary
		if now, err := c.now(t.Context()); err != nil || !now.Equal(time.Now().Add(ahead)) || asked != 2 {
			t.Errorf("%v, %v, asked %d times", now, err, asked)
		}
	})
}

func TestClockWithoutServer(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	c := clock{ask: func(context.Context) (time.Time, error) { return time.Time{}, gone }}
	if _, err := c.now(t.Context()); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	var turns turns
	free, err := turns.take(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.take(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a taken turn: %v", err)
	}
	free()
	if free, err = turns.take(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	free()
}
