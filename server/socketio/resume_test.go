//go:build !stock

package socketio

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/models"
)

func TestResumeBeforeTheFirstEvent(t *testing.T) {
	t.Parallel()
	two := nodes(t, 2)
	for _, told := range []bool{false, true} { // whether the place had arrived
		var r resumer
		r.connect(t, two[0], "a:u1:viewer", nil)
		if told {
			r.until(t, "stream:ready")
		}
		r.conn.Close()
		two[0].hub.publish(progress("a", 0))
		if !r.connect(t, two[1], "a:u1:viewer", nil) {
			t.Fatal("the session was not taken up")
		}
		if ready := r.until(t, "stream:ready"); ready["recovered"] != true {
			t.Errorf("got %v", ready)
		}
		r.inOrder(t, 1)
	}
}

func TestResumeOnAnotherNodeAndTheSame(t *testing.T) {
	t.Parallel()
	two := nodes(t, 2)
	hub := two[0].hub
	var r resumer
	r.connect(t, two[0], "a:u1:viewer", nil)
	n := 0
	for cut := range 6 {
		for range 300 {
			hub.publish(progress("a", n))
			n++
		}
		r.upTo(t, n-1-100*(cut%2)) // also with something unread
		r.conn.Close()
		for range 300 {
			hub.publish(progress("a", n))
			n++
		}
		if !r.connect(t, two[cut%2], "a:u1:viewer", nil) {
			t.Fatal("the session was not taken up")
		}
	}
	hub.publish(progress("a", n))
	r.upTo(t, n)
	r.inOrder(t, n+1)
	if got := two[0].door.Stats().Recovered + two[1].door.Stats().Recovered; got != 6 {
		t.Errorf("%d resumes counted", got)
	}
}

// A connection that does not know yet that it is over makes room.
func TestResumeWhileTheOldConnectionStands(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	var r resumer
	r.connect(t, s, "a:u1:viewer", nil)
	r.until(t, "stream:ready")
	old := r.rawClient
	if !r.connect(t, s, "a:u1:viewer", nil) {
		t.Fatal("the session was not taken up")
	}
	old.expectEnd()
	s.hub.publish(progress("a", 0))
	r.upTo(t, 0)
	if n := s.door.Stats().Sockets; n != 1 {
		t.Errorf("%d sockets", n)
	}
}

func TestResumeKeepsSubscriptions(t *testing.T) {
	t.Parallel()
	two := nodes(t, 2)
	var r resumer
	r.connect(t, two[0], "a:u1:viewer", nil)
	r.until(t, "stream:ready")
	r.send(`421["video:subscribe","v1"]`)
	r.expect("431[")
	r.send(`422["video:subscribe","x2"]`)
	r.expect("432[")
	r.send(`423["video:unsubscribe","x2"]`)
	r.expect("433[")
	r.conn.Close()
	quiet, other := progress("a", 0), progress("a", 77)
	quiet.Audience, other.Audience, other.VideoID = models.ToVideo, models.ToVideo, "x2"
	two[0].hub.publish(other)
	two[0].hub.publish(quiet)
	if !r.connect(t, two[1], "a:u1:viewer", nil) {
		t.Fatal("the session was not taken up")
	}
	r.until(t, "stream:ready")
	live := quiet
	live.Payload = progress("a", 1).Payload
	two[1].hub.publish(live)
	r.upTo(t, 1)
	r.inOrder(t, 2)
}

// What cannot be gone on from is an ordinary connection that is told so; an
// absent session, a foreign one and one of another user are alike.
func TestResumeRefused(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	var other resumer
	other.connect(t, s, "b:u1:viewer", nil)
	other.until(t, "stream:ready")
	var mate resumer
	mate.connect(t, s, "a:u2:viewer", nil)
	mate.until(t, "stream:ready")
	for _, c := range []struct{ name, pid, offset string }{
		{"absent", "AAAAAAAAAAAAAAAAAAAAAAAAAA", epoch + ".0"},
		{"of another organization", other.pid, epoch + ".0"},
		{"of another user", mate.pid, epoch + ".0"},
		{"with a bad place", mate.pid, "?"},
		{"long", strings.Repeat("x", 4000), epoch + ".0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.hub.publish(progress("a", 0))
			r := resumer{pid: c.pid, offset: c.offset}
			if r.connect(t, s, "a:u1:viewer", nil) {
				t.Fatal("the session was taken up")
			}
			if got := r.until(t, "stream:reset"); got["reason"] != reasonSession {
				t.Errorf("got %v", got)
			}
			if ready := r.until(t, "stream:ready"); ready["recovered"] != false || len(r.seqs) > 0 {
				t.Errorf("got %v after %v", ready, r.seqs)
			}
			r.conn.Close()
		})
	}
	// A token that is not accepted is refused as ever, whatever it presents.
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expect("0{")
	c.send(fmt.Sprintf(`40{"token":"expired","pid":%q,"offset":"e1.0"}`, mate.pid))
	c.expect(`44{"data":{"code":"token_expired"},"message":"Invalid token"}`)
	// And their owners have lost nothing.
	s.hub.publish(progress("a", 5))
	mate.upTo(t, 5)
}

