package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
	"reelroom/server/harness/load"
	"reelroom/server/limits"
)

type loadCommand struct {
	Node     []string      `help:"Address of another node of the same installation; may be given often." placeholder:"URL"`
	Sockets  int           `help:"How many WebSocket clients." default:"1000"`
	Orgs     int           `name:"org" help:"How many organizations they are spread over; needs the secret." default:"1"`
	Users    int           `name:"user" help:"How many users in each organization." default:"1"`
	Videos   int           `name:"video" help:"How many videos each client subscribes to." default:"0"`
	Rate     float64       `help:"Events per second to each organization; 0 sends none." default:"5"`
	Burst    int           `help:"How many of them are sent at once." default:"1"`
	Events   int           `help:"How many events each organization is sent; without it, as many as fit into the duration." placeholder:"N"`
	Duration time.Duration `help:"How long events are sent, or connections held." default:"10s"`
	Pad      int           `help:"Bytes that make each event longer." default:"0"`
	Settle   time.Duration `help:"How long to wait, after an event came, for what is still missing." default:"10s"`
	Parallel int           `help:"Connections that are made at once." default:"64"`
}

// The bounds of a load: one process and one address have no more ports.
const (
	maxSockets = 60_000
	maxOrgs    = 1000
	// spareFiles is what the process needs beside its sockets.
	spareFiles = 128
)

func (c loadCommand) validate(a *app) error {
	switch {
	case c.Sockets < 1 || c.Sockets > maxSockets:
		return usage("--sockets must be 1 to %d", maxSockets)
	case c.Orgs < 1 || c.Orgs > maxOrgs || c.Users < 1:
		return usage("--org must be 1 to %d, and --user 1 or more", maxOrgs)
	case c.Orgs > 1 && a.Bearer != "":
		return usage("--token speaks for one organization; --org needs the secret")
	case c.Videos < 0 || c.Pad < 0 || c.Events < 0 || c.Burst < 1 || c.Parallel < 1 || c.Duration <= 0:
		return usage("--video, --pad and --events cannot be negative, and --burst, --parallel and --duration must be above 0")
	case !(c.Rate >= 0 && c.Rate <= maxRate):
		return usage("--rate must be 0 to %d", maxRate)
	case c.count() > maxCount:
		return usage("these are more than %d events", maxCount)
	}
	if limit := limits.Descriptors(); limit > 0 && uint64(c.Sockets+spareFiles) > limit {
		return usage("%d sockets need as many open files, and this process may have %d: raise it with ulimit -n %d", c.Sockets, limit, c.Sockets+spareFiles)
	}
	return nil
}

// count is how many events each organization is sent.
func (c loadCommand) count() int {
	if c.Rate == 0 || c.Events > 0 {
		return c.Events
	}
	return max(1, int(c.Rate*c.Duration.Seconds()))
}

// loaded is what --json prints.
type loaded struct {
	load.Count
	Sockets        int            `json:"sockets"`
	Online         int            `json:"online"`
	Events         uint64         `json:"events"`
	ConnectSeconds float64        `json:"connectSeconds"`
	ConnectsPerSec float64        `json:"connectsPerSecond"`
	Connect        load.Quantiles `json:"connect"`
	Latency        load.Quantiles `json:"latency"`
	Failures       map[string]int `json:"failures"`
	Broken         []string       `json:"broken"`
}

func (c loadCommand) Run(a *app) error {
	if err := c.validate(a); err != nil {
		return err
	}
	run := runID()
	l := &loading{loadCommand: c, app: a, run: run, sent: make([]uint64, c.Orgs)}
	defer l.clean()
	if err := l.upload(); err != nil {
		return err
	}
	l.fleet = load.New(load.Config{
		URLs: append([]string{a.address()}, c.Node...), Sockets: c.Sockets, Dialect: load.SocketIO{},
		Run: run, Org: func(n int) int { return n % c.Orgs }, Parallel: c.Parallel,
		Token:  func(n int) (string, error) { return a.bearer(l.person(n%c.Orgs, n/c.Orgs%c.Users, models.RoleViewer)) },
		Videos: func(n int) []string { return l.videos[n%c.Orgs][:c.Videos] },
	})
	defer l.fleet.Close()
	took, err := l.fleet.Connect(a.ctx)
	if err != nil {
		return err
	}
	a.note("%d of %d connected in %.1f s", l.fleet.Online(), c.Sockets, took.Seconds())
	if c.count() == 0 {
		select {
		case <-time.After(c.Duration):
		case <-a.ctx.Done():
		}
	} else if err := l.publish(); err != nil {
		return err
	}
	for org := range l.sent {
		l.sent[org] = uint64(c.count())
	}
	l.fleet.Wait(a.ctx, c.Settle, l.sent...)
	return l.tell(took)
}

