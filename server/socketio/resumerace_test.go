//go:build !stock

package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// savingHook calls on for each session that is saved.
type savingHook struct {
	*fakeSessions
	on func(org string, s rooms.Session)
}

func (h *savingHook) Save(ctx context.Context, org string, sessions ...rooms.Session) error {
	for _, s := range sessions {
		h.on(org, s)
	}
	return h.fakeSessions.Save(ctx, org, sessions...)
}

// A packet that a client sends at once is handled only when nobody can get
// before the replay: what it asks for may be served from the log, too.
func TestFirstPacketWaitsForTheReplay(t *testing.T) {
	t.Parallel()
	handled := make(chan struct{}, 1)
	var s *testServer
	caught := make(chan *session, 1)
	hook := &savingHook{newFakeSessions(), func(_ string, saved rooms.Session) {
		held := s.door.index.members(rooms.Org("a"))[0]
		held.catching.Lock() // as if the replay were about to begin
		caught <- held
	}}
	s = startServerWith(t, func([]any) { handled <- struct{}{} }, func(c *Config) { c.Sessions = hook })
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expect("0{")
	c.send(connectPacket("a:u1:viewer"))
	c.expect("40{")
	c.send(`42["note"]`)
	held := <-caught
	select {
	case <-handled:
		handled <- struct{}{}
		t.Error("the packet was handled before the replay")
	case <-time.After(300 * time.Millisecond):
	}
	held.catching.Unlock()
	c.expect(readyPrefix)
	<-handled
}

// lateAnswer holds up the answer to one read of the log.
type lateAnswer struct {
	*fakeHub
	once    sync.Once
	read    chan struct{} // closed when the log was read
	release chan struct{}
}

func (l *lateAnswer) After(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error) {
	events, err := l.fakeHub.After(ctx, org, c, limit)
	l.once.Do(func() {
		close(l.read)
		<-l.release
	})
	return events, err
}

// Who shares a read that began before an event was there still gets the event.
func TestSharedReadThatIsTooOld(t *testing.T) {
	t.Parallel()
	hub := newFakeHub()
	late := &lateAnswer{fakeHub: hub, read: make(chan struct{}), release: make(chan struct{})}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Hub, c.Events, c.Snapshot = hub, late, fakeSnapshot(hub) })
	hub.publish(progress("a", 0))
	ahead := []models.Event{progress("a", 1)}
	hub.append(ahead) // this node has yet to hear of it

	var first, second resumer
	first.connect(t, s, "a:u1:viewer", map[string]any{"after": epoch + ".2"})
	<-late.read // nothing after 2
	hub.tell(ahead)
	hub.publish(progress("a", 2))
	second.connect(t, s, "a:u2:viewer", map[string]any{"after": epoch + ".2"})
	time.Sleep(200 * time.Millisecond) // or it would not share the read
	close(late.release)
	first.until(t, "stream:ready")
	second.until(t, "stream:ready")
	hub.publish(progress("a", 3))
	for _, r := range []*resumer{&first, &second} {
		r.upTo(t, 3)
		if len(r.seqs) != 2 || r.seqs[0] != 2 {
			t.Errorf("got %v, want [2 3]", r.seqs)
		}
	}
}

// together lets several loads begin and end together.
type together struct {
	*fakeSessions
	mu    sync.Mutex
	count int
	both  chan struct{}
}

func (g *together) Load(ctx context.Context, org, pid string) (rooms.Session, error) {
	known, err := g.fakeSessions.Load(ctx, org, pid)
	g.mu.Lock()
	both := g.both
	if g.count++; g.count == 2 {
		g.count, g.both = 0, make(chan struct{})
		close(both)
	}
	g.mu.Unlock()
	<-both
	return known, err
}

