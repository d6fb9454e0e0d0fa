package bench

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/load"
)

func needProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the bench needs Linux, whose /proc tells what a process uses")
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	stat := "7 (a) b) c) S 1 1 1 0 -1 4194560 10 0 0 0 250 125 0 0 20 0 5 0 99 1000 200 1"
	if d, err := parseStat([]byte(stat)); err != nil || d != 3750*time.Millisecond {
		t.Error(d, err)
	}
	for _, bad := range []string{"", "7 (a) S 1", strings.Replace(stat, "250", "x", 1)} {
		if d, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, d)
		}
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()
	needProc(t)
	shell := testenv.Program(t, "sh")
	p, err := spawn(t.Context(), "shell", true, nil, shell, "-c", "echo starting; echo '  address   http://here'; exec sleep 600")
	if err != nil {
		t.Fatal(err)
	}
	if p.address != "http://here" {
		t.Errorf("address %q", p.address)
	}
	if n, err := p.resident(); err != nil || n <= 0 {
		t.Error(n, err)
	}
	if _, err := p.cpu(); err != nil {
		t.Error(err)
	}
	p.kill()
	if _, err := p.cpu(); err == nil {
		t.Error("it is still there")
	}
	if _, err := spawn(t.Context(), "shell", true, nil, shell, "-c", "echo no luck >&2"); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("a process that ends: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := spawn(ctx, "shell", true, nil, shell, "-c", "exec sleep 600"); err != context.Canceled {
		t.Errorf("an interrupted start: %v", err)
	}
}

// The floor's server, the clients and the counting fit together: every event
// reaches every client, and some CPU time and bytes are told.
func TestFanOutOverTheFloor(t *testing.T) {
	t.Parallel()
	needProc(t)
	ctx, cancel := context.WithCancel(t.Context())
	said, done := newLine(), make(chan error, 1)
	go func() { done <- ServeFloor(ctx, said) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	url := strings.TrimSpace(strings.TrimPrefix(<-said.text, "address "))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{name: floor, around: 93}
	s := &setup{peer: p, nodes: []*process{{name: "this", cmd: &exec.Cmd{Process: self}}}, urls: []string{url}, dialect: load.Bare{}}
	s.publish = func(ctx context.Context, _ int, m load.Marker) error {
		return post(ctx, client, url+"/emit", nil, map[string]any{"event": "video:updated", "data": p.payload(m, 400)})
	}
	got, err := fanOut(ctx, s, 20, stream{2, 0, 1}, stream{25, 0, 4})
	if err != nil {
		t.Fatal(err)
	}
	if got["lost"] != 0 || got["bytes"] < 380 || got["bytes"] > 420 || got["cpu"] < 0 || got["p99"] <= 0 {
		t.Errorf("%v", got)
	}
}

// line hands out what is written to it.
type line struct{ text chan string }

func newLine() line { return line{make(chan string, 1)} }

func (l line) Write(p []byte) (int, error) {
	l.text <- string(p)
	return len(p), nil
}

// Without a redis-server there is none, and a real one starts and is emptied.
func TestRedis(t *testing.T) {
	t.Parallel()
	testenv.Program(t, "redis-server")
	r, err := startRedis(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.kill()
	if err := r.flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// What the Node peer needs is embedded, and its script is one that node reads.
func TestPeerScript(t *testing.T) {
	t.Parallel()
	node := testenv.Program(t, "node")
	dir := t.TempDir()
	if err := os.CopyFS(dir, peerFiles); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), node, "--check", filepath.Join(dir, "peer", "peer.mjs")).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
