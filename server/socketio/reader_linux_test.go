//go:build !stock

package socketio

import (
	"testing"
	"time"
)

// Nobody waits for what a silent client may say.
func TestSilentSocketHasNoGoroutine(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	const clients = 20
	for range clients {
		connectRaw(t, s, "a:u:viewer")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		quiet := 0
		for _, r := range s.door.links.reading() {
			r.reader.mu.Lock()
			if !r.reader.busy && r.reader.token.Load() != 0 {
				quiet++
			}
			r.reader.mu.Unlock()
		}
		if quiet == clients {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d are read without a goroutine", quiet, clients)
		}
	}
}
