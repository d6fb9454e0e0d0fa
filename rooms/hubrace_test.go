package rooms_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/rooms/roomstest"
)

// TestHubJoinsInABurst: listeners come and go while events rush by. Each hears
// exactly what follows its start, whichever moment it came in, and those who
// stay hear it to the end.
func TestHubJoinsInABurst(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	open := func() *redislog.Log {
		c := redis.NewClient(&redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = c.Close() })
		return redislog.New(c, redislog.Options{})
	}
	h, sender := rooms.NewHub(open(), quiet), open()
	defer h.Close()
	orgs := []string{"acme", "a}:b{"}
	stop := make(chan struct{})
	var wg, leaving sync.WaitGroup
	var mu sync.Mutex
	stayed := make(map[string][]*ear)
	heads := make(map[string]rooms.Cursor)
	for i := range 8 {
		leaving.Go(func() {
			for n := 0; ; n++ {
				org := orgs[(i+n)%len(orgs)]
				e, end := listen(t, h, org)
				time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
				if n%10 == 0 {
					mu.Lock()
					stayed[org] = append(stayed[org], e)
					mu.Unlock()
					t.Cleanup(end)
				} else {
					end()
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for _, org := range orgs {
		for a := range 4 {
			wg.Go(func() {
				for n := range 60 {
					e := roomstest.Note(n)
					e.ID = fmt.Sprint(a, "/", n)
					c, fresh, err := sender.Append(t.Context(), org, e)
					if err != nil || !fresh {
						t.Errorf("append: %v, fresh %v", err, fresh)
						return
					}
					mu.Lock()
					if c.Seq > heads[org].Seq {
						heads[org] = c
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	close(stop)
	leaving.Wait()
	for org, ears := range stayed {
		for _, e := range ears {
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
				e.mu.Lock()
				at, resets := e.at, e.resets
				e.mu.Unlock()
				if resets > 0 {
					t.Fatalf("%q: reset", org)
				}
				if at == heads[org] {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%q: at %v, head %v", org, at, heads[org])
				}
			}
		}
	}
	t.Logf("%d and %d listeners stayed to %v", len(stayed[orgs[0]]), len(stayed[orgs[1]]), heads)
}
