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
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

var (
	chaosFaults = flag.Int("chaos.faults", 0, "faults of TestChaos; 0 for 16, or 200 where CI=true")
	chaosVideos = flag.Int("chaos.videos", 0, "healthy videos of TestChaosCompletesEveryVideo; 0 for 24 and a tenth of the faults")
	chaosSeed   = flag.Uint64("chaos.seed", 0, "what TestChaos draws its faults from; 0 for a new one")
	chaosKeep   = flag.String("chaos.keep", "", "a folder for the story and the logs of TestChaos")
)

const (
	// clusterPause and singlePause are the mean time from fault to fault. One
	// process that is killed must live longer between, or it ends nothing.
	clusterPause = 1300 * time.Millisecond
	singlePause  = 4500 * time.Millisecond
	chaosUsers   = 8
	// longPause bounds how long a process or a service is away.
	longPause = 90 * time.Second
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
//	go test ./server -run 'TestChaos$' -v -timeout 60m -args -chaos.faults 1000 -chaos.seed 7
func TestChaos(t *testing.T) {
	t.Parallel()
	faults, seed := chaosSettings(t)
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		w := cluster(t, 2, 3)
		c := &chaos{t: t, w: w, seed: seed, oracle: w.oracle()}
		c.run(plan{faults: max(faults*3/4, 1), pause: clusterPause, kinds: clusterFaults(8 * time.Second), films: films(t)})
	})
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		c := &chaos{t: t, w: single(t), seed: seed}
		c.run(plan{faults: max(faults/4, 1), pause: singlePause, kinds: singleFaults(), films: films(t)})
	})
}

// Healthy videos are uploaded to two servers with three workers while these are
// killed and paused, for up to 90 s, and Redis and the store are lost: each that
// was accepted completes, in its first attempt.
//
//	go test ./server -run TestChaosCompletesEveryVideo -v -timeout 60m -args -chaos.videos 400 -chaos.faults 30
func TestChaosCompletesEveryVideo(t *testing.T) {
	t.Parallel()
	faults, seed := chaosSettings(t)
	p := plan{faults: faults, videos: *chaosVideos, kinds: outages(longPause), films: shortFilms(t)}
	if p.videos == 0 {
		p.videos, p.faults, p.kinds = 24, max(faults/10, 2), outages(models.LeaseTime+8*time.Second)
	}
	w := cluster(t, 2, 3)
	c := &chaos{t: t, w: w, seed: seed, oracle: w.oracle()}
	c.run(p)
}

func chaosSettings(t *testing.T) (faults int, seed uint64) {
	if faults = *chaosFaults; faults == 0 {
		if faults = 16; os.Getenv("CI") == "true" {
			faults = 200
		}
	}
	if seed = *chaosSeed; seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	t.Logf("%d faults, seed %d", faults, seed)
	return faults, seed
}

// plan is what is done to a world.
type plan struct {
	faults int
	pause  time.Duration // the mean time from fault to fault
	kinds  []fault
	films  []film
	// videos, when not 0, is how many are uploaded, and nothing else is done to
	// them; the faults are spread over them instead of over time.
	videos int
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

func (c *chaos) run(p plan) {
	t, w := c.t, c.w
	watchers := []*watcher{w.watch("watcher-1", sio.WebSocket), w.watch("watcher-2", sio.WebSocket), w.watch("watcher-3", sio.Polling)}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var users sync.WaitGroup
	var next atomic.Int64
	for i := range chaosUsers {
		name := fmt.Sprintf("user-%d", i+1)
		u := &user{
			w: w, name: name, token: w.token(name), films: p.films, ledger: &c.ledger, random: c.random(uint64(i + 1)),
			client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, emit: watchers[i%len(watchers)].emit,
		}
		users.Go(func() {
			if p.videos == 0 {
				u.run(ctx)
				return
			}
			for n := next.Add(1); n <= int64(p.videos); n = next.Add(1) {
				u.keep(t.Context(), n)
			}
		})
	}
	f := &faults{w: w, random: c.random(0), kinds: p.kinds, ctx: t.Context()}
	f.due = func(int) { f.wait(f.some(p.pause/4, p.pause*7/4)) }
	if p.videos > 0 {
		f.due = func(fault int) {
			for c.ledger.accepted.Load() < int64(fault*p.videos/(p.faults+1)) && t.Context().Err() == nil {
				f.wait(20 * time.Millisecond)
			}
		}
	}
	f.run(p.faults)
	if p.videos == 0 {
		leave()
	}
	users.Wait()
	struck := time.Since(w.story.began)

	a := &audit{w: w, ledger: &c.ledger, watchers: watchers, oracle: c.oracle, token: w.token("auditor")}
	problems := a.pass(t.Context())
	for deadline := time.Now().Add(settleTime); len(problems) > 0 && time.Now().Before(deadline); {
		w.story.note("== %d problems left: %s", len(problems), problems[0].what)
		time.Sleep(500 * time.Millisecond)
		problems = a.pass(t.Context())
	}
	c.report(a, f, p.faults, struck)
	if len(problems) > 0 {
		c.tell(problems)
	}
	if accepted := c.ledger.accepted.Load(); accepted < int64(max(p.faults/8, p.videos)) {
		t.Errorf("only %d uploads were accepted: nothing was tried", accepted)
	}
}

// report says what was tried, also where all went well.
func (c *chaos) report(a *audit, f *faults, faults int, struck time.Duration) {
	c.t.Logf("%d faults in %.0f s (seed %d), settled %.0f s later: %v", faults, struck.Seconds(), c.seed,
		(time.Since(c.w.story.began) - struck).Seconds(), f.counts)
	c.t.Logf("%d uploads, %d accepted; now: %v; %d folders of blobs left to the sweep", len(c.ledger.entries), c.ledger.accepted.Load(), a.outcomes, a.strays)
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
