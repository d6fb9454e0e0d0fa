//go:build !stock

package socketio

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Events go on while a client changes from polling to WebSocket: each comes
// once, in order, on one or the other.
func TestNothingIsLostWhileTheTransportChanges(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	for range 20 {
		c := connectPoll(t, s, "a:u:viewer")
		const events = 300
		var publishing sync.WaitGroup
		publishing.Go(func() {
			for n := range events {
				s.hub.publish(progress("a", n))
				time.Sleep(50 * time.Microsecond)
			}
		})
		want := 0
		take := func(text string) {
			t.Helper()
			if got := number(t, text); got != want {
				t.Fatalf("event %d came as number %d", got, want)
			}
			want++
		}
		for range 5 {
			take(c.next())
		}
		w := dialRaw(t, s, strings.SplitN(c.url, "?", 2)[1][len("EIO=4&transport=polling"):]+"&EIO=4&transport=websocket")
		w.send("2probe")
		w.expect("3probe")
		// The client takes what a last poll brings, and says that it has changed.
		for text := c.next(); ; text, c.pending = c.pending[0], c.pending[1:] {
			if text != "6" {
				take(text)
			}
			if len(c.pending) == 0 {
				break
			}
		}
		time.Sleep(2 * time.Millisecond)
		w.send("5")
		for want < events {
			text, err := w.next()
			if err != nil {
				t.Fatalf("after %d events: %v", want, err)
			}
			take(text)
		}
		publishing.Wait()
		_ = w.conn.Close()
	}
	if slow := s.door.Stats().Slow; slow != 0 {
		t.Errorf("%d connections were cut as slow", slow)
	}
}
