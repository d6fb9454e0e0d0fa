//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reelroom/models/modelstest/testenv"
)

// With SANDBOX=required nothing starts that would run ffmpeg without walls: the
// message names the variable, what the system refuses and what to do. With best,
// or where no ffmpeg is run, the server starts, and tells what holds.
func TestSandboxRequired(t *testing.T) {
	t.Parallel()
	server, err := built()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{testenv.Namespaces, testenv.Landlock, testenv.Seccomp}
	native := "FFMPEG=" + testenv.Program(t, "ffmpeg")
	// Where namespaces are forbidden Landlock will do, if this kernel has it.
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	landlock := errno == 0
	for name, test := range map[string]struct {
		forbidden []string
		variables []string
		starts    bool
		says      []string
	}{
		"nothing forbidden":          {nil, []string{"SANDBOX=required", native}, true, []string{"sandbox: "}},
		"all forbidden":              {all, []string{"SANDBOX=required", native}, false, []string{"SANDBOX=required", "namespaces (", "Landlock (", "FFMPEG=embedded", "SANDBOX=best"}},
		"no namespaces, no Landlock": {all[:2], []string{"SANDBOX=required", native}, false, []string{"SANDBOX=required", "limits only"}},
		"no namespaces":              {all[:1], []string{"SANDBOX=required", native}, landlock, []string{"Landlock"}},
		"no namespaces, no filter":   {[]string{testenv.Namespaces, testenv.Seccomp}, []string{"SANDBOX=required", native}, false, []string{"SANDBOX=required"}},
		"best, all forbidden":        {all, []string{"SANDBOX=best", native}, true, []string{"limits only"}},
		"not set, all forbidden":     {all, []string{native}, true, []string{"limits only"}},
		"no worker":                  {all, []string{"SANDBOX=required", "WORKER=off", native}, true, nil},
		"a wrong value":              {nil, []string{"SANDBOX=yes", native}, false, []string{`SANDBOX="yes" is not one of best, required`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started, said := begins(t, server, test.forbidden, test.variables)
			if started != test.starts {
				t.Errorf("started: %v\n%s", started, said)
			}
			for _, words := range test.says {
				if !strings.Contains(said, words) {
					t.Errorf("%q is not in\n%s", words, said)
				}
			}
		})
	}
}

// begins starts a program that lacks some features of the system, and returns
// what it says until it answers or ends.
func begins(t *testing.T, program string, forbidden, variables []string) (started bool, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append([]string{"PORT=0", "DATA_DIR=" + dataDir(t), "LOG_LEVEL=error"}, variables...)
	testenv.Forbid(t, cmd, forbidden...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); !started && lines.Scan(); {
		said += lines.Text() + "\n"
		started = strings.Contains(lines.Text(), "address   ")
	}
	cancel()
	_ = cmd.Wait()
	return started, said + errors.String()
}
