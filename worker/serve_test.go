package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models/buildinfo"
	"reelroom/worker/backend"
	"reelroom/worker/ffmpeg"
	"reelroom/worker/health"
)

func TestMain(m *testing.M) {
	ffmpeg.Child()
	os.Exit(m.Run())
}

// A worker with a port tells its health, and while it stops, that it does.
func TestWorkerServesItsHealth(t *testing.T) {
	t.Parallel()
	c := &backend.Config{}
	if wrong := append(backend.Read(map[string]string{"DATA_DIR": filepath.Join(t.TempDir(), "data")}, c), c.Validate()...); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	b, err := backend.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	h, err := listenHealth(t.Context(), 0, b)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	worked, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- h.run(ctx, worked) }()
	port := h.listener.Addr().(*net.TCPAddr).Port
	ask := func(path string, body any) (int, string) {
		t.Helper()
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err == nil && body != nil {
			err = json.Unmarshal(raw, body)
		}
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(raw)
	}
	var alive health.Alive
	if code, _ := ask("/healthz", &alive); code != 200 || alive.Status != "ok" || alive.Version != buildinfo.Version() {
		t.Errorf("/healthz: %d %+v", code, alive)
	}
	for _, path := range []string{"/readyz?deep=1", "/readyz"} {
		var out health.Readiness
		if code, raw := ask(path, &out); code != 200 || out.Status != "ok" || out.Checks["store"] != "ok" || out.Checks["serving"] != "ok" {
			t.Errorf("%s: %d %s", path, code, raw)
		}
	}
	if code, raw := ask("/metrics", nil); code != 200 || !strings.Contains(raw, `reelroom_service_usable{service="store"} 1`) || !strings.Contains(raw, "reelroom_build_info{version=") {
		t.Errorf("/metrics: %d %s", code, raw)
	}
	if code, _ := ask("/api/videos", nil); code != 404 {
		t.Errorf("anything else answers %d", code)
	}
	cancel()
	for code := 200; code != 503; { // its last video is still worked on
		code, _ = ask("/readyz", nil)
	}
	if code, _ := ask("/healthz", nil); code != 200 {
		t.Errorf("/healthz of a worker that stops: %d", code)
	}
	close(worked)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPortOfTheWorkerIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if _, err := listenHealth(t.Context(), port, &backend.Backend{}); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("PORT=%d: ", port)) {
		t.Errorf("got %v", err)
	}
}
