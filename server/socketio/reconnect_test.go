//go:build !stock && !windows

package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

const (
	// backTime is how long a client may take until it is connected again.
	backTime = 5 * time.Second
	// downTime is how long a server that is started again was away. Meanwhile
	// the clients wait longer before each attempt, up to restartTime.
	downTime    = 2 * time.Second
	restartTime = 8 * time.Second
)

// restartable is a server that can be stopped and started at the same address,
// with a log and sessions that outlive it.
type restartable struct {
	t        *testing.T
	address  string
	hub      *fakeHub
	sessions *fakeSessions
	door     *Door
	stop     func()
}

func startRestartable(t *testing.T) *restartable {
	s := &restartable{t: t, address: "127.0.0.1:0", hub: newFakeHub(), sessions: newFakeSessions()}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *restartable) start() {
	t := s.t
	t.Helper()
	verifier := must(auth.New(context.Background(), auth.Config{Secrets: [][]byte{revokeSecret}}))(t)
	listener := must(net.Listen("tcp", s.address))(t)
	s.address = listener.Addr().String()
	s.door = must(New(Config{
		Authenticate: verifier.Verify, Snapshot: fakeSnapshot(s.hub), Hub: s.hub, Events: s.hub, Sessions: s.sessions,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}))(t)
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", s.door)
	server := &http.Server{Handler: mux}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	door := s.door
	s.stop = sync.OnceFunc(func() { // as at SIGTERM
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		door.Drain(ctx)
		if err := door.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		_ = server.Close()
		served.Wait()
	})
}

func (s *restartable) token(life time.Duration) string {
	s.t.Helper()
	who := models.Identity{OrganizationID: "a", UserID: "ann", Role: models.RoleViewer}
	return must(auth.Mint(revokeSecret, who, life))(s.t)
}

// publish makes the events with these numbers, of about so many bytes each.
func (s *restartable) publish(from, to, size int) {
	for n := from; n < to; n++ {
		s.hub.publish(models.Event{
			Name: models.EventQueued, OrganizationID: "a", Audience: models.ToOrganization, VideoID: fmt.Sprintf("v%d", n),
			Payload: json.RawMessage(fmt.Sprintf(`{"n":%d,"pad":%q}`, n, strings.Repeat("x", size))),
		})
	}
}

// await waits until the figures are as they should be.
func (s *restartable) await(what string, fits func(Stats) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(3 * patience); !fits(s.door.Stats()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %+v", what, s.door.Stats())
		}
	}
}

func noConnections(s Stats) bool { return s.Polling+s.WebSocket == 0 }

// A stock client whose connection the server has ended connects again by itself,
// and misses nothing where it names its session or its place.
func TestClientsReconnect(t *testing.T) {
	t.Parallel()
	for _, c := range libraryClients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.command(t) // or all of it is skipped
			var all sync.WaitGroup
			for _, transport := range c.transports {
				for name, run := range reconnections {
					if c.chunked && transport == "polling" && name == "slow reader" {
						continue
					}
					all.Go(func() {
						programs <- struct{}{}
						defer func() { <-programs }()
						t.Run(transport+"/"+name, func(t *testing.T) { run(t, c, transport) })
					})
				}
			}
			all.Wait()
		})
	}
}

// programs bounds how many clients run at once.
var programs = make(chan struct{}, 8)

var reconnections = map[string]func(*testing.T, libraryClient, string){
	"expiry/function":           func(t *testing.T, c libraryClient, tr string) { expiry(t, c, tr, "function", false) },
	"expiry/function/suspended": func(t *testing.T, c libraryClient, tr string) { expiry(t, c, tr, "function", true) },
	"expiry/static":             func(t *testing.T, c libraryClient, tr string) { expiry(t, c, tr, "static", false) },
	"expiry/static/suspended":   func(t *testing.T, c libraryClient, tr string) { expiry(t, c, tr, "static", true) },
	"restart":                   restart,
	"slow reader":               slowReader,
	"message too large":         tooLarge,
}

