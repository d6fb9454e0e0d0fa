//go:build linux

package ffmpeg

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// villain is an ffmpeg that does what its first argument says. It must fork
// for nothing but what it is told to: a sandbox refuses it.
const villain = `#!/bin/bash
trap '' TERM INT HUP
case "$*" in
-version) echo "${0##*/} version 6.1" ;;
*-encoders) echo " V....D libwebp " ;;
memory*) x=0123456789abcdef; while :; do x=$x$x$x; done ;;
spin*) while :; do :; done ;;
file*) x=0123456789abcdef; x=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x; while printf %s "$x"; do :; done >"$2/one"; exit 1 ;;
folder*) x=0123456789abcdef; x=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x; i=0; while :; do printf %s "$x" >"$2/$((i++))"; done ;;
print*) while :; do echo 0123456789abcdef; done ;;
hang*) exec sleep "$2" ;;
fork*) sleep "$2" & setsid sleep "$2" & (setsid sleep "$2" &) & exec sleep "$2" ;;
connect*) exec 3<>"/dev/tcp/127.0.0.1/$2" && echo hello >&3; exit 1 ;;
read*) shift; for f; do while read -r line; do echo "$line"; done <"$f"; done; exit 1 ;;
escape*) echo x >"$2"; exit 1 ;;
esac
`

var villains = sync.OnceValues(func() (*Tools, error) {
	folder := filepath.Join(mediaFolder, "villain")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(villain), 0o700); err != nil {
			return nil, err
		}
	}
	t, err := Open(context.Background(), Options{Path: filepath.Join(folder, "ffmpeg")})
	if err != nil {
		return nil, err
	}
	return t, t.withoutRace()
})

// patience is for limits that a test does not mean: on a machine with other work
// a second of a processor may take a minute.
const patience = 5 * time.Minute

// inEachCage runs the test with the villain in each cage that this system has,
// and without one.
func inEachCage(t *testing.T, test func(t *testing.T, tools *Tools)) {
	testenv.Program(t, "bash")
	best, err := villains()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []cage{
		{Walls: wallsOwnRoot, Filter: true}, {Walls: wallsOwnRoot}, {Walls: wallsRootOnly},
		{Walls: wallsLandlock, Filter: true}, {Walls: wallsLimits, Filter: true}, {},
	} {
		name := cmp.Or(string(c.Walls), "none")
		if c.Filter {
			name += " and filter"
		}
		t.Run(name, func(t *testing.T) {
			tools := *best
			tools.cage = c
			tools.cage.Needs = best.cage.Needs
			tools.stall = patience
			if _, err := tools.ask(t.Context(), "ffmpeg", "-version"); err != nil {
				t.Skipf("skipped: this system does not allow it: %v", err)
			}
			test(t, &tools)
		})
	}
}

// do runs the villain with an empty folder and returns what it printed.
func (t *Tools) do(ctx context.Context, c command) (said string, err error) {
	c.tool = "ffmpeg"
	if c.wall == 0 {
		c.wall = patience
	}
	if c.maxStdout == 0 {
		c.maxStdout = 1 << 20
	}
	c.stdout = func(r io.Reader) error {
		data, err := io.ReadAll(r)
		said = string(data)
		return err
	}
	return said, t.run(ctx, c)
}

