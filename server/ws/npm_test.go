package ws

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/limits"
)

// The client of the old system's users, npm's ws: refusals, pings, a job with
// five megabytes of a result, and its end.
func TestNodeClient(t *testing.T) {
	t.Parallel()
	node := testenv.Program(t, "node")
	modules := ""
	for _, place := range []string{"conformance", "."} {
		path, err := filepath.Abs(filepath.Join("..", "..", "frontend", place, "node_modules"))
		if _, missing := os.Stat(filepath.Join(path, "ws", "package.json")); err == nil && missing == nil {
			modules = path
		}
	}
	if modules == "" {
		testenv.Missing(t, "ws in frontend/node_modules (npm ci in frontend)")
	}
	b := newBench(t, false, limits.Settings{})
	b.door.PingEvery = 300 * time.Millisecond
	b.queued("v1")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, filepath.Join("testdata", "client.mjs"), modules, b.url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := strings.Join(strings.Fields(lines.Text()), " ")
		said = append(said, line)
		switch line {
		case "pinged":
			b.progress("v1", 40)
		case "progress text v1 40":
			b.set("v1", models.StatusCompleted, models.EventProcessed, map[string]any{"metadata": strings.Repeat("x", 5<<20)})
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	want := []string{
		"refused 4001 Missing jobId or token", "refused 4001 Missing jobId or token", "refused 4003 Unauthorized", "refused 4404 Unknown job",
		"compression off", "state text v1 0", "pinged", "progress text v1 40", "completed text v1 true", "closed 1000 Job complete",
	}
	if !slices.Equal(said, want) {
		t.Errorf("it said\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}