// connected starts a client and waits until events reach it. Its token lives
// for so long from when it connects.
func connected(t *testing.T, s *restartable, c libraryClient, transport, how string, life time.Duration) *running {
	t.Helper()
	r := c.start(t, "http://"+s.address, transport, how)
	r.tell("token %s", s.token(life))
	r.tell("connect")
	r.untilAt("connect")
	r.untilEvent("stream:ready")
	s.publish(0, 1, 10)
	r.untilNumber(0)
	if transport == "upgrade" {
		s.await("the transport was not changed", func(s Stats) bool { return s.WebSocket == 1 })
	}
	return r
}

// expiry lets the client's token end. Suspended, its process is stopped from
// before that until the server has let go of it.
func expiry(t *testing.T, c libraryClient, transport, how string, suspended bool) {
	const life = 8 * time.Second
	s := startRestartable(t)
	r := connected(t, s, c, transport, how, life)
	r.tell("token %s", s.token(time.Hour))
	end := r.untilEvent("auth:expiring").Payload.ExpiresAt
	if suspended {
		r.signal(syscall.SIGSTOP)
	}
	s.await("the socket lives on", func(s Stats) bool { return s.Sockets == 0 })
	if late := time.Since(end); late > time.Second {
		t.Errorf("the socket was closed %s after its token had ended", late)
	}
	s.publish(1, 11, 10)
	began := end
	if suspended {
		s.await("the connection lives on", noConnections)
		began = time.Now()
		r.signal(syscall.SIGCONT)
	}
	if how == "static" {
		if refusal := r.untilAt("refused"); refusal.Code != string(models.CodeTokenExpired) {
			t.Errorf("refused: %+v", refusal)
		}
		if !c.asks {
			s.await("the client does not stop", noConnections)
		}
		return
	}
	r.back(s, began, backTime, 11)
}

// restart stops the server as SIGTERM does, and starts it again.
func restart(t *testing.T, c libraryClient, transport string) {
	s := startRestartable(t)
	r := connected(t, s, c, transport, "function", time.Hour)
	s.stop()
	s.publish(1, 11, 10)
	time.Sleep(downTime)
	s.start()
	r.back(s, time.Now(), restartTime, 11)
}

// slowReader stops the client's process until what it does not read is too much.
func slowReader(t *testing.T, c libraryClient, transport string) {
	s := startRestartable(t)
	r := connected(t, s, c, transport, "function", time.Hour)
	r.signal(syscall.SIGSTOP)
	n := 1
	for ; s.door.Stats().Slow == 0; n++ {
		if n > 2000 {
			t.Fatalf("%d events are not too much: %+v", n, s.door.Stats())
		}
		s.publish(n, n+1, 30_000)
	}
	began := time.Now()
	r.signal(syscall.SIGCONT)
	r.back(s, began, backTime, n)
}

// tooLarge sends a message above the limit.
func tooLarge(t *testing.T, c libraryClient, transport string) {
	s := startRestartable(t)
	r := connected(t, s, c, transport, "function", time.Hour)
	began := time.Now()
	r.tell("emit 200000")
	s.await("the connection lives on", noConnections)
	s.publish(1, 11, 10)
	r.back(s, began, backTime, 11)
}

// back waits until the client is connected again and has events up to the one
// before next, and the next one live.
func (r *running) back(s *restartable, began time.Time, most time.Duration, next int) {
	t := r.t
	t.Helper()
	back := r.untilAt("connect").when.Sub(began)
	r.untilEvent("stream:ready")
	s.publish(next, next+1, 10)
	r.untilNumber(next)
	missed := 0
	for n := range next {
		if !slices.Contains(r.numbers, n) {
			missed++
		}
	}
	t.Logf("back after %.1f s, %d events missed, %d times stream:reset", back.Seconds(), missed, r.resets)
	if back > most {
		t.Errorf("back after %s", back)
	}
	if missed > 0 || r.resets > 0 || !slices.IsSorted(r.numbers) || len(r.numbers) != next+1 {
		t.Errorf("%d events, %d missed, %d times stream:reset", len(r.numbers), missed, r.resets)
	}
}
