//go:build linux

package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// orphanRuns is how many tools are killed at a random moment, of each kind:
// go test ./worker/ffmpeg -run Orphan -orphans 500
var orphanRuns = flag.Int("orphans", 30, "how many tools of each kind are killed at a random moment")

// marked runs a decode that lasts for long and bears a mark in its command line.
func marked(ctx context.Context, tools *Tools, path, mark string) error {
	return tools.run(ctx, command{
		tool: "ffmpeg", input: path, wall: time.Hour, maxStdout: 1 << 40,
		args: slices.Concat(logArgs(), tools.inputArgs(path), []string{
			"-vf", "scale=1024:1024", "-metadata", "title=" + mark, "-f", "rawvideo", "pipe:1",
		}),
	})
}

// bearing lists the processes whose command line bears a mark.
func bearing(mark string) (pids []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if data, _ := os.ReadFile(f); strings.Contains(string(data), mark) {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

// noneBears waits until no process bears the mark, and tells how long it took.
func noneBears(t *testing.T, mark string) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		left := bearing(mark)
		took := time.Since(began)
		if len(left) == 0 {
			return took
		}
		if took > lingering {
			t.Errorf("processes %v live on", left)
			return took
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// At whatever moment a job is cancelled (before its tool is a process, while the
// launcher builds the walls, while it decodes), nothing of it lives on.
func TestNoOrphanAtAnyMoment(t *testing.T) {
	t.Parallel()
	path := media(t, "minutes.mp4")
	both(t, func(t *testing.T, tools *Tools) {
		longest := 600 * time.Millisecond // native: a start takes 0.1 s, the embedded one 0.4 s
		var mutex sync.Mutex
		var times []time.Duration
		var workers sync.WaitGroup
		turns := make(chan int, *orphanRuns)
		for i := range *orphanRuns {
			turns <- i
		}
		close(turns)
		for range 3 {
			workers.Go(func() {
				for i := range turns {
					mark := fmt.Sprintf("orphan-%d-%v-%d-%d", os.Getpid(), tools.Native(), i, rand.Uint64())
					ctx, cancel := context.WithCancel(t.Context())
					var cancelled time.Time
					timer := time.AfterFunc(rand.N(longest), func() { cancelled = time.Now(); cancel() })
					err := marked(ctx, tools, path, mark)
					if !errors.Is(err, context.Canceled) {
						timer.Stop()
						cancel()
						t.Errorf("%v", err)
						continue
					}
					noneBears(t, mark)
					mutex.Lock()
					times = append(times, time.Since(cancelled))
					mutex.Unlock()
				}
			})
		}
		workers.Wait()
		slices.Sort(times)
		if len(times) > 0 {
			t.Logf("%d killed; gone after %v (median), %v (longest)", len(times), times[len(times)/2], times[len(times)-1])
		}
	})
}

// orphanVariable makes the test binary run tools, one after the other and three
// at a time, until it is killed: kind, mark and path.
const orphanVariable = "REELROOM_TEST_ORPHAN"

func leaveOrphan(what string) {
	kind, rest, _ := strings.Cut(what, ":")
	mark, path, _ := strings.Cut(rest, ":")
	o := Options{}
	if kind == "embedded" {
		o.Path = Embedded
	}
	tools, err := Open(context.Background(), o)
	if err == nil {
		err = tools.Prepare(context.Background())
	}
	if err != nil {
		panic(err)
	}
	tools.started = func(pid int) { fmt.Println(pid) }
	for range 3 {
		go func() {
			for {
				ctx, cancel := context.WithTimeout(context.Background(), rand.N(300*time.Millisecond))
				_ = marked(ctx, tools, path, mark)
				cancel()
			}
		}()
	}
	select {}
}

// When the worker is killed outright, the kernel kills its tools, whatever they
// were about.
func TestNoOrphanWhenTheParentDies(t *testing.T) {
	t.Parallel()
	path := media(t, "minutes.mp4")
	both(t, func(t *testing.T, tools *Tools) {
		kind := "native"
		if !tools.Native() {
			kind = "embedded"
		}
		for round := range max(3, *orphanRuns/10) {
			mark := fmt.Sprintf("orphan-%s-%d-%d", kind, round, rand.Uint64())
			parent := exec.CommandContext(t.Context(), os.Args[0])
			parent.Env = append(os.Environ(), orphanVariable+"="+kind+":"+mark+":"+path)
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			time.Sleep(rand.N(500 * time.Millisecond)) // any moment will do
			_ = parent.Process.Kill()
			_ = parent.Wait()
			if took := noneBears(t, mark); round == 0 {
				t.Logf("gone after %v", took)
			}
		}
	})
}
