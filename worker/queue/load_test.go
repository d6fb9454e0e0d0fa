package queue

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// Each organization is told its own load, and no other's.
func TestLoads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redis *redis.Client) {
		c, ctx := NewClient(redis), t.Context()
		if loads, err := c.Loads(ctx, "acme", "globex"); err != nil || len(loads) != 2 || loads[0] != (Load{}) {
			t.Fatalf("of an empty queue: %+v, %v", loads, err)
		}
		for i := range 5 {
			if err := c.Enqueue(ctx, "acme", task("acme", fmt.Sprint("v", i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Enqueue(ctx, "Ünïq:o.rg", task("Ünïq:o.rg", "x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // what waits has waited
		var acme []taken
		for range 3 {
			next, waited, ok, err := c.order.take(ctx, nobody)
			if err != nil || !ok || !waited {
				t.Fatal(ok, waited, err)
			}
			if next.task.OrganizationID == "acme" {
				acme = append(acme, next)
			}
		}
		if len(acme) != 2 {
			t.Fatalf("%d of acme's are running", len(acme))
		}
		expect := func(waiting, running int) {
			t.Helper()
			loads, err := c.Loads(ctx, "acme", "nobody", "Ünïq:o.rg")
			if err != nil || len(loads) != 3 {
				t.Fatal(loads, err)
			}
			if l := loads[0]; l.Waiting != waiting || l.Running != running || l.Oldest < 20*time.Millisecond || l.Oldest > time.Minute {
				t.Errorf("acme: %+v, want %d and %d", l, waiting, running)
			}
			if loads[1] != (Load{}) || loads[2].Waiting != 0 || loads[2].Running != 1 || loads[2].Oldest != 0 {
				t.Errorf("the others: %+v", loads[1:])
			}
		}
		expect(3, 2)
		if err := c.order.leave(ctx, acme[0], leaveRest); err != nil { // it rests: that is no work
			t.Fatal(err)
		}
		expect(4, 1)
		if err := c.order.leave(ctx, acme[1], leaveDone); err != nil {
			t.Fatal(err)
		}
		expect(4, 0)
		many := make([]string, maxLoads+10)
		if loads, err := c.Loads(ctx, many...); err != nil || len(loads) != maxLoads {
			t.Errorf("of too many: %d, %v", len(loads), err)
		}
		if loads, err := c.Loads(ctx); err != nil || loads != nil {
			t.Errorf("of none: %v, %v", loads, err)
		}
	})
}

// A process that works is listed with its room and what it has taken.
func TestProcesses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redis *redis.Client) {
		c := NewClient(redis)
		if list, err := c.Processes(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("nobody works: %+v, %v", list, err)
		}
		going := make(chan struct{})
		w := &Worker{Client: c, Concurrency: 3, Logger: slog.New(slog.DiscardHandler), Handle: func(ctx context.Context, _ models.Task) error {
			select {
			case going <- struct{}{}:
			case <-ctx.Done():
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		started(t, w)
		if err := c.Enqueue(t.Context(), "acme", task("acme", "v")); err != nil {
			t.Fatal(err)
		}
		<-going
		host, _ := os.Hostname()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			list, err := c.Processes(t.Context())
			if err == nil && len(list) == 1 && list[0].Concurrency == 3 && list[0].Busy == 1 && list[0].Name == NameOf(host, os.Getpid()) && list[0].ID != "" {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%+v, %v", list, err)
			}
		}
	})
}

// While Redis takes connections and says nothing, those who ask for what asynq
// tells are answered in time, and leave one question of each kind behind.
func TestProcessesOfARedisThatHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var came atomic.Int64
	var held sync.WaitGroup
	held.Go(func() {
		var open []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			came.Add(1)
			open = append(open, conn)
		}
		for _, conn := range open {
			conn.Close()
		}
	})
	t.Cleanup(held.Wait)
	t.Cleanup(func() { l.Close() })
	client := redis.NewClient(&redis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: true, MaxRetries: -1, PoolSize: 100, ReadTimeout: time.Minute})
	t.Cleanup(func() { client.Close() })
	c := NewClient(client)
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := c.Processes(t.Context()); models.CodeOf(err) != models.CodeUnavailable {
				t.Errorf("answered %v", err)
			}
			if _, err := c.Depth(); models.CodeOf(err) != models.CodeUnavailable {
				t.Errorf("how much waits was answered %v", err)
			}
		})
	}
	all.Wait()
	if n := came.Load(); n < 1 || n > 5 {
		t.Errorf("%d connections for two questions", n)
	}
}
