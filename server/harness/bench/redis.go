package bench

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"time"
)

// redisServer is a redis-server of the bench's own, which keeps nothing on
// disk.
type redisServer struct {
	*process
	port int
}

func startRedis(ctx context.Context, dir string) (*redisServer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := spawn(ctx, "redis-server", false, nil, program, "--bind", "127.0.0.1", "--port", fmt.Sprint(port),
		"--save", "", "--appendonly", "no", "--dir", dir, "--loglevel", "warning")
	if err != nil {
		return nil, err
	}
	r := &redisServer{p, port}
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		if err = r.flush(ctx); err == nil {
			return r, nil
		}
		if time.Now().After(deadline) {
			p.kill()
			return nil, fmt.Errorf("redis-server: %w: %s", err, p.said)
		}
	}
}

func (r *redisServer) url() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", r.port) }

// flush empties it: the next installation is another one.
func (r *redisServer) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	answer := make([]byte, 5)
	if _, err = conn.Write([]byte("FLUSHALL\r\n")); err == nil {
		_, err = conn.Read(answer)
	}
	if err == nil && string(answer) != "+OK\r\n" {
		err = fmt.Errorf("FLUSHALL was answered with %q", answer)
	}
	return err
}
