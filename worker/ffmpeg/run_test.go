//go:build linux

package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// endless runs a decode that lasts for long.
func endless(ctx context.Context, tools *Tools, path string) error {
	return tools.Frames(ctx, path, FrameOptions{Width: 2048, Height: 2048}, func(Frame) error { return nil })
}

// lingering is how long what was killed may take to be gone on a machine that has
// other work; alone it takes milliseconds.
const lingering = 20 * time.Second

// groupGone waits until no process of the group is left but zombies.
func groupGone(t *testing.T, group int) {
	t.Helper()
	for end := time.Now().Add(lingering); ; time.Sleep(5 * time.Millisecond) {
		if left := members(group); len(left) == 0 {
			return
		} else if time.Now().After(end) {
			t.Errorf("processes %v of group %d live on", left, group)
			return
		}
	}
}

func members(group int) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		data, _ := os.ReadFile(f)
		_, rest, _ := strings.Cut(string(data), ") ")
		if field := strings.Fields(rest); len(field) > 2 && field[0] != "Z" && field[2] == strconv.Itoa(group) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// watched returns a copy of the tools that tells the process of the next run.
func watched(tools *Tools) (*Tools, <-chan int) {
	pids := make(chan int, 16)
	w := *tools
	w.started = func(pid int) { pids <- pid }
	return &w, pids
}

func TestCancelKillsTheGroup(t *testing.T) {
	t.Parallel()
	path := media(t, "minutes.mp4")
	both(t, func(t *testing.T, tools *Tools) {
		tools, pids := watched(tools)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		frames := make(chan struct{}, 1)
		done := make(chan error, 1)
		go func() {
			done <- tools.Frames(ctx, path, FrameOptions{Width: 1024, Height: 1024}, func(Frame) error {
				select {
				case frames <- struct{}{}:
				default:
				}
				return nil
			})
		}()
		pid := <-pids
		<-frames
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		groupGone(t, pid)
	})
}

// A wrapper script's other children die as well, also when they hold the pipes
// open after the tool itself has ended.
func TestGrandchildrenDie(t *testing.T) {
	t.Parallel()
	real := testenv.Program(t, "ffmpeg")
	wrapper := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = -version ] || [ \"$last\" = -encoders ] || /bin/sleep 300 &\nexec " + real + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	tools, err := Open(t.Context(), Options{Path: wrapper})
	if err != nil {
		t.Fatal(err)
	}
	tools, pids := watched(tools)
	err = tools.Frames(t.Context(), media(t, "h264.mp4"), FrameOptions{Width: 32, Height: 32}, func(Frame) error { return nil })
	if err != nil {
		t.Error(err)
	}
	groupGone(t, <-pids)
}

func TestStalledIsKilled(t *testing.T) {
	t.Parallel()
	path := media(t, "minutes.mp4")
	both(t, func(t *testing.T, tools *Tools) {
		stuck := *tools
		stuck.stall = time.Second
		var pid int
		stuck.started = func(p int) { // stopped before it can say anything
			pid = p
			if err := syscall.Kill(-p, syscall.SIGSTOP); err != nil {
				t.Error(err)
			}
		}
		wantCode(t, endless(t.Context(), &stuck, path), models.CodeStalled)
		groupGone(t, pid)
	})
}

func TestLimitsOfARun(t *testing.T) {
	t.Parallel()
	path := media(t, "minutes.mp4")
	both(t, func(t *testing.T, tools *Tools) {
		decode := command{
			tool: "ffmpeg", input: path, wall: time.Minute, maxStdout: 1 << 40,
			args: []string{"-v", "error", "-nostdin", "-i", tools.inputArg(path), "-vf", "scale=2048:2048", "-f", "rawvideo", "pipe:1"},
		}
		long := decode
		long.wall = 1500 * time.Millisecond
		wantCode(t, tools.run(t.Context(), long), models.CodeTimeout)
		much := decode
		much.maxStdout = 1 << 20
		wantCode(t, tools.run(t.Context(), much), models.CodeResource)
	})
}

// Killed from outside (the kernel out of memory): worth another try.
func TestKilledFromOutside(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		tools, pids := watched(tools)
		killed := false
		err := tools.Frames(t.Context(), media(t, "minutes.mp4"), FrameOptions{Width: 1024, Height: 1024}, func(Frame) error {
			if !killed {
				killed = true
				return syscall.Kill(<-pids, syscall.SIGKILL)
			}
			return nil
		})
		if e := asError(err); e == nil || !e.Retry {
			t.Errorf("%v", err)
		}
	})
}

func TestEmptyEnvironment(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		tools, pids := watched(tools)
		seen := false
		err := tools.Frames(t.Context(), media(t, "minutes.mp4"), FrameOptions{Width: 1024, Height: 1024, Max: 20}, func(Frame) error {
			if !seen {
				seen = true
				if data := read(t, fmt.Sprintf("/proc/%d/environ", <-pids)); len(data) > 0 {
					t.Errorf("environment %q", data)
				}
			}
			return nil
		})
		if err != nil || !seen {
			t.Error(err)
		}
	})
}