// Of two connections that take up a session at the same moment one goes on, and
// the other is closed: none stands there and hears nothing.
func TestResumeTwiceAtTheSameMoment(t *testing.T) {
	t.Parallel()
	sessions := &together{fakeSessions: newFakeSessions(), both: make(chan struct{})}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Sessions = sessions })
	for round := range 20 {
		org := fmt.Sprintf("o%d", round)
		var r resumer
		r.connect(t, s, org+":u1:viewer", nil)
		r.until(t, "stream:ready")
		r.conn.Close()
		auth := string(must(json.Marshal(map[string]any{"token": org + ":u1:viewer", "pid": r.pid, "offset": r.offset}))(t))
		clients := make([]*rawClient, 2)
		for i := range clients {
			clients[i] = dialRaw(t, s, "EIO=4&transport=websocket")
			clients[i].expect("0{")
		}
		for _, c := range clients {
			c.send("40" + auth)
		}
		stop := make(chan struct{})
		var events, readers sync.WaitGroup
		events.Go(func() {
			for n := 0; ; n++ {
				s.hub.publish(progress(org, n))
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
		var mu sync.Mutex
		live, closed := 0, 0
		for _, c := range clients {
			readers.Go(func() {
				heard := 0
				for {
					text, err := c.next()
					mu.Lock()
					if err != nil {
						closed++
						if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
							t.Error("a connection stands there and hears nothing")
						}
						mu.Unlock()
						return
					}
					if strings.HasPrefix(text, "40{") && !strings.Contains(text, r.pid) {
						t.Errorf("another session was made: %s", text)
					}
					if strings.HasPrefix(text, `42["video:progress"`) {
						if heard++; heard == 1 {
							live++
						}
					}
					done := heard > 0 && closed == 1 || heard > 200
					mu.Unlock()
					if done {
						return
					}
				}
			})
		}
		readers.Wait()
		close(stop)
		events.Wait()
		for _, c := range clients {
			c.conn.Close()
		}
		if live == 0 || closed != 1 {
			t.Fatalf("round %d: %d were served, %d closed", round, live, closed)
		}
	}
}

// An announcement that is late does not take the place of a newer token's end.
func TestLateAnnouncementKeepsTheNewEnd(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u1:viewer")
	held := s.door.index.members(rooms.Org("a"))[0]
	before, end := held.identity().ExpiresAt, time.Now().Add(time.Second)
	held.mu.Lock()
	held.who.ExpiresAt = end // as a refresh does
	held.mu.Unlock()
	held.schedule(end)
	held.schedule(before) // the announcement had begun before the refresh
	c.expectEnd()
}

// A connection that does not know that it is over does not undo what the client
// has done since on another node.
func TestSessionIsNotSavedOverANewerOne(t *testing.T) {
	t.Parallel()
	two := nodes(t, 2)
	var r resumer
	r.connect(t, two[0], "a:u1:viewer", nil)
	r.until(t, "stream:ready")
	if !r.connect(t, two[1], "a:u1:viewer", nil) { // the old one stands
		t.Fatal("the session was not taken up")
	}
	r.until(t, "stream:ready")
	r.send(`421["video:subscribe","v1"]`)
	r.expect("431[")
	two[0].door.saveSessions()
	r.conn.Close()
	quiet := progress("a", 0)
	quiet.Audience = models.ToVideo
	two[0].hub.publish(quiet)
	if !r.connect(t, two[1], "a:u1:viewer", nil) {
		t.Fatal("the session was not taken up")
	}
	r.until(t, "stream:ready")
	r.inOrder(t, 1)
}

// A session that could not be saved is saved as soon as that is possible.
func TestSessionThatCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	sessions := &flakySessions{fakeSessions: newFakeSessions()}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Sessions = sessions })
	c := connectRaw(t, s, "a:u1:viewer")
	sessions.fail(true)
	c.send(`421["video:subscribe","v1"]`)
	c.expect("431[")
	sessions.fail(false)
	s.door.saveSessions()
	sessions.mu.Lock()
	defer sessions.mu.Unlock()
	for _, saved := range sessions.saved {
		if len(saved.Videos) != 1 {
			t.Errorf("saved with %v", saved.Videos)
		}
	}
}

type flakySessions struct {
	*fakeSessions
	down bool
}

func (f *flakySessions) fail(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = on
}

func (f *flakySessions) Save(ctx context.Context, org string, sessions ...rooms.Session) error {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	if down {
		return models.Errorf(models.CodeUnavailable, "away")
	}
	return f.fakeSessions.Save(ctx, org, sessions...)
}

// A token that cannot be judged now is no bad token: a refusal would keep the
// client from coming again.
func TestTokenThatCannotBeJudgedNow(t *testing.T) {
	t.Parallel()
	s := startServerWith(t, func([]any) {}, func(c *Config) {
		c.Authenticate = func(context.Context, string) (models.Identity, error) {
			return models.Identity{}, models.Errorf(models.CodeUnavailable, "The keys are not known yet.")
		}
	})
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expect("0{")
	c.send(connectPacket("a:u1:viewer"))
	if text, err := c.next(); err == nil {
		t.Errorf("got %s", text)
	}
}

// A story during which more comes than is held costs nothing, and not the
// connection either: the client would come again and ask for the same story.
func TestStoryInTheRush(t *testing.T) {
	t.Parallel()
	hub := newFakeHub()
	late := &lateAnswer{fakeHub: hub, read: make(chan struct{}), release: make(chan struct{})}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Hub, c.Events, c.Snapshot = hub, late, fakeSnapshot(hub) })
	old := progress("a", -1)
	old.Name = models.EventUpdated
	hub.publish(old)
	var r resumer
	r.connect(t, s, "a:u1:viewer", nil)
	r.until(t, "stream:ready")
	r.send(`421["video:subscribe",{"videoId":"v1","after":"e1.0"}]`)
	<-late.read
	const rush = 1000
	for n := range rush {
		hub.publish(crumb("a", n)) // of other videos
	}
	hub.publish(progress("a", rush))
	for n := rush + 1; n < 2*rush; n++ {
		hub.publish(progress("a", n))
	}
	close(late.release)
	go func() {
		for n := 2 * rush; n < 2*rush+100; n++ {
			hub.publish(progress("a", n))
		}
	}()
	if r.until(t, "video:updated")["n"] != float64(-1) {
		t.Error("the story is not there")
	}
	r.seqs = nil
	for len(r.seqs) < 2*rush+100 {
		text, err := r.next()
		if err != nil {
			t.Fatalf("after %d: %v", len(r.seqs), err)
		}
		if strings.HasPrefix(text, "42") {
			r.seqs = append(r.seqs, number(t, text))
		}
	}
	r.inOrder(t, 2*rush+100)
}

// Thousands of connections that have the same trouble do not fill the log.
func TestTheSameTroubleIsToldOnceInAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines strings.Builder
		d := &Door{log: slog.New(slog.NewTextHandler(&lines, nil))}
		for range 1000 {
			d.complain("this", errors.New("away"))
		}
		d.complain("that", errors.New("away"))
		time.Sleep(complainEvery)
		d.complain("this", errors.New("away"))
		if got := lines.String(); strings.Count(got, "\n") != 3 || !strings.Contains(got, "untold=999") {
			t.Errorf("got %s", got)
		}
	})
}
