//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"reelroom/models"
)

// fault is one kind of trouble. It returns what it did, and what ends it, or
// "" when its victim suffers something else.
type fault struct {
	name   string
	weight int
	strike func(f *faults) (did string, over func(), lasts time.Duration)
}

// faults strikes a world, repeatably: what it does is drawn from the seed alone.
type faults struct {
	w      *world
	random *rand.Rand
	kinds  []fault
	counts map[string]int
	// due waits until the next fault, counted from 1, shall strike.
	due     func(fault int)
	mending sync.WaitGroup
	ctx     context.Context
}

func (f *faults) some(least, most time.Duration) time.Duration {
	return least + time.Duration(f.random.Int64N(int64(most-least)))
}

func (f *faults) victim(of []*member) *member { return of[f.random.IntN(len(of))] }

// clusterFaults are those of servers and workers on services of their own. A
// process is paused, or a service away, for up to longest.
func clusterFaults(longest time.Duration) []fault {
	servers := func(f *faults) *member { return f.victim(f.w.servers) }
	workers := func(f *faults) *member { return f.victim(f.w.workers) }
	redis := func(f *faults) *member { return f.w.redis }
	return []fault{
		{"worker killed", 18, kill(workers, 2*time.Second)},
		{"worker told to stop", 4, stop(workers)},
		{"worker asleep", 6, sleep(workers, longest)},
		{"worker asleep beyond its lease", 4, sleepLong()},
		{"server killed", 12, kill(servers, 2*time.Second)},
		{"server told to stop", 3, stop(servers)},
		{"server asleep", 5, sleep(servers, longest)},
		{"Redis killed, its data lost", 5, func(f *faults) (string, func(), time.Duration) {
			f.w.forget.Store(true)
			return kill(redis, 3*time.Second)(f)
		}},
		{"Redis killed", 4, kill(redis, 3*time.Second)},
		{"Redis asleep", 6, sleep(redis, 6*time.Second)},
		{"store silent", 7, away(func(f *faults) []*link { return f.w.storeLinks }, linkSilent, longest)},
		{"store refuses", 6, away(func(f *faults) []*link { return f.w.storeLinks }, linkRefusing, longest)},
		{"a process cut off from a service", 8, away(func(f *faults) []*link {
			links := append(append([]*link{}, f.w.storeLinks...), f.w.redisLinks...)
			return links[f.random.IntN(len(links)):][:1]
		}, linkSilent, longest)},
		{"connections cut", 14, cut(func(f *faults) []*link { return f.w.links() })},
		{"clients cut off", 6, away(func(f *faults) []*link { return f.w.fronts[f.random.IntN(len(f.w.fronts)):][:1] }, linkSilent, longest)},
	}
}

