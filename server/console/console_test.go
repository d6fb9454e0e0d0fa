package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
	"reelroom/worker/queue"
)

// fakes are the doors, the queue and the store of one node.
type fakes struct {
	sockets, streams []models.ConsoleConnection // of acme
	away             error
	looks            atomic.Int64
}

func (f *fakes) Connections(org string, most int) ([]models.ConsoleConnection, int) {
	f.looks.Add(1)
	if org != "acme" {
		return nil, 0
	}
	return append([]models.ConsoleConnection(nil), f.sockets[:min(most, len(f.sockets))]...), len(f.sockets)
}

type fakeStreams struct{ *fakes }

func (f fakeStreams) Connections(org string) []models.ConsoleConnection {
	if org != "acme" {
		return nil
	}
	return append([]models.ConsoleConnection(nil), f.streams...)
}

func (f *fakes) Loads(_ context.Context, orgs ...string) (out []queue.Load, err error) {
	for _, org := range orgs {
		load := queue.Load{}
		if org == "acme" {
			load = queue.Load{Waiting: 3, Running: 2, Oldest: 7 * time.Second}
		}
		out = append(out, load)
	}
	return out, f.away
}

func (f *fakes) Processes(context.Context) ([]queue.Process, error) {
	return []queue.Process{{ID: "w1", Name: "host.7.", Concurrency: 4, Busy: 3}, {ID: "w2", Name: "host.70.", Concurrency: 2}}, f.away
}

func (f *fakes) List(_ context.Context, org string, page models.Page) (models.VideoPage, error) {
	if org != "acme" || len(page.Status) != 1 || page.Status[0] != models.StatusProcessing {
		return models.VideoPage{}, f.away
	}
	return models.VideoPage{Videos: []models.Video{
		{ID: "v1", Title: "one", Stage: models.StageThumbnail, Attempt: 1, Lease: models.Lease{Worker: "host.70.abc"}},
		{ID: "v2", Title: "gone", Stage: models.StageThumbnail, Attempt: 1, Lease: models.Lease{Worker: "dead.1.abc"}},
	}}, f.away
}

func (f *fakes) Waiting(context.Context, string) (int, error) { return 5, f.away }

// wires connect the nodes of a test.
type wires struct{ nodes []*Console }

type end struct {
	wires *wires
	self  **Console
	extra [][]byte
	err   error
}

func (e end) Ask(_ context.Context, org string, _ time.Duration) (out [][]byte, whole bool, err error) {
	for _, n := range e.wires.nodes {
		if n != *e.self {
			out = append(out, n.Answer(org))
		}
	}
	return append(out, e.extra...), e.err == nil, e.err
}

func newNode(w *wires, f *fakes, extra ...[]byte) *Console {
	var c *Console
	c = New(Config{
		Sockets: f, Streams: fakeStreams{f}, Queue: f, Store: f, Peers: end{wires: w, self: &c, extra: extra}, Meter: NewMeter(),
		Limits: limits.New(limits.Settings{OrgConnections: 10, OrgDownloads: 5, OrgQueued: 100}, nil),
		Uploads: func(string) ([]models.ConsoleLimit, error) {
			return []models.ConsoleLimit{{Name: "unfinished_uploads", Used: 4, Limit: 9, Unit: "uploads"}}, nil
		},
	})
	w.nodes = append(w.nodes, c)
	return c
}

var admin = models.Identity{OrganizationID: "acme", UserID: "boss", Role: models.RoleAdmin}

func many(door string, n int, since time.Time) (out []models.ConsoleConnection) {
	for i := range n {
		out = append(out, models.ConsoleConnection{ID: fmt.Sprint(door, i), Door: door, UserID: "u", ConnectedAt: since.Add(-time.Duration(i) * time.Second), Videos: []string{}})
	}
	return out
}

func TestSnapshotIsOfAllNodes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := &wires{}
	foreign, _ := json.Marshal(report{Organization: "other", Node: models.ConsoleNode{ID: "evil"}, ByDoor: map[string]int{"sse": 1000}})
	a := newNode(w, &fakes{sockets: many("socketio", 300, now), streams: many("sse", 2, now)}, foreign, []byte("{"))
	b := newNode(w, &fakes{sockets: many("socketio", 5, now.Add(time.Minute)), streams: many("ws", 1, now.Add(-time.Hour))})
	b.Meter.Events("acme", 7)
	s, err := a.Snapshot(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Connections
	if got.Total != 308 || got.ByDoor["socketio"] != 305 || got.ByDoor["sse"] != 2 || got.ByDoor["ws"] != 1 || got.ByDoor["poll"] != 0 || len(got.ByDoor) != 5 {
		t.Errorf("%d connections: %v", got.Total, got.ByDoor)
	}
	if len(got.Items) != maxItems || got.More != 308-maxItems {
		t.Errorf("%d are listed, %d more", len(got.Items), got.More)
	}
	for i, c := range got.Items {
		if i > 0 && c.ConnectedAt.After(got.Items[i-1].ConnectedAt) {
			t.Fatal("not the newest first")
		}
		if node := map[bool]string{true: b.Node(), false: a.Node()}[i < 5]; c.Node != node {
			t.Fatalf("connection %d is at %q", i, c.Node)
		}
	}
	if len(s.Nodes) != 2 || s.Nodes[0].Connections+s.Nodes[1].Connections != 308 {
		t.Errorf("nodes: %+v", s.Nodes)
	}
	if strings.Join(s.Missing, " ") != "nodes" { // for the two that make no sense
		t.Errorf("missing: %q", s.Missing)
	}
	if q := s.Queue; q.Waiting != 3 || q.Running != 2 || q.OldestSeconds != 7 || len(q.Workers) != 2 {
		t.Fatalf("queue: %+v", q)
	}
	if one, two := s.Queue.Workers[0], s.Queue.Workers[1]; len(one.Videos) != 0 || one.Busy != 3 || len(two.Videos) != 1 || two.Videos[0].VideoID != "v1" || two.Busy != 1 {
		t.Errorf("workers: %+v", s.Queue.Workers)
	}
	for _, want := range []models.ConsoleLimit{
		{Name: "connections", Limit: 20, Unit: "connections"}, {Name: "downloads", Limit: 10, Unit: "files"}, {Name: "events", Unit: "events"},
		{Name: "unfinished_uploads", Used: 4, Limit: 9, Unit: "uploads"}, {Name: "queued", Used: 5, Limit: 100, Unit: "videos"},
	} {
		found := false
		for _, l := range s.Limits {
			found = found || l == want
		}
		if !found {
			t.Errorf("%+v is not among %+v", want, s.Limits)
		}
	}
}

