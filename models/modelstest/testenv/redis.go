package testenv

import (
	"net"
	"os/exec"
	"testing"
	"time"
)

const (
	// redisTime is how long a redis-server may take to listen.
	redisTime = 20 * time.Second
	// redisTries is how many ports are tried: somebody else may take one first.
	redisTries = 3
)

// Redis starts a redis-server that keeps nothing and ends with the test, and
// returns its address, a host and a port; or ends the test as [Missing] does.
// Arguments are added to its command line.
func Redis(t testing.TB, arguments ...string) string {
	t.Helper()
	program := Program(t, "redis-server")
	var said Buffer
	for range redisTries {
		address := FreeAddress(t)
		host, port, _ := net.SplitHostPort(address)
		cmd := exec.Command(program, append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no",
			"--dir", t.TempDir(), "--loglevel", "warning"}, arguments...)...)
		cmd.Stdout = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
		if answers(t, address, ended) {
			return address
		}
	}
	t.Fatalf("redis-server does not answer: %s", said.String())
	return ""
}

// answers waits until the address takes connections; false tells that the
// process has ended.
func answers(t testing.TB, address string, ended <-chan struct{}) bool {
	t.Helper()
	for deadline := time.Now().Add(redisTime); time.Now().Before(deadline); {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not answer", address)
	return false
}

// FreeAddress returns an address of this machine that nobody listens on now.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
