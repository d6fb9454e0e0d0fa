package sio_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/sio"
)

// nodeModules is where npm has put the official server: at the top of the
// workspaces, or in the conformance suite's own folder.
func nodeModules(t *testing.T) string {
	t.Helper()
	frontend := filepath.Join("..", "..", "..", "frontend")
	for _, place := range []string{frontend, filepath.Join(frontend, "conformance")} {
		dir, err := filepath.Abs(filepath.Join(place, "node_modules"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "socket.io", "package.json")); err == nil {
			return dir
		}
	}
	testenv.Missing(t, "socket.io in frontend/node_modules (npm ci in frontend)")
	return ""
}

// officialServer starts the npm server of testdata and returns its address,
// and what tells that it has missed the client of "burstWhenGone".
func officialServer(t *testing.T) (string, <-chan struct{}) {
	t.Helper()
	node := testenv.Program(t, "node")
	cmd := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "server.cjs"))
	cmd.Env = append(os.Environ(), "NODE_PATH="+nodeModules(t))
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended; _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	first := lines.Scan()
	url := lines.Text()
	go func() {
		defer close(ended)
		for lines.Scan() {
			if lines.Text() == "gone" {
				close(gone)
				return
			}
		}
	}()
	if !first {
		t.Fatal("the server said no address")
	}
	return url, gone
}

func TestOfficialServer(t *testing.T) {
	t.Parallel()
	for _, transport := range []sio.Transport{sio.WebSocket, sio.Polling} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			url, gone := officialServer(t)
			tryOfficial(t, url, gone, transport)
		})
	}
}

func tryOfficial(t *testing.T, url string, gone <-chan struct{}, transport sio.Transport) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for token, words := range map[string]string{"": "token_missing: Authentication required", "bad": "token_invalid: Invalid token"} {
		err := sio.New(sio.Config{URL: url, Transport: transport, Token: fixed(token)}).Run(ctx)
		refusal, ok := errors.AsType[*sio.ConnectError](err)
		if !ok || refusal.Error() != words {
			t.Errorf("token %q: %v, want %q", token, err, words)
		}
	}
	sessions := make(chan sio.Session, 16)
	events := make(chan sio.Event, 4096)
	c := sio.New(sio.Config{
		URL: url, Transport: transport, Token: fixed("good"),
		Backoff:   sio.Backoff{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond, Attempts: 20},
		OnConnect: func(s sio.Session) { sessions <- s },
		OnEvent:   func(e sio.Event) { events <- e },
		// Only a session whose end the server has noticed is there to be resumed.
		OnDisconnect: func(error, time.Duration) {
			select {
			case <-gone:
			case <-ctx.Done():
			}
		},
	})
	runCtx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- c.Run(runCtx) }()
	first := receive(t, ctx, sessions)
	if first.PID == "" || first.Recovered {
		t.Fatalf("first session: %+v", first)
	}
	if e := receive(t, ctx, events); e.Name != "hello" || e.Cursor() == "" {
		t.Fatalf("hello: %+v", e)
	}
	answer, err := c.EmitWithAck(ctx, "echo", map[string]int{"a": 1})
	if err != nil || string(answer[0]) != `{"ok":true,"a":{"a":1}}` {
		t.Fatalf("ack: %s %v", answer, err)
	}
	const burst = 2000
	if _, err := c.EmitWithAck(ctx, "burst", burst); err != nil {
		t.Fatal(err)
	}
	inOrder(t, ctx, events, 1, burst)
	// What the server sent while the client was away comes with the resume,
	// and the pings of 300 ms are answered meanwhile.
	if err := c.Emit(ctx, "burstWhenGone", 50); err != nil {
		t.Fatal(err)
	}
	if e := receive(t, ctx, events); e.Name != "armed" {
		t.Fatalf("armed: %+v", e)
	}
	if err := c.Cut(); err != nil {
		t.Fatal(err)
	}
	if s := receive(t, ctx, sessions); !s.Recovered || s.PID != first.PID {
		t.Fatalf("after the cut: %+v", s)
	}
	inOrder(t, ctx, events, burst+1, burst+50)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