func TestOnlyAdminsSeeTheConsole(t *testing.T) {
	t.Parallel()
	c := newNode(&wires{}, &fakes{})
	for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleService, ""} {
		who := admin
		who.Role = role
		if _, err := c.Snapshot(t.Context(), who); models.CodeOf(err) != models.CodeForbidden {
			t.Errorf("%q: %v", role, err)
		}
	}
}

// What does not answer is named, and the rest is shown.
func TestMissingPartsAreNamed(t *testing.T) {
	t.Parallel()
	c := newNode(&wires{}, &fakes{away: errors.New("away"), sockets: many("socketio", 1, time.Now())})
	c.Peers = end{wires: &wires{}, err: errors.New("away")}
	s, err := c.Snapshot(t.Context(), admin)
	if err != nil || s.Connections.Total != 1 || strings.Join(s.Missing, " ") != "nodes limits queue workers" {
		t.Errorf("%v, %+v", err, s)
	}
	raw, err := json.Marshal(s)
	if err != nil || strings.Contains(string(raw), `:null`) && !strings.Contains(string(raw), `"p50Ms":null`) || strings.Contains(string(raw), `"workers":null`) || strings.Contains(string(raw), `"series":null`) {
		t.Errorf("%v, %s", err, raw)
	}
}

// slow are a queue and a store of which each answer takes a second.
type slow struct{ *fakes }

func (s slow) Loads(ctx context.Context, orgs ...string) ([]queue.Load, error) {
	time.Sleep(time.Second)
	return s.fakes.Loads(ctx, orgs...)
}

func (s slow) Processes(ctx context.Context) ([]queue.Process, error) {
	time.Sleep(time.Second)
	return s.fakes.Processes(ctx)
}

func (s slow) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	time.Sleep(time.Second)
	return s.fakes.List(ctx, org, page)
}

// What has to be waited for is waited for at once.
func TestASnapshotTakesWhatItsSlowestPartDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newNode(&wires{}, &fakes{})
		c.Queue, c.Store = slow{&fakes{}}, slow{&fakes{}}
		began := time.Now()
		s, err := c.Snapshot(t.Context(), admin)
		if took := time.Since(began); err != nil || len(s.Missing) != 0 || len(s.Queue.Workers) != 2 || took > time.Second {
			t.Errorf("%v, %q, after %v", err, s.Missing, took)
		}
	})
}

// However many look, and however often, there is one look a second, and each
// organization has its own.
func TestManyAdminsShareALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{sockets: many("socketio", 1, time.Now())}
		c := newNode(&wires{}, f)
		other := admin
		other.OrganizationID = "other"
		for range 30 {
			var all sync.WaitGroup
			for range 20 {
				for org, want := range map[models.Identity]int{admin: 1, other: 0} {
					all.Go(func() {
						if s, err := c.Snapshot(t.Context(), org); err != nil || s.Connections.Total != want || len(s.Connections.Items) != want {
							t.Errorf("%s: %v, %+v", org.OrganizationID, err, s.Connections)
						}
					})
				}
			}
			all.Wait()
			time.Sleep(100 * time.Millisecond)
		}
		if n := f.looks.Load(); n < 6 || n > 10 {
			t.Errorf("looked %d times in 3 s for two organizations", n)
		}
		time.Sleep(time.Minute)
		if _, err := c.Snapshot(t.Context(), admin); err != nil || len(c.last) != 1 {
			t.Errorf("%v; %d snapshots are kept", err, len(c.last))
		}
	})
}

// Samples give the series its connections and its work.
func TestRunSamples(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newNode(&wires{}, &fakes{})
		if _, err := c.Limits.Sit(models.Identity{OrganizationID: "acme", UserID: "u"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(2 * time.Minute)
		points := c.Meter.series("acme").points(time.Now())
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(points) < 22 {
			t.Fatalf("%d points in two minutes", len(points))
		}
		for i, p := range points[1:] {
			if p.Connections == nil || *p.Connections != 1 || p.Waiting == nil || *p.Waiting != 3 || *p.Running != 2 {
				t.Fatalf("point %d: %+v", i+1, p)
			}
		}
	})
}
