//go:build !stock

package socketio

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A node that is drained refuses who comes, and sends away who is there: each
// goes on at another node where it was, while events come all the time.
func TestDrainLosesNothing(t *testing.T) {
	t.Parallel()
	two := nodes(t, 2)
	hub := two[0].hub
	const clients, total = 60, 1500
	var ready, done sync.WaitGroup
	ready.Add(clients)
	gone := make(chan struct{})
	for range clients {
		done.Go(func() {
			var r resumer
			r.connect(t, two[0], "a:u1:viewer", nil)
			ready.Done()
			for {
				if _, _, err := r.take(); err != nil {
					break
				}
			}
			if !r.connect(t, two[1], "a:u1:viewer", nil) {
				t.Error("the session was not taken up")
			}
			r.upTo(t, total-1)
			r.inOrder(t, total)
		})
	}
	ready.Wait()
	go func() {
		defer close(gone)
		two[0].door.Drain(t.Context())
	}()
	for n := range total {
		hub.publish(progress("a", n))
		time.Sleep(100 * time.Microsecond)
	}
	<-gone
	status, _ := fetch(t, http.MethodGet, two[0].URL+"/socket.io/?EIO=4&transport=polling", "", "")
	if status != http.StatusServiceUnavailable {
		t.Errorf("a new connection got %d", status)
	}
	done.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := two[0].door.Close(ctx); err != nil {
		t.Error(err)
	}
}