// A tool that takes too much is ended, with the code that says what it took.
func TestGreedyToolsEnd(t *testing.T) {
	t.Parallel()
	inEachCage(t, func(t *testing.T, tools *Tools) {
		out := t.TempDir()
		seen := filepath.Dir(tools.outputArg(filepath.Join(out, "x")))[len("file:"):]
		for name, test := range map[string]struct {
			c    command
			code models.Code
		}{
			"memory": {command{args: []string{"memory"}, memory: 64 << 20}, models.CodeResource},
			"spin":   {command{args: []string{"spin"}, cpu: time.Second}, models.CodeResource},
			"wall":   {command{args: []string{"spin"}, wall: time.Second}, models.CodeTimeout},
			"file":   {command{args: []string{"file", seen}, output: out, maxFile: 1 << 20}, models.CodeResource},
			"folder": {command{args: []string{"folder", seen}, output: out, maxFolder: 1 << 20}, models.CodeResource},
			"print":  {command{args: []string{"print"}}, models.CodeResource},
		} {
			_, err := tools.do(t.Context(), test.c)
			if err == nil || models.CodeOf(err) != test.code {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// withArgument lists the processes with this argument. They share no group
// when one of them has asked for its own session.
func withArgument(argument string) (pids []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if data, _ := os.ReadFile(f); strings.Contains(string(data), "\x00"+argument+"\x00") {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

// A tool that is silent is ended with all that it started. One that left its
// group escapes only where there is neither a namespace nor a filter.
func TestSilentToolsEnd(t *testing.T) {
	t.Parallel()
	inEachCage(t, func(t *testing.T, tools *Tools) {
		tools.stall = time.Second
		for i, how := range []string{"hang", "fork"} {
			if how == "fork" && !tools.cage.rooted() && !tools.cage.Filter {
				continue
			}
			mark := fmt.Sprintf("1%d%d.%09d", os.Getpid(), i, time.Now().Nanosecond())
			_, err := tools.do(t.Context(), command{args: []string{how, mark}})
			if how == "fork" && tools.cage.Filter {
				if err == nil {
					t.Error("it could start a process")
				}
			} else {
				wantCode(t, err, models.CodeStalled)
			}
			for end := time.Now().Add(lingering); ; time.Sleep(10 * time.Millisecond) {
				left := withArgument(mark)
				if len(left) == 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%s: %v live on", how, left)
				}
			}
		}
	})
}

// reached reports whether somebody connected until now: who comes later is
// accepted later.
func reached(t *testing.T, address string, met <-chan string) (somebody bool) {
	t.Helper()
	c, err := net.Dial("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for who := range met {
		if who == c.LocalAddr().String() {
			break
		}
		somebody = true
	}
	return somebody
}

// A tool behind walls reads no other file, writes no other, and reaches nobody.
func TestWallsHold(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	met := make(chan string, 100)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			met <- c.RemoteAddr().String()
			c.Close()
		}
	})
	defer serving.Wait()
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	canary := file(t, "canary", []byte("the canary sings\n"))
	input := file(t, "input", []byte("the input\n"))
	inEachCage(t, func(t *testing.T, tools *Tools) {
		out := t.TempDir()
		target := filepath.Join(t.TempDir(), "written")
		said, _ := tools.do(t.Context(), command{input: input, output: out, args: []string{
			"read", canary, "/etc/passwd", fmt.Sprintf("/proc/%d/status", os.Getpid()), "/proc/1/status",
			strings.TrimPrefix(tools.inputArg(input), "file:"),
		}})
		_, _ = tools.do(t.Context(), command{input: input, output: out, args: []string{"escape", target}})
		_, _ = tools.do(t.Context(), command{input: input, output: out, args: []string{"escape", strings.TrimPrefix(tools.inputArg(input), "file:")}})
		_, _ = tools.do(t.Context(), command{args: []string{"connect", port}})
		_, statErr := os.Stat(target)
		connected := reached(t, l.Addr().String(), met)
		if !strings.Contains(said, "the input") {
			t.Errorf("it cannot read its input: %q", said)
		}
		leaked := strings.Contains(said, "canary") || strings.Contains(said, "root:") || strings.Contains(said, "Pid:")
		if weak := tools.cage.Walls == wallsLimits || tools.cage.Walls == wallsNone; weak {
			if !leaked || statErr != nil { // or this test could not fail
				t.Errorf("without walls it did not read (%v) or write (%v)", leaked, statErr)
			}
			if err := os.WriteFile(input, []byte("the input\n"), 0o600); err != nil {
				t.Error(err)
			}
		} else if leaked || statErr == nil {
			t.Errorf("it read %q, or wrote outside (%v)", said, statErr)
		} else if got := string(read(t, input)); got != "the input\n" {
			t.Errorf("it overwrote its input: %q", got)
		}
		if want := tools.cage.Walls == wallsNone; connected != want {
			t.Errorf("connected: %v, want %v", connected, want)
		}
	})
}
