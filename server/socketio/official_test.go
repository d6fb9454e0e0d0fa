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

// TestOfficialClients drives a door with the official client: the oldest of its
// fourth major version, one in between, and the present one.
func TestOfficialClients(t *testing.T) {
	t.Parallel()
	node, modules := testenv.Program(t, "node"), clientModules(t)
	for _, name := range []string{"socket.io-client-4.0", "socket.io-client-4.5", "socket.io-client"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, func([]any) {})
			drive(t, node, "testdata/client.mjs", s.URL, modules, name)
		})
	}
}

// drive runs a program that prints a line for each thing it tries, which begins
// with "ok" when that went well.
func drive(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = t.Output()
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for lines := bufio.NewScanner(out); lines.Scan(); tried++ {
		line := lines.Text()
		if strings.HasPrefix(line, "ok") {
			t.Log(line)
		} else {
			t.Error(line)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(fmt.Errorf("%s: %w", args[0], err))
	}
	if tried == 0 {
		t.Errorf("%s: nothing was tried", args[0])
	}
}

// TestPythonClient drives a door with python-socketio; SOCKETIO_PYTHON is an
// interpreter that has what testdata/requirements.txt lists.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python := testenv.Variable(t, "SOCKETIO_PYTHON")
	s := startServer(t, func([]any) {})
	drive(t, python, "testdata/client.py", s.URL)
}
