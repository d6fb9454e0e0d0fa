//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The Redis in the process is reachable by this process alone: whoever could
// connect to a port of it could end the server before giving a password.
func TestEmbeddedServerListensOnItsPortAlone(t *testing.T) {
	t.Parallel()
	url, cmd := launch(t, "DATA_DIR="+dataDir(t), "FFMPEG=embedded")
	in := &installation{t: t, url: url}
	in.waitReady()
	ports := listening(t, cmd.Process.Pid)
	if want := url[strings.LastIndex(url, ":")+1:]; len(ports) != 1 || ports[0] != want {
		t.Errorf("the process listens on %v, want %s alone", ports, want)
	}
}

// listening returns the TCP ports that a process listens on, and the paths of
// its listening Unix sockets.
func listening(t *testing.T, pid int) (ports []string) {
	t.Helper()
	sockets := map[string]bool{}
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(descriptors) == 0 {
		t.Fatalf("the descriptors of %d: %v, %v", pid, descriptors, err)
	}
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				sockets[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		for _, f := range socketTable(t, pid, table) {
			if len(f) > 9 && f[3] == "0A" && sockets[f[9]] { // LISTEN
				port, err := strconv.ParseUint(f[1][strings.LastIndex(f[1], ":")+1:], 16, 16)
				if err != nil {
					t.Fatal(err)
				}
				ports = append(ports, fmt.Sprint(port))
			}
		}
	}
	for _, f := range socketTable(t, pid, "unix") {
		if len(f) > 6 && f[3] == "00010000" && sockets[f[6]] { // accepts connections
			ports = append(ports, strings.Join(f[7:], " "))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func socketTable(t *testing.T, pid int, name string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Fields(line))
	}
	return rows
}
