package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelroom/server/harness/sio/siotest"
)

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func event(org int, n uint64, seq int) string {
	m := Marker{Run: "run", Org: org, N: n, At: time.Now()}
	return fmt.Sprintf(`42["video:updated",{"load":%q},"e.%d"]`, m, seq)
}

// send connects sockets to a server that sends each the packets, and waits.
func send(t *testing.T, sockets int, config Config, packets ...string) (*Fleet, Count) {
	t.Helper()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Accept("p")
		for _, p := range packets {
			c.Send(p)
		}
		c.Stay()
	})
	config.URLs, config.Sockets, config.Dialect, config.Run = []string{url}, sockets, SocketIO{}, "run"
	f := New(config)
	t.Cleanup(f.Close)
	ctx := deadline(t)
	if _, err := f.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	for f.received.Load()+f.foreign.Load() < uint64(sockets*(len(packets)-1)) && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return f, f.Count(3)
}

func TestFleetCounts(t *testing.T) {
	t.Parallel()
	hello := `42["hello",{},"e.0"]`
	for _, test := range []struct {
		name    string
		packets []string
		want    Count
	}{
		{"all", []string{hello, event(0, 1, 1), event(0, 2, 2), event(0, 3, 3)}, Count{Expected: 30, Received: 30}},
		{"lost", []string{hello, event(0, 1, 1), event(0, 3, 3)}, Count{Expected: 30, Received: 20, Lost: 10}},
		{"double", []string{hello, event(0, 1, 1), event(0, 2, 2), event(0, 2, 2), event(0, 3, 3)}, Count{Expected: 30, Received: 40, Doubles: 10}},
		{"order", []string{hello, event(0, 2, 2), event(0, 1, 1), event(0, 3, 3)}, Count{Expected: 30, Received: 30, Disorder: 10}},
		{"foreign", []string{hello, event(0, 1, 1), event(1, 2, 2), event(0, 2, 2), event(0, 3, 3)}, Count{Expected: 30, Received: 30, Foreign: 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, got := send(t, 10, Config{}, test.packets...)
			if got.Bytes == 0 || got.Connects != 10 || f.Online() != 10 {
				t.Errorf("%d bytes, %d connects, %d online", got.Bytes, got.Connects, f.Online())
			}
			got.Bytes, got.Connects = 0, 0
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			if all := f.Wait(t.Context(), time.Millisecond, 3); all != (got.Lost == 0) {
				t.Errorf("Wait says %v", all)
			}
			if q := f.Latency.Quantiles(); q.Count != got.Received || f.Connects.Quantiles().Count > 10 {
				t.Errorf("%+v %+v", q, f.Connects.Quantiles())
			}
		})
	}
}

// A client that is cut comes again at the next node, with what a resume needs.
func TestFleetComesAgain(t *testing.T) {
	t.Parallel()
	auths := make(chan string, 4)
	node := func(event string) string {
		return siotest.Serve(t, func(c *siotest.Conn) { auths <- c.Accept("mine"); c.Send(event); c.Stay() })
	}
	urls := []string{node(event(0, 1, 1)), node(event(0, 2, 2))}
	f := New(Config{
		URLs: urls, Sockets: 1, Dialect: SocketIO{}, Run: "run", Token: func(int) (string, error) { return "t", nil },
		Backoff: func(int) time.Duration { return time.Millisecond },
	})
	defer f.Close()
	ctx := deadline(t)
	if _, err := f.Connect(ctx); err != nil || !f.Wait(ctx, time.Minute, 1) {
		t.Fatal(err)
	}
	f.Cut(func(int) bool { return true })
	if !f.Wait(ctx, time.Minute, 2) {
		t.Fatal("the second event has not come")
	}
	if first, second := <-auths, <-auths; first != `{"token":"t"}` || second != `{"pid":"mine","offset":"e.1","token":"t"}` {
		t.Errorf("auth %s, then %s", first, second)
	}
	if n := f.Count(2); n.Connects != 2 || n.Resumes != 1 || n.Drops != 1 || n.Lost+n.Doubles+n.Disorder != 0 {
		t.Errorf("%+v", n)
	}
}

