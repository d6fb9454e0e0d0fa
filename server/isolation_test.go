package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

var (
	isolationSteps = flag.Int("isolation.steps", 3600, "about how many steps TestTenantsCannotLeak takes")
	isolationLanes = flag.Int("isolation.lanes", 3, "how many threesomes of organizations live at once in TestTenantsCannotLeak")
	isolationRedis = flag.Bool("isolation.redis", false, "let TestTenantsCannotLeak use a redis-server, which is faster")
)

// stepsPerRealm is how long three organizations live.
const stepsPerRealm = 400

// Three organizations use every door at once, with good tokens and bad ones, ids
// and places of their own and of others, and the model knows who may hear, read
// and do what. No byte of one ever reaches another, what is for one person or
// for those who follow a video reaches nobody else, what is refused changes
// nothing, and what belongs to others is answered as what is not there.
func TestTenantsCannotLeak(t *testing.T) {
	t.Parallel()
	variables := []string{}
	if *isolationRedis {
		variables = append(variables, "REDIS_URL", "redis://"+testenv.Redis(t)+"/0")
	}
	h := openHouse(t, nil, variables...)
	lanes := *isolationLanes
	_ = flag.Set("rapid.steps", strconv.Itoa(stepsPerRealm))
	_ = flag.Set("rapid.checks", strconv.Itoa(max(1, *isolationSteps/stepsPerRealm/lanes)))
	var sum census
	began := time.Now()
	t.Run("lanes", func(t *testing.T) {
		for i := range lanes {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) { live(rt, h, &sum) })
			})
		}
	})
	took := time.Since(began)
	t.Logf("%d steps in %.0fs (%.0f/s): %s; %d words heard by those they were for, %d kB of log without a secret",
		sum.steps.Load(), took.Seconds(), float64(sum.steps.Load())/took.Seconds(), sum.kinds(), sum.heard.Load(), h.log.Bytes()>>10)
}

// census counts what was tried.
type census struct {
	steps, heard atomic.Int64
	done         [len(kindsOfStep)]atomic.Int64
}

func (s *census) kinds() string {
	var parts []string
	for i, k := range kindsOfStep {
		parts = append(parts, fmt.Sprintf("%d %s", s.done[i].Load(), k.name))
	}
	return strings.Join(parts, ", ")
}

// kindsOfStep are what may happen, and how often beside the others.
var kindsOfStep = [...]struct {
	name  string
	often int
	do    func(*trial)
}{
	{"requests", 110, (*trial).request},
	{"words over a socket", 45, (*trial).emit},
	{"events for few", 18, (*trial).whispers},
	{"outside events", 8, (*trial).outside},
	{"works on a video", 8, (*trial).work},
	{"uploads", 3, (*trial).upload},
	{"polls", 8, (*trial).poll},
	{"cuts and resumes", 2, (*trial).resume},
	{"WebSockets", 3, (*trial).dial},
	{"tickets", 4, (*trial).ticket},
}

// trial is a run of the model.
type trial struct {
	*rapid.T
	realm *realm
	house *house
}

func live(rt *rapid.T, h *house, sum *census) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	w, err := newRealm(ctx, h)
	if err != nil {
		rt.Fatal(err)
	}
	defer w.close()
	for _, t := range w.tenants {
		for range 2 {
			if _, err := w.video(t); err != nil {
				rt.Fatal(err)
			}
		}
		if _, err := w.batch(t); err != nil {
			rt.Fatal(err)
		}
		if err := w.open(t); err != nil {
			rt.Fatal(err)
		}
		if t.head, err = h.head(ctx, t.id); err != nil {
			rt.Fatal(err)
		}
	}
	l := &trial{rt, w, h}
	var weights []int
	for i, k := range kindsOfStep {
		for range k.often {
			weights = append(weights, i)
		}
	}
	kind := rapid.SampledFrom(weights)
	rt.Repeat(map[string]func(*rapid.T){
		"step": func(rt *rapid.T) {
			l.T = rt
			w.step.Add(1)
			i := kind.Draw(rt, "kind")
			kindsOfStep[i].do(l)
			sum.done[i].Add(1)
			sum.steps.Add(1)
			if leaks := w.leaked(); leaks != "" {
				rt.Fatal(leaks)
			}
		},
	})
	l.T = rt
	for _, t := range w.tenants {
		l.still(t, "at the end")
	}
	if err := w.settle(); err != nil {
		rt.Fatal(err)
	}
	if leaks := w.leaked(); leaks != "" {
		rt.Fatal(leaks)
	}
	w.mu.RLock()
	sum.heard.Add(w.heard)
	w.mu.RUnlock()
}

func (l *trial) tenant() *tenant { return rapid.SampledFrom(l.realm.tenants).Draw(l.T, "tenant") }

func (l *trial) person() *person {
	return rapid.SampledFrom(l.tenant().people).Draw(l.T, "person")
}

// still fails where a tenant's log has moved that should not have.
func (l *trial) still(t *tenant, after string) {
	head, err := l.house.head(l.realm.ctx, t.id)
	if err != nil || head != t.head {
		l.Fatalf("%s: the log of tenant %d was at %s and is at %s (%v)", after, t.number, t.head, head, err)
	}
}

// moved notes that somebody who might change a tenant has done so.
func (l *trial) moved(t *tenant) {
	var err error
	if t.head, err = l.house.head(l.realm.ctx, t.id); err != nil {
		l.Fatal(err)
	}
}

// whose says what an id is to somebody.
type whose int

const (
	own whose = iota
	foreign
	absent
	gone
)

var whoses = []whose{own, own, foreign, foreign, absent, gone}

// pick draws an id of the kind, and returns whose it is, and the tenant it is of.
func (l *trial) pick(t *tenant, kind string) (id string, of *tenant, is whose) {
	is = rapid.SampledFrom(whoses).Draw(l.T, "whose")
	of = t
	if is == foreign {
		of = l.realm.tenants[(t.number+1+rapid.IntRange(0, 1).Draw(l.T, "other"))%3]
	}
	list := of.videos
	switch {
	case kind == "batch":
		list = of.batches
	case kind == "upload":
		list = of.uploads
	}
	if is == gone {
		list = of.deleted
		if kind != "video" {
			list = nil
		}
	}
	if is == absent || len(list) == 0 {
		if is != absent && is != gone {
			is = absent
		}
		return models.DerivedID(rapid.StringN(1, 4, 8).Draw(l.T, "absent")), t, absent
	}
	id = rapid.SampledFrom(list).Draw(l.T, "id")
	t.typed[id] = true
	if is == gone {
		return id, t, gone
	}
	return id, of, is
}
