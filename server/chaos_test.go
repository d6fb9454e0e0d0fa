//go:build linux

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/server/harness/sio"
)

var (
	chaosCycles = flag.Int("chaos.cycles", 0, "faults of TestChaos; 0 for 16, or 200 where CI=true")
	chaosSeed   = flag.Uint64("chaos.seed", 0, "what TestChaos draws its faults from; 0 for a new one")
	chaosKeep   = flag.String("chaos.keep", "", "a folder for the story and the logs of TestChaos")
)

const (
	// clusterPause and singlePause are the mean time from fault to fault. One
	// process that is killed must live longer between, or it ends nothing.
	clusterPause = 1300 * time.Millisecond
	singlePause  = 4500 * time.Millisecond
	chaosUsers   = 8
	// settleTime bounds the way back to order after the last fault: leases that
	// must run out, work that waits, asynq that notices dead workers.
	settleTime = 4 * time.Minute
	// storyLines bounds what a failure tells of the story.
	storyLines = 400
)

// Users upload, cancel, retry and delete, clients watch, and meanwhile workers,
// servers, Redis and the network are killed, paused and cut at random. In the
// end every accepted video has exactly one outcome for each attempt, in the
// store and in the eyes of each client, and nothing is left behind.
//
//	go test ./server -run 'TestChaos$' -v -timeout 60m -args -chaos.cycles 1000 -chaos.seed 7
func TestChaos(t *testing.T) {
	t.Parallel()
	cycles, seed := *chaosCycles, *chaosSeed
	if cycles == 0 {
		if cycles = 16; os.Getenv("CI") == "true" {
			cycles = 200
		}
	}
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	t.Logf("%d cycles, seed %d", cycles, seed)
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		w := cluster(t, 2, 2)
		c := &chaos{t: t, w: w, seed: seed, oracle: w.oracle()}
		c.run(max(cycles*3/4, 1), clusterPause, clusterFaults())
	})
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		c := &chaos{t: t, w: single(t), seed: seed}
		c.run(max(cycles/4, 1), singlePause, singleFaults())
	})
}

// chaos is one run.
type chaos struct {
	t      *testing.T
	w      *world
	seed   uint64
	oracle *oracle
	ledger ledger
}

func (c *chaos) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(c.seed, stream)) }

func (c *chaos) run(cycles int, pause time.Duration, kinds []fault) {
	t, w := c.t, c.w
	watchers := []*watcher{w.watch("watcher-1", sio.WebSocket), w.watch("watcher-2", sio.WebSocket), w.watch("watcher-3", sio.Polling)}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var users sync.WaitGroup
	all := films(t)
	for i := range chaosUsers {
		name := fmt.Sprintf("user-%d", i+1)
		u := &user{
			w: w, name: name, token: w.token(name), films: all, ledger: &c.ledger, random: c.random(uint64(i + 1)),
			client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, emit: watchers[i%len(watchers)].emit,
		}
		users.Go(func() { u.run(ctx) })
	}
	f := &faults{w: w, random: c.random(0), kinds: kinds, ctx: t.Context()}
	f.run(cycles, pause)
	leave()
	users.Wait()
	struck := time.Since(w.story.began)

	a := &audit{w: w, ledger: &c.ledger, watchers: watchers, oracle: c.oracle, token: w.token("auditor")}
	problems := a.pass(t.Context())
	for deadline := time.Now().Add(settleTime); len(problems) > 0 && time.Now().Before(deadline); {
		w.story.note("== %d problems left: %s", len(problems), problems[0].what)
		time.Sleep(500 * time.Millisecond)
		problems = a.pass(t.Context())
	}
	c.report(a, f, cycles, struck)
	if len(problems) > 0 {
		c.tell(problems)
	}
	if accepted := c.accepted(); accepted < cycles/8 {
		t.Errorf("only %d uploads were accepted: nothing was tried", accepted)
	}
}

func (c *chaos) accepted() (n int) {
	for _, e := range c.ledger.entries {
		if e.accepted {
			n++
		}
	}
	return n
}

// report says what was tried, also where all went well.
func (c *chaos) report(a *audit, f *faults, cycles int, struck time.Duration) {
	c.t.Logf("%d faults in %.0f s (seed %d), settled %.0f s later: %v", cycles, struck.Seconds(), c.seed,
		(time.Since(c.w.story.began) - struck).Seconds(), f.counts)
	c.t.Logf("%d uploads, %d accepted; now: %v; %d folders of blobs left to the sweep", len(c.ledger.entries), c.accepted(), a.outcomes, a.strays)
	for _, w := range a.watchers {
		w.mu.Lock()
		c.t.Logf("%s: %d events, connected %d times, resumed %d, told to fetch the state %d times, refused %d times",
			w.name, len(w.seen), w.connects, w.resumed, w.resets, w.refused)
		w.mu.Unlock()
	}
	if *chaosKeep != "" {
		c.keep(filepath.Join(*chaosKeep, filepath.Base(c.t.Name())))
	}
}

// tell fails the test with the story of the first problems.
func (c *chaos) tell(problems []problem) {
	words := []string{"== "}
	var said strings.Builder
	for i, p := range problems {
		if i < 20 {
			fmt.Fprintln(&said, p.what)
		}
		if i < 3 {
			words = append(words, p.words...)
		}
	}
	lines := c.w.story.about(words...)
	for _, line := range c.logged(words[1:]) {
		lines = append(lines, "log  "+line)
	}
	lines = lines[:min(len(lines), storyLines)]
	c.t.Errorf("%d problems (repeat with -chaos.seed %d):\n%s\nThe story of the first:\n%s", len(problems), c.seed, said.String(), strings.Join(lines, "\n"))
}

// logged returns what the processes logged about the words.
func (c *chaos) logged(words []string) (found []string) {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	files, _ := filepath.Glob(filepath.Join(c.w.logs(), "*.log"))
	for _, path := range files {
		data, _ := os.ReadFile(path)
		for line := range bytes.Lines(data) {
			if slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(line, []byte(word)) }) {
				found = append(found, strings.TrimSuffix(filepath.Base(path), ".log")+": "+strings.TrimSpace(string(line)))
			}
		}
	}
	return found
}

// keep copies the story and the logs to a folder.
func (c *chaos) keep(dir string) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		c.t.Error(err)
		return
	}
	_ = os.WriteFile(filepath.Join(dir, "story.txt"), []byte(strings.Join(c.w.story.about(" "), "\n")), 0o600)
	files, _ := filepath.Glob(filepath.Join(c.w.logs(), "*.log"))
	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil {
			_ = os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o600)
		}
	}
}