// A client that reads nothing is not counted, and finds out in the end what
// became of its connection.
func TestFleetDeaf(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Accept("p")
		c.Send(event(0, 1, 1))
		if c.Number == 2 {
			c.Drop()
			return
		}
		c.Stay()
	})
	f := New(Config{URLs: []string{url}, Sockets: 2, Dialect: SocketIO{}, Run: "run", Parallel: 1, Deaf: func(n int) bool { return n == 1 }})
	defer f.Close()
	ctx := deadline(t)
	if _, err := f.Connect(ctx); err != nil || !f.Wait(ctx, time.Minute, 1) {
		t.Fatal(err)
	}
	if n := f.Count(1); n.Expected != 1 || n.Received != 1 || f.Online() != 2 {
		t.Errorf("%+v, %d online", n, f.Online())
	}
	f.Wake()
	f.Wake()
	for f.Online() > 1 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if n := f.Count(1); n.Received != 1 || n.Drops != 1 {
		t.Errorf("%+v", n)
	}
}

// A refusal ends a client, and its words are counted.
func TestFleetRefused(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Open(25000, 20000)
		c.Expect("40")
		c.Send(`44{"message":"Invalid token","data":{"code":"token_invalid"}}`)
		c.Stay()
	})
	f := New(Config{URLs: []string{url}, Sockets: 3, Dialect: SocketIO{}, Backoff: func(int) time.Duration { return 0 }})
	if _, err := f.Connect(deadline(t)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := fmt.Sprint(f.Failures(), f.Count(0).Connects); got != "map[refused: Invalid token (token_invalid):3] 0" {
		t.Error(got)
	}
}

func TestFleetWithoutAServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	f := New(Config{URLs: []string{s.URL}, Sockets: 2, Dialect: SocketIO{}})
	if _, err := f.Connect(deadline(t)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := fmt.Sprint(f.Failures()); got != "map[the handshake was answered with HTTP/1.1 404 Not Found:2]" {
		t.Error(got)
	}
}

// The client of the other server says what its protocol asks for.
func TestCentrifugo(t *testing.T) {
	t.Parallel()
	var said sync.Map
	var connections atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		n := connections.Add(1)
		_, hello, _ := ws.Read(r.Context())
		said.Store(n, string(hello))
		reply := `{"id":1,"connect":{"client":"c","subs":{"org":{"recovered":true,"epoch":"ep","offset":2,"publications":[{"data":{"load":"run.0.2.1"},"offset":2}]}}}}`
		if n == 1 {
			reply = `{"id":1,"connect":{"client":"c","subs":{"org":{"epoch":"ep","offset":0}}}}` + "\n" +
				`{"push":{"channel":"org","pub":{"data":{"load":"run.0.1.1"},"offset":1}}}`
		}
		_ = ws.Write(r.Context(), websocket.MessageText, []byte(reply))
		_ = ws.Write(r.Context(), websocket.MessageText, []byte("{}"))
		_, pong, _ := ws.Read(r.Context())
		said.Store(-n, string(pong))
		_, _, _ = ws.Read(r.Context())
	}))
	defer s.Close()
	f := New(Config{URLs: []string{s.URL}, Sockets: 1, Dialect: Centrifugo{"org"}, Run: "run", Backoff: func(int) time.Duration { return 0 }})
	defer f.Close()
	ctx := deadline(t)
	if _, err := f.Connect(ctx); err != nil || !f.Wait(ctx, time.Minute, 1) {
		t.Fatal(err, f.Failures())
	}
	for pong, ok := said.Load(int64(-1)); !ok; pong, ok = said.Load(int64(-1)) {
		time.Sleep(time.Millisecond)
		_ = pong
	}
	f.Cut(func(int) bool { return true })
	if !f.Wait(ctx, time.Minute, 2) {
		t.Fatal("not resumed", f.Failures())
	}
	second, _ := said.Load(int64(2))
	if got := fmt.Sprint(second); !strings.Contains(got, `"subs":{"org":{"recover":true,"epoch":"ep","offset":1}}`) {
		t.Errorf("at the second connection: %s", got)
	}
	if pong, _ := said.Load(int64(-1)); pong != "{}" {
		t.Errorf("pong %q", pong)
	}
	if n := f.Count(2); n.Resumes != 1 || n.Lost != 0 {
		t.Errorf("%+v", n)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	var sum atomic.Uint64
	err := Pace(t.Context(), 100, 0, 8, func(_ context.Context, n uint64) error { sum.Add(n); return nil })
	if err != nil || sum.Load() != 5050 {
		t.Error(err, sum.Load())
	}
	bad := fmt.Errorf("no")
	calls := 0
	err = Pace(t.Context(), 100, time.Microsecond, 1, func(_ context.Context, n uint64) error {
		calls++
		if n == 5 {
			return bad
		}
		return nil
	})
	if err != bad || calls != 5 {
		t.Error(err, calls)
	}
}
