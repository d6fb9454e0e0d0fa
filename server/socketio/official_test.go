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
	for _, workspace := range []string{".", "conformance"} {
		place := filepath.Join("..", "..", "frontend", workspace, "node_modules")
		if _, err := os.Stat(filepath.Join(place, "socket.io-client", "package.json")); err == nil {
			return must(filepath.Abs(place))(t)
		}
	}
	testenv.Missing(t, "socket.io-client in frontend/node_modules (npm ci in frontend)")
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
