//go:build !stock

package socketio

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Connections that end in every way, some in the middle of something, leave
// nothing behind: not here, and not in the library.
func TestConnectionsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	ends := []func(){
		func() { _ = connectRaw(t, s, "a:u:viewer").conn.Close() },
		func() {
			c := dialRaw(t, s, "EIO=4&transport=websocket")
			c.send(connectPacket("a:u:viewer"))
			_ = c.conn.Close() // before the answer
		},
		func() { connectPoll(t, s, "a:u:viewer").post("1") },
		func() {
			c := connectPoll(t, s, "a:u:viewer")
			w := dialRaw(t, s, strings.SplitN(c.url, "?", 2)[1][len("EIO=4&transport=polling"):]+"&EIO=4&transport=websocket")
			w.send("2probe")
			w.send("5")
			_ = w.conn.Close() // in the middle of the upgrade
		},
	}
	var clients, publishing sync.WaitGroup
	stop := make(chan struct{})
	publishing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				s.hub.publish(progress("a", n))
			}
		}
	})
	for worker := range 8 {
		clients.Go(func() {
			for n := range 50 {
				ends[(worker+n)%len(ends)]()
			}
		})
	}
	clients.Wait()
	close(stop)
	publishing.Wait()
	left := func() bool {
		now := s.door.Stats()
		return now.Sockets+now.Rooms+now.Polling+now.WebSocket+s.hub.listeners("a") != 0 ||
			s.door.io.Sockets().Sockets().Len() != 0 || len(s.door.links.reading()) != 0
	}
	for deadline := time.Now().Add(2 * patience); left(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %+v, %d in the library's namespace, %d read",
				s.door.Stats(), s.door.io.Sockets().Sockets().Len(), len(s.door.links.reading()))
		}
	}
}
