//go:build !stock

package socketio

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
)

// clientModules finds the folder that holds the official client.
func clientModules(t *testing.T) string {
	t.Helper()
	places := []string{os.Getenv("SOCKETIO_CLIENT_MODULES")}
	for _, place := range []string{"conformance", "."} {
		places = append(places, filepath.Join("..", "..", "frontend", place, "node_modules"))
	}
	for _, place := range places {
		if _, err := os.Stat(filepath.Join(place, "socket.io-client", "package.json")); place != "" && err == nil {
			return must(filepath.Abs(place))(t)
		}
	}
	testenv.Missing(t, "socket.io-client in frontend/conformance/node_modules (npm ci there)")
	return ""
}

func TestOfficialClient(t *testing.T) {
	t.Parallel()
	node, modules := testenv.Program(t, "node"), clientModules(t)
	s := startServer(t, func([]any) {})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "testdata/client.mjs", s.URL, modules)
	cmd.Stderr = t.Output()
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "ok") {
			t.Log(line)
		} else {
			t.Error(line)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(fmt.Errorf("client.mjs: %w", err))
	}
}