func TestResumeBeyondWhatIsKept(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	var r resumer
	r.connect(t, s, "a:u1:viewer", nil)
	r.until(t, "stream:ready")
	r.conn.Close()
	for range 10 {
		s.hub.publish(progress("a", 99))
	}
	s.hub.forget("a", 5)
	if !r.connect(t, s, "a:u1:viewer", nil) {
		t.Fatal("the session was not taken up")
	}
	if got := r.until(t, "stream:reset"); got["reason"] != reasonExpired || got["cursor"] != epoch+".10" {
		t.Errorf("got %v", got)
	}
	if ready := r.until(t, "stream:ready"); ready["recovered"] != false || len(r.seqs) > 0 {
		t.Errorf("got %v after %v", ready, r.seqs)
	}
	eventually(t, "the reset is counted", func() bool { return s.door.Stats().Reset == 1 })
}

// A client without the means keeps the cursor itself.
func TestResumeByAfter(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	for n := range 4 {
		s.hub.publish(progress("a", n-1))
	}
	var r resumer
	r.connect(t, s, "a:u1:viewer", map[string]any{"after": epoch + ".1"})
	if ready := r.until(t, "stream:ready"); ready["recovered"] != true || ready["cursor"] != epoch+".4" {
		t.Errorf("got %v", ready)
	}
	r.inOrder(t, 3)
	for after, reason := range map[string]string{"e0.1": reasonExpired, "?": reasonExpired} {
		var r resumer
		r.connect(t, s, "a:u1:viewer", map[string]any{"after": after})
		if got := r.until(t, "stream:reset"); got["reason"] != reason {
			t.Errorf("%s: %v", after, got)
		}
	}
}

// The token may come in the header of the request.
func TestResumeWithATokenInTheHeader(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	connect := func(auth string) (*rawClient, string) {
		url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
		conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer a:u1:viewer"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		c := &rawClient{t, conn}
		c.expect("0{")
		c.send("40" + auth)
		var answer struct{ Pid string }
		if err := json.Unmarshal([]byte("{"+c.expect("40{")), &answer); err != nil {
			t.Fatal(err)
		}
		return c, answer.Pid
	}
	c, pid := connect("")
	c.conn.Close()
	if _, again := connect(fmt.Sprintf(`{"pid":%q}`, pid)); again != pid {
		t.Error("the session was not taken up")
	}
}

func TestSubscribeWithAPlaceTellsTheStory(t *testing.T) {
	t.Parallel()
	s := nodes(t, 1)[0]
	other := progress("a", 50)
	other.VideoID = "x2"
	s.hub.publish(progress("a", 0), other, progress("a", 1))
	var r resumer
	r.connect(t, s, "a:u1:viewer", nil)
	place := r.until(t, "stream:ready")["cursor"]
	r.send(`421["video:subscribe",{"videoId":"v1","after":"e1.0"}]`)
	r.upTo(t, 1)
	r.inOrder(t, 2)
	if r.offset != place {
		t.Errorf("the client's place has moved to %s", r.offset)
	}
	if ack := r.expect("431["); !strings.Contains(ack, `"cursor":"e1.3"}`) {
		t.Errorf("got %s", ack)
	}
	r.send(`422["video:subscribe",{"videoId":"v1","after":"e0.0"}]`)
	if ack := r.expect("432["); !strings.Contains(ack, `"reset":true`) {
		t.Errorf("got %s", ack)
	}
	r.send(`423["video:subscribe",{"videoId":"v1","after":7}]`)
	if ack := r.expect("433["); !strings.Contains(ack, `"code":"invalid"`) {
		t.Errorf("got %s", ack)
	}
	s.hub.publish(progress("a", 2))
	r.upTo(t, 2)
	r.inOrder(t, 3)
}

// Replay meets live without gap or double, whenever a client is cut, while
// events come all the time, on any node.
func TestResumeUnderTraffic(t *testing.T) {
	t.Parallel()
	three := nodes(t, 3)
	hub := three[0].hub
	hub.away, hub.lag = 2*time.Millisecond, time.Millisecond
	const total, clients = 12_000, 8
	var ready, wg sync.WaitGroup
	ready.Add(clients)
	for id := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(id), 5))
			var r resumer
			r.connect(t, three[id%3], "a:u1:viewer", nil)
			ready.Done()
			for len(r.seqs) < total {
				stop := min(len(r.seqs)+rng.IntN(150), total)
				for len(r.seqs) < stop {
					if _, _, err := r.take(); err != nil {
						t.Errorf("client %d at %d: %v", id, len(r.seqs), err)
						return
					}
				}
				if stop == total {
					break
				}
				r.conn.Close()
				if !r.connect(t, three[rng.IntN(3)], "a:u1:viewer", nil) {
					t.Error("the session was not taken up")
					return
				}
			}
			r.conn.Close()
			r.inOrder(t, total)
			for _, name := range r.names {
				if name == "stream:reset" {
					t.Error("reset")
				}
			}
		})
	}
	ready.Wait()
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < total; {
		burst := make([]models.Event, min(1+rng.IntN(1+rng.IntN(100)), total-n))
		for i := range burst {
			burst[i] = progress("a", n)
			n++
		}
		hub.publish(burst...)
		time.Sleep(time.Duration(rng.IntN(8)) * time.Millisecond)
	}
	wg.Wait()
}
