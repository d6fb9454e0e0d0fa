package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/server/harness/load"
	"reelroom/server/harness/sio"
)

// comeBack is how a client that was cut comes again: at once, for longer than
// a node takes to be started anew.
var comeBack = sio.Backoff{Min: 2 * time.Millisecond, Max: 500 * time.Millisecond, Attempts: 240}

// connectTime bounds the wait for a connection that should come.
const connectTime = 60 * time.Second

// watcher is a client and what it saw. Each of its connections goes to the
// next node.
type watcher struct {
	name   string
	trial  *trial
	tenant int
	client *sio.Client
	done   chan struct{}
	err    error
	// came is filled with each connection.
	came chan struct{}
	// cutAtOnce makes the next connection be cut before its first event.
	cutAtOnce atomic.Bool
	node      atomic.Int64

	mu      sync.Mutex
	run     string
	tally   load.Tally
	latency *load.Histogram
	seen    []sio.Event // kept while keep is set
	keep    bool
	connects, resumed,
	resets int
	// last is the place of the last event of the run; odd describes the first
	// one that came twice or out of order.
	last, odd string
	foreign   []string
}

// group is clients that end together.
type group struct {
	trial  *trial
	ctx    context.Context
	cancel context.CancelFunc
	all    []*watcher
}

func (t *trial) listen(ctx context.Context) *group {
	g := &group{trial: t}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// close ends every client, and notes what they saw of others.
func (g *group) close() {
	g.cancel()
	for _, w := range g.all {
		<-w.done
		for _, what := range w.foreign {
			g.trial.report.broken("isolation: %s of organization %s received %s", w.name, g.trial.Tenants[w.tenant].ID, what)
		}
		w.foreign = nil
	}
}

// add connects a client, first to the given node, and returns when it is
// connected. prepare, if any, changes its configuration and itself.
func (g *group) add(tenant, node int, name string, prepare ...func(*watcher, *sio.Config)) (*watcher, error) {
	t := g.trial
	w := &watcher{name: name, trial: t, tenant: tenant, done: make(chan struct{}), came: make(chan struct{}, 1)}
	w.node.Store(int64(node))
	config := sio.Config{
		HTTP: t.HTTP, Token: t.Tenants[tenant].Token, Backoff: comeBack, OnConnect: w.connected, OnEvent: w.event,
		Address: func() string { return t.URLs[int(w.node.Add(1)-1)%len(t.URLs)] },
	}
	for _, p := range prepare {
		p(w, &config)
	}
	w.client = sio.New(config)
	g.all = append(g.all, w)
	go func() {
		defer close(w.done)
		w.err = w.client.Run(g.ctx)
	}()
	return w, w.arrived(g.ctx)
}

// arrived waits for the next connection.
func (w *watcher) arrived(ctx context.Context) error {
	select {
	case <-w.came:
		return nil
	case <-w.done:
		if w.err == nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w", w.name, w.err)
	case <-time.After(connectTime):
		return fmt.Errorf("%s was not connected within %s", w.name, connectTime)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *watcher) connected(s sio.Session) {
	w.mu.Lock()
	w.connects++
	if s.Recovered {
		w.resumed++
	}
	w.mu.Unlock()
	if w.cutAtOnce.Swap(false) {
		_ = w.client.Cut() // it has just connected
	}
	select {
	case w.came <- struct{}{}:
	default:
	}
}

// follow begins the counting of a run.
func (w *watcher) follow(run string, latency *load.Histogram) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.tally, w.latency, w.last, w.odd = run, load.Tally{}, latency, "", ""
}

func (w *watcher) event(e sio.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inspect(e)
	if e.Name == "stream:reset" {
		w.resets++
	}
	if w.keep {
		w.seen = append(w.seen, e)
	}
	m, ok := load.Find(e.Payload())
	if !ok || m.Run != w.run || w.run == "" || m.Org != w.tenant {
		return
	}
	before := w.tally
	w.tally.Add(m.N, seqOf(e.Cursor()))
	if w.odd == "" && w.tally.Doubles+w.tally.Disorder > before.Doubles+before.Disorder {
		w.odd = fmt.Sprintf("; event %d came at cursor %s on connection %d after %s", m.N, e.Cursor(), w.connects, w.last)
	}
	w.last = fmt.Sprintf("cursor %s on connection %d", e.Cursor(), w.connects)
	if w.latency != nil {
		w.latency.Add(e.ReceivedAt.Sub(m.At))
	}
}

// maxForeign bounds what is kept of events of others.
const maxForeign = 3

// inspect looks for what is the other tenant's: its id, its video, its marker.
func (w *watcher) inspect(e sio.Event) {
	t, other := w.trial, 1-w.tenant
	foreign := ""
	var payload struct {
		OrganizationID string `json:"organizationId"`
	}
	_ = json.Unmarshal(e.Payload(), &payload) // what is no object names no organization
	switch m, ok := load.Find(e.Payload()); {
	case payload.OrganizationID != "" && payload.OrganizationID != t.Tenants[w.tenant].ID:
		foreign = "an event of " + payload.OrganizationID
	case ok && m.Org != w.tenant:
		foreign = fmt.Sprintf("the other organization's event %d", m.N)
	default:
		for _, arg := range e.Args {
			if id := t.videos[other]; id != "" && bytes.Contains(arg, []byte(id)) {
				foreign = "the other organization's video " + id
			}
		}
	}
	if foreign != "" && len(w.foreign) < maxForeign {
		w.foreign = append(w.foreign, fmt.Sprintf("%s (%s)", foreign, e.Name))
	}
}

// complete reports whether every event of the run up to sent has come.
func (w *watcher) complete(sent uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.Complete(sent)
}

func (w *watcher) received() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.Received
}

// poll is how often it is looked whether something has come.
const poll = 20 * time.Millisecond

// settle waits until done, as long as progress changes within patience.
func settle(ctx context.Context, patience time.Duration, progress func() uint64, done func() bool) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	seen, since := progress(), time.Now()
	for !done() {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if n := progress(); n != seen {
				seen, since = n, now
			} else if now.Sub(since) > patience {
				return
			}
		}
	}
}
