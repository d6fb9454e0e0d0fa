package sio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"reelroom/server/harness/sio"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(closing{m})
}

// closing lets go of idle connections before goroutines are counted.
type closing struct{ *testing.M }

func (c closing) Run() int {
	code := c.M.Run()
	http.DefaultClient.CloseIdleConnections()
	return code
}

func fixed(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

func receive[T any](t *testing.T, ctx context.Context, from <-chan T) T {
	t.Helper()
	select {
	case x := <-from:
		return x
	case <-ctx.Done():
		t.Fatal("nothing came in time")
		panic("unreachable")
	}
}

// inOrder expects events whose payload's n goes from first to last.
func inOrder(t *testing.T, ctx context.Context, events <-chan sio.Event, first, last int) {
	t.Helper()
	for want := first; want <= last; want++ {
		e := receive(t, ctx, events)
		var payload struct{ N int }
		if err := json.Unmarshal(e.Payload(), &payload); err != nil || payload.N != want {
			t.Fatalf("event %s %s, want n %d", e.Name, e.Payload(), want)
		}
	}
}
