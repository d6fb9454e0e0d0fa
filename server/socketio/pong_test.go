//go:build !stock

package socketio

import (
	"sync/atomic"
	"testing"
	"time"
)

// Clients that answer each ping at once are not taken for silent. The library
// begins to wait for the answer only after it has sent the ping: an answer that
// overtakes that leaves a timer behind, which closes the connection later.
func TestFastPongIsNotTakenForSilence(t *testing.T) {
	t.Parallel()
	s := startServerWith(t, nil, func(c *Config) {
		c.PingInterval, c.PingTimeout = 20*time.Millisecond, 4*time.Second
	})
	var lost atomic.Int64
	clients := make([]*rawClient, 30)
	for i := range clients {
		clients[i] = connectRaw(t, s, "a:u:admin")
		go func() {
			for {
				_ = clients[i].conn.SetReadDeadline(time.Now().Add(patience))
				if _, data, err := clients[i].conn.ReadMessage(); err != nil {
					lost.Add(1)
					return
				} else if string(data) == "2" {
					_ = clients[i].conn.WriteMessage(1, []byte("3"))
				}
			}
		}()
	}
	time.Sleep(6 * time.Second) // thousands of pings; time itself is tested
	if n := lost.Load(); n > 0 {
		t.Errorf("%d of %d clients that answered were cut", n, len(clients))
	}
}