// outages are the faults that take a process or a service away, for up to longest.
func outages(longest time.Duration) (kinds []fault) {
	for _, k := range clusterFaults(longest) {
		switch k.name {
		case "worker killed", "worker asleep", "server killed", "server asleep", "Redis killed, its data lost", "Redis killed", "store silent", "store refuses":
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// singleFaults are those of one process with everything inside.
func singleFaults() []fault {
	server := func(f *faults) *member { return f.w.servers[0] }
	fronts := func(f *faults) []*link { return f.w.fronts }
	return []fault{
		{"server killed", 60, kill(server, time.Second)},
		{"server told to stop", 10, stop(server)},
		{"server asleep", 10, sleep(server, 5*time.Second)},
		{"server asleep beyond its lease", 2, sleepLong()},
		{"connections cut", 18, cut(fronts)},
	}
}

func kill(who func(*faults) *member, rest time.Duration) func(*faults) (string, func(), time.Duration) {
	return func(f *faults) (string, func(), time.Duration) {
		m, away := who(f), f.some(restTime, rest)
		if !m.busy.CompareAndSwap(false, true) {
			return "", nil, 0
		}
		m.rest.Store(int64(away))
		m.signal(syscall.SIGKILL)
		return m.name, func() { m.busy.Store(false) }, 0
	}
}

func stop(who func(*faults) *member) func(*faults) (string, func(), time.Duration) {
	return func(f *faults) (string, func(), time.Duration) {
		m := who(f)
		if !m.busy.CompareAndSwap(false, true) {
			return "", nil, 0
		}
		m.signal(syscall.SIGTERM)
		return m.name, func() { m.busy.Store(false) }, 0
	}
}

func sleep(who func(*faults) *member, most time.Duration) func(*faults) (string, func(), time.Duration) {
	return func(f *faults) (string, func(), time.Duration) {
		m, lasts := who(f), f.some(300*time.Millisecond, most)
		if !m.busy.CompareAndSwap(false, true) {
			return "", nil, 0
		}
		m.signal(syscall.SIGSTOP)
		return fmt.Sprintf("%s, %.1f s", m.name, lasts.Seconds()), func() {
			m.signal(syscall.SIGCONT)
			m.busy.Store(false)
		}, lasts
	}
}

// sleepLong lets a worker, or the one process, sleep until its leases have run
// out, once.
func sleepLong() func(*faults) (string, func(), time.Duration) {
	slept := false
	return func(f *faults) (string, func(), time.Duration) {
		who := append(append([]*member{}, f.w.workers...), f.w.servers...)
		i, lasts := f.random.IntN(max(len(f.w.workers), 1)), models.LeaseTime+f.some(time.Second, 8*time.Second)
		m := who[i]
		if slept || !m.busy.CompareAndSwap(false, true) {
			return "", nil, 0
		}
		slept = true
		m.signal(syscall.SIGSTOP)
		return fmt.Sprintf("%s, %.1f s", m.name, lasts.Seconds()), func() {
			m.signal(syscall.SIGCONT)
			m.busy.Store(false)
		}, lasts
	}
}

func away(which func(*faults) []*link, state linkState, longest time.Duration) func(*faults) (string, func(), time.Duration) {
	return func(f *faults) (string, func(), time.Duration) {
		links, lasts := which(f), f.some(300*time.Millisecond, longest)
		for _, l := range links {
			l.set(state)
		}
		return fmt.Sprintf("%s, %.1f s", links[0].name, lasts.Seconds()), func() {
			for _, l := range links {
				l.set(linkPassing)
			}
		}, lasts
	}
}

func cut(which func(*faults) []*link) func(*faults) (string, func(), time.Duration) {
	return func(f *faults) (string, func(), time.Duration) {
		links := which(f)
		l := links[f.random.IntN(len(links))]
		l.cut()
		return l.name, func() {}, 0
	}
}

// run strikes so many times, with each kind at least once if there are as many
// faults, and then mends everything.
func (f *faults) run(faults int) {
	total := 0
	for _, k := range f.kinds {
		total += k.weight
	}
	f.counts = map[string]int{}
	first := f.random.Perm(len(f.kinds))
	for n := range faults {
		f.due(n + 1)
		for {
			at, i := f.random.IntN(total), 0
			for at >= f.kinds[i].weight {
				at -= f.kinds[i].weight
				i++
			}
			if n < len(first) && faults >= len(first) {
				i = first[n]
			}
			did, over, lasts := f.kinds[i].strike(f)
			if did == "" { // its victim suffers already
				f.wait(50 * time.Millisecond)
				continue
			}
			f.w.story.note("== fault %d: %s: %s", n+1, f.kinds[i].name, did)
			f.counts[f.kinds[i].name]++
			f.mending.Go(func() {
				f.wait(lasts)
				over()
			})
			break
		}
	}
	f.mending.Wait()
	for _, l := range f.w.links() {
		l.set(linkPassing)
	}
	f.w.story.note("== no more faults")
}

func (f *faults) wait(d time.Duration) {
	select {
	case <-f.ctx.Done():
	case <-time.After(d):
	}
}
