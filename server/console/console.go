package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"reelroom/models"
	"reelroom/server/limits"
	"reelroom/worker/queue"
)

// Sockets are the connections of the Socket.IO door.
type Sockets interface {
	Connections(org string, most int) (newest []models.ConsoleConnection, total int)
}

// Streams are the connections of the other doors.
type Streams interface {
	Connections(org string) []models.ConsoleConnection
}

// Queue tells of the work.
type Queue interface {
	Loads(ctx context.Context, orgs ...string) ([]queue.Load, error)
	Processes(ctx context.Context) ([]queue.Process, error)
}

// Store is the part of the store that is read.
type Store interface {
	List(ctx context.Context, org string, page models.Page) (models.VideoPage, error)
	models.Waiting
}

// Peers are the nodes of this installation.
type Peers interface {
	// Ask asks every other node about an organization and returns what came in
	// time; whole tells that it was all.
	Ask(ctx context.Context, org string, within time.Duration) (answers [][]byte, whole bool, err error)
}

// Config is what the console looks at. All but Limits, Uploads and Logger is needed.
type Config struct {
	Sockets Sockets
	Streams Streams
	Queue   Queue
	Store   Store
	Peers   Peers
	Meter   *Meter
	Limits  *limits.Limits
	// Uploads returns what an organization uses of the limits of uploads.
	Uploads func(org string) ([]models.ConsoleLimit, error)
	Logger  *slog.Logger
}

const (
	// maxItems bounds the connections that are listed.
	maxItems = 200
	// within is how long the other nodes may take, lookTime how long all may.
	within   = 800 * time.Millisecond
	lookTime = 2 * time.Second
	// kept is how long a snapshot answers all who ask: however many admins look,
	// an organization is looked at once in this time.
	kept = 900 * time.Millisecond
)

// Console shows an organization's admins what runs.
type Console struct {
	Config
	node models.ConsoleNode

	looks singleflight.Group
	mu    sync.Mutex
	last  map[string]models.Console
}

// New makes the console of a node.
func New(c Config) *Console {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Console{
		Config: c, last: map[string]models.Console{},
		node: models.ConsoleNode{ID: strings.ToLower(rand.Text()[:8]), StartedAt: time.Now().UTC().Truncate(time.Second)},
	}
}

// Node is the id of this node.
func (c *Console) Node() string { return c.node.ID }

// Snapshot returns what the member's organization looks like, at most a second
// old. Only admins may ask.
func (c *Console) Snapshot(ctx context.Context, who models.Identity) (models.Console, error) {
	if !who.May(models.ActionAdmin) {
		return models.Console{}, models.Errorf(models.CodeForbidden, "Your role does not allow this.")
	}
	org := who.OrganizationID
	if s, ok := c.recent(org); ok {
		return s, nil
	}
	done := c.looks.DoChan(org, func() (any, error) {
		if s, ok := c.recent(org); ok { // another has looked meanwhile
			return s, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
		defer cancel()
		s := c.look(ctx, org)
		c.keep(org, s)
		return s, nil
	})
	select {
	case r := <-done:
		s, _ := r.Val.(models.Console)
		return s, nil
	case <-ctx.Done():
		return models.Console{}, ctx.Err()
	}
}

func (c *Console) recent(org string) (models.Console, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.last[org]
	return s, ok && time.Since(s.At) < kept
}

// keep keeps a snapshot, and none that is of no use any more.
func (c *Console) keep(org string, s models.Console) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other, old := range c.last {
		if time.Since(old.At) >= kept {
			delete(c.last, other)
		}
	}
	c.last[org] = s
}

// look looks at everything at once. What cannot be had is named in Missing.
func (c *Console) look(ctx context.Context, org string) models.Console {
	var all sync.WaitGroup
	var answers [][]byte
	var work work
	whole, queued := true, -1
	all.Go(func() {
		var err error
		if answers, whole, err = c.Peers.Ask(ctx, org, within); err != nil {
			whole = false
			c.Logger.Debug("the other nodes were not asked for the console", "error", err)
		}
	})
	all.Go(func() { work = c.work(ctx, org) })
	all.Go(func() {
		if n, err := c.Store.Waiting(ctx, org); err == nil {
			queued = n
		}
	})
	own := c.report(org)
	all.Wait()

	b := newBoard(org)
	b.take(own)
	for _, raw := range answers {
		var r report
		if err := json.Unmarshal(raw, &r); err != nil || r.Organization != org {
			whole = false
			continue
		}
		b.take(r)
	}
	if !whole {
		b.missing("nodes")
	}
	return b.snapshot(work, queued, c.Limits.Queued())
}

// Answer is this node's answer to [Peers.Ask] of another.
func (c *Console) Answer(org string) []byte {
	raw, err := json.Marshal(c.report(org))
	if err != nil { // it always has a JSON form
		return nil
	}
	return raw
}

// Run samples, in each slot, what is not counted as it happens, until ctx ends.
func (c *Console) Run(ctx context.Context) error {
	for {
		now := time.Now()
		next := time.Unix(0, (slotOf(now)+1)*int64(width)).Add(width / 2) // once in each, also where it is a little late
		if half := next.Add(-width); half.After(now) {
			next = half
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
			c.sample(ctx)
		}
	}
}

// sample notes the connections of the organizations that have some here, or that
// something was heard of, and their work.
func (c *Console) sample(ctx context.Context) {
	for _, org := range c.Limits.Connected(maxTracks) {
		n := int32(c.Limits.Connections(org))
		c.Meter.note(org, func(s *slot) { s.connections = n })
	}
	orgs := c.Meter.organizations()
	loads, err := c.Queue.Loads(ctx, orgs...)
	for i, org := range orgs {
		n := int32(c.Limits.Connections(org))
		c.Meter.sampled(org, func(s *slot) {
			s.connections = n
			if err == nil && i < len(loads) {
				s.waiting, s.running = int32(loads[i].Waiting), int32(loads[i].Running)
			}
		})
	}
}