// runID names a run, so that what is left of another one is not counted.
func runID() string { return strconv.FormatUint(rand.Uint64(), 36) }

// loading is one run of the command.
type loading struct {
	loadCommand
	app    *app
	run    string
	fleet  *load.Fleet
	videos [][]string // by organization
	sent   []uint64
}

func (l *loading) person(org, user int, role models.Role) person {
	return person{"load-" + strconv.Itoa(user), "load-" + strconv.Itoa(org), role}
}

func (l *loading) api(org int) load.API {
	return load.API{HTTP: l.app.http, URL: l.app.address(), Token: func() (string, error) {
		return l.app.bearer(l.person(org, 0, models.RoleAdmin))
	}}
}

// upload makes the videos that the events are about.
func (l *loading) upload() error {
	for org := range l.Orgs {
		l.videos = append(l.videos, nil)
		for range max(l.Videos, 1) {
			id, err := l.api(org).Upload(l.app.ctx, "load "+l.run)
			if err != nil {
				return err
			}
			l.videos[org] = append(l.videos[org], id)
		}
	}
	return nil
}

// cleanTime bounds the removal of what a run has made.
const cleanTime = 20 * time.Second

func (l *loading) clean() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.app.ctx), cleanTime)
	defer cancel()
	for org, ids := range l.videos {
		for _, id := range ids {
			if err := l.api(org).Delete(ctx, id); err != nil {
				l.app.note("video %s stays: %v", id, err)
			}
		}
	}
}

// publish sends bursts, one after another to each organization.
func (l *loading) publish() error {
	count := l.count()
	bursts := (count + l.Burst - 1) / l.Burst
	interval := time.Duration(0)
	if l.Rate > 0 {
		interval = time.Duration(float64(l.Burst) / l.Rate * float64(time.Second))
	}
	return load.Pace(l.app.ctx, bursts, interval, 1, func(ctx context.Context, burst uint64) error {
		before := (int(burst) - 1) * l.Burst
		size := min(l.Burst, count-before)
		return load.Pace(ctx, size*l.Orgs, 0, min(size*l.Orgs, maxParallel), func(ctx context.Context, i uint64) error {
			org := int(i-1) % l.Orgs
			n := uint64(before + int(i-1)/l.Orgs + 1)
			return l.api(org).Publish(ctx, l.videos[org][0], load.Marker{Run: l.run, Org: org, N: n}, l.Pad)
		})
	})
}

func (l *loading) tell(took time.Duration) error {
	r := loaded{
		Count: l.fleet.Count(l.sent...), Sockets: l.Sockets, Online: l.fleet.Online(), Events: uint64(l.count() * l.Orgs),
		ConnectSeconds: took.Seconds(), Connect: l.fleet.Connects.Quantiles(), Latency: l.fleet.Latency.Quantiles(),
		Failures: l.fleet.Failures(), Broken: []string{},
	}
	r.ConnectsPerSec = float64(r.Connects) / max(took.Seconds(), 1e-6)
	r.judge()
	if l.app.JSON {
		if err := l.app.print(r); err != nil {
			return err
		}
	} else if err := r.words(l.app); err != nil {
		return err
	}
	if len(r.Broken) > 0 {
		return errReported
	}
	return nil
}

// judge names what should not have been.
func (r *loaded) judge() {
	for _, c := range []struct {
		n     uint64
		words string
	}{
		{uint64(r.Sockets - r.Online), "clients are not connected in the end"},
		{r.Lost, "deliveries were lost"}, {r.Doubles, "came twice"}, {r.Disorder, "came out of order"},
		{r.Foreign, "were of another organization"},
	} {
		if c.n > 0 {
			r.Broken = append(r.Broken, fmt.Sprintf("%d %s", c.n, c.words))
		}
	}
	for _, words := range slices.Sorted(maps.Keys(r.Failures)) {
		r.Broken = append(r.Broken, fmt.Sprintf("%d times: %s", r.Failures[words], words))
	}
}

func (r *loaded) words(a *app) error {
	_, err := fmt.Fprintf(a.out, `connects   %d in %.2f s (%.0f/s); %s
events     %d, deliveries %d of %d: %d lost, %d double, %d out of order, %d foreign
latency    %s
bytes      %d over the sockets
`, r.Connects, r.ConnectSeconds, r.ConnectsPerSec, spread(r.Connect),
		r.Events, r.Received, r.Expected, r.Lost, r.Doubles, r.Disorder, r.Foreign, spread(r.Latency), r.Bytes)
	for _, words := range r.Broken {
		if err == nil {
			_, err = fmt.Fprintln(a.out, "broken:   ", clean(words, false))
		}
	}
	return err
}

func spread(q load.Quantiles) string {
	return fmt.Sprintf("p50 %.1f, p90 %.1f, p99 %.1f, max %.1f ms", q.P50, q.P90, q.P99, q.Max)
}
