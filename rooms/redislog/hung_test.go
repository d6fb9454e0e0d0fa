//go:build unix

package redislog

import (
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms/roomstest"
)

// TestHungRedis: a server that says nothing holds up no call longer than the
// timeout, and nothing is lost when it wakes.
func TestHungRedis(t *testing.T) {
	t.Parallel()
	p := spawn(t)
	l := New(newClient(t, p.addr), Options{Timeout: 300 * time.Millisecond})
	w := follow(t, l, "acme")
	subscribedTo(t, l, w, "acme")
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := l.Head(t.Context(), "acme"); models.CodeOf(err) != models.CodeUnavailable {
		t.Fatalf("head: %v", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Fatalf("a call of 300 ms took %v", took)
	}
	time.Sleep(silence + time.Second) // the subscribed connection is given up meanwhile
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	c := appendOne(t, l, "acme", roomstest.Note(1))
	w.await(t, "the event", 5*time.Second, func() bool { return w.at == c })
	if w.resets != 0 {
		t.Fatalf("%d resets", w.resets)
	}
}
