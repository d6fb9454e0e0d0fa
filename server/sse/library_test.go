package sse

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// TestLibraries reads a stream over a heartbeat with the libraries that people
// use: each event comes once, and nothing that is none. SSE_PYTHON is an
// interpreter that has what testdata/requirements.txt lists.
func TestLibraries(t *testing.T) {
	t.Parallel()
	python := func(library string) func(*testing.T) []string {
		return func(t *testing.T) []string {
			return []string{testenv.Variable(t, "SSE_PYTHON"), "testdata/read.py", library}
		}
	}
	for name, command := range map[string]func(*testing.T) []string{
		"httpx-sse": python("httpx-sse"), "sseclient-py": python("sseclient-py"),
		"eventsource": func(t *testing.T) []string {
			modules, _ := filepath.Abs(filepath.Join("..", "..", "frontend", "node_modules"))
			if _, err := os.Stat(filepath.Join(modules, "eventsource", "package.json")); err != nil {
				testenv.Missing(t, "eventsource in frontend/node_modules (npm ci in frontend)")
			}
			return []string{testenv.Program(t, "node"), "testdata/read.mjs", modules}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := command(t)
			w := newWorld(t, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, line[0], append(line[1:], w.URL+"/api/events", bearer(t, "acme", models.RoleViewer))...)
			cmd.Stderr = t.Output()
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			lines := bufio.NewScanner(out)
			want := func(name string) {
				t.Helper()
				var e struct{ Name, ID, Data string }
				if !lines.Scan() || json.Unmarshal(lines.Bytes(), &e) != nil || e.Name != name || e.ID == "" || !json.Valid([]byte(e.Data)) {
					t.Fatalf("%q, want %s", lines.Text(), name)
				}
			}
			want("stream:ready")
			w.append("acme", "v", models.EventProgress, models.ToOrganization)
			want("video:progress")
			time.Sleep(heartbeat + 2*time.Second) // nothing is to come of it
			w.append("acme", "w", models.EventProgress, models.ToOrganization)
			want("video:progress")
			w.append("acme", "other", models.EventProgress, models.ToVideo)
			want("stream:place") // with the next heartbeat
		})
	}
}
