package redislog

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"reelroom/models/modelstest/testenv"
	"reelroom/rooms"
	"reelroom/rooms/roomstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a Redis of either kind.
type server struct {
	addr  string
	flush func()
}

func newClient(t testing.TB, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MinRetryBackoff: time.Millisecond})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// backend opens logs of an organization's server for the suite.
func backend(t *testing.T, s server, opts Options) roomstest.Backend {
	return roomstest.Backend{
		Log:    func() rooms.Log { return New(newClient(t, s.addr), opts) },
		Forget: s.flush,
		Cut:    func() { cut(t, s.addr) },
	}
}

// mini starts a Redis in this process and moves its clock.
func mini(t testing.TB) (server, *miniredis.Miniredis) {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		const step = 50 * time.Millisecond
		tick := time.NewTicker(step)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.FastForward(step)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		m.Close()
	})
	return server{m.Addr(), m.FlushAll}, m
}

// process is a redis-server of its own.
type process struct {
	t    testing.TB
	path string
	dir  string
	args []string
	addr string
	cmd  *exec.Cmd
}

// spawn starts a redis-server on a free loopback port.
func spawn(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{t: t, path: testenv.Program(t, "redis-server"), dir: t.TempDir(), args: args}
	for range 5 { // another process may take the port first
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p.addr = l.Addr().String()
		_ = l.Close()
		if p.start() {
			t.Cleanup(p.kill)
			return p
		}
	}
	t.Fatal("redis-server does not start")
	return nil
}

func (p *process) start() bool {
	p.t.Helper()
	host, port, _ := net.SplitHostPort(p.addr)
	p.cmd = exec.Command(p.path, append([]string{
		"--bind", host, "--port", port, "--dir", p.dir, "--save", "", "--appendonly", "no", "--logfile", "redis.log",
	}, p.args...)...)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	c := redis.NewClient(&redis.Options{Addr: p.addr, MaxRetries: -1})
	defer c.Close()
	for range 500 {
		if info, err := c.Info(context.Background(), "server").Result(); err == nil {
			return strings.Contains(info, "process_id:"+strconv.Itoa(p.cmd.Process.Pid)+"\r")
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.kill()
	return false
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *process) server() server {
	return server{p.addr, func() {
		c := redis.NewClient(&redis.Options{Addr: p.addr})
		defer c.Close()
		if err := c.FlushAll(context.Background()).Err(); err != nil {
			p.t.Error(err)
		}
	}}
}

// cut breaks every connection. miniredis knows no CLIENT KILL, so a proxy
// stands before it.
func cut(t testing.TB, addr string) {
	proxies.Lock()
	p := proxies.byAddr[addr]
	proxies.Unlock()
	if p != nil {
		p.cut()
		return
	}
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	for _, kind := range []string{"pubsub", "normal"} {
		if err := c.ClientKillByFilter(context.Background(), "TYPE", kind, "SKIPME", "yes").Err(); err != nil {
			t.Error(err)
		}
	}
}
