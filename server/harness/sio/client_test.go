package sio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelroom/server/harness/sio"
	"reelroom/server/harness/sio/siotest"
)

// quick reconnects at once.
var quick = sio.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond, Attempts: 5}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// start runs a client until stop is called.
func start(t *testing.T, config sio.Config) (c *sio.Client, sessions chan sio.Session, events chan sio.Event, stop func() error) {
	t.Helper()
	sessions, events = make(chan sio.Session, 64), make(chan sio.Event, 4096)
	config.OnConnect = func(s sio.Session) { sessions <- s }
	config.OnEvent = func(e sio.Event) { events <- e }
	c = sio.New(config)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stop = func() error { cancel(); return <-done }
	return c, sessions, events, stop
}

func TestConnectSendsToken(t *testing.T) {
	t.Parallel()
	said := make(chan string, 1)
	url := siotest.Serve(t, func(c *siotest.Conn) { said <- c.Accept("p"); c.Stay() })
	_, sessions, _, stop := start(t, sio.Config{URL: url + "/", Token: fixed("secret")})
	ctx := deadline(t)
	if s := receive(t, ctx, sessions); s != (sio.Session{SID: "socket-1", PID: "p"}) {
		t.Errorf("session %+v", s)
	}
	if got := receive(t, ctx, said); got != `{"token":"secret"}` {
		t.Errorf("auth %s", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestParting: ending the context says DISCONNECT before the close.
func TestParting(t *testing.T) {
	t.Parallel()
	last := make(chan string, 1)
	url := siotest.Serve(t, func(c *siotest.Conn) { c.Accept(""); last <- c.Read() })
	_, sessions, _, stop := start(t, sio.Config{URL: url})
	ctx := deadline(t)
	receive(t, ctx, sessions)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := receive(t, ctx, last); got != "41" {
		t.Errorf("last packet %q", got)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Open(25000, 20000)
		if auth := c.Expect("40"); auth != "" {
			t.Errorf("auth without a token: %s", auth)
		}
		c.Send(`44{"message":"Authentication required","data":{"code":"token_missing"}}`)
		c.Stay()
	})
	err := sio.New(sio.Config{URL: url, Backoff: quick}).Run(deadline(t))
	refusal, ok := errors.AsType[*sio.ConnectError](err)
	if !ok || refusal.Message != "Authentication required" || refusal.Code() != "token_missing" {
		t.Fatalf("%v", err)
	}
}

// TestResumeSendsWhatAStockClientSends: pid, and the last string argument of
// the last event, but not that of an event with an acknowledgement.
func TestResumeSendsWhatAStockClientSends(t *testing.T) {
	t.Parallel()
	auths := make(chan string, 4)
	url := siotest.Serve(t, func(c *siotest.Conn) {
		if c.Number == 3 {
			auths <- c.Accept("another")
			c.Stay()
		}
		auths <- c.Accept("mine")
		c.Send(`42["a",{},"e.1"]`)
		c.Send(`42["b",{}]`)
		c.Send(`42["c","e.2"]`)
		c.Send(`427["d",{},"e.9"]`)
		c.Send(`42["e",{},5]`)
		c.Expect("42")
		c.Drop()
	})
	c, sessions, events, stop := start(t, sio.Config{URL: url, Backoff: quick, Token: fixed("t")})
	ctx := deadline(t)
	for n := 1; n <= 3; n++ {
		s := receive(t, ctx, sessions)
		if s.Recovered != (n == 2) {
			t.Errorf("connection %d: recovered %v", n, s.Recovered)
		}
		want := `{"token":"t"}`
		if n > 1 {
			want = `{"pid":"mine","offset":"e.2","token":"t"}`
		}
		if got := receive(t, ctx, auths); got != want {
			t.Errorf("connection %d: auth %s, want %s", n, got, want)
		}
		if n == 3 {
			break
		}
		for _, cursor := range []string{"e.1", "", "e.2", "", ""} {
			if e := receive(t, ctx, events); e.Cursor() != cursor || e.WantsAck != (e.Name == "d") {
				t.Errorf("event %s: cursor %q, want %q", e.Name, e.Cursor(), cursor)
			}
		}
		if err := c.Emit(ctx, "seen"); err != nil {
			t.Error(err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Accept("p")
		first, second := c.Read(), c.Read()
		c.Ack(second, `["second"]`)
		c.Ack(first, `["first",{"x":1}]`)
		c.Ack(first, `["again"]`)
		c.Read()
		c.Drop()
	})
	c, sessions, _, stop := start(t, sio.Config{URL: url})
	ctx := deadline(t)
	if _, err := c.EmitWithAck(ctx, "early"); !errors.Is(err, sio.ErrNotConnected) {
		t.Errorf("before the connection: %v", err)
	}
	receive(t, ctx, sessions)
	order := make(chan string, 4)
	note := func(args []json.RawMessage, err error) { order <- fmt.Sprintf("%s %v", args, err) }
	for range 2 {
		if err := c.EmitFunc(ctx, note, "ask", 1); err != nil {
			t.Fatal(err)
		}
	}
	if got := receive(t, ctx, order) + receive(t, ctx, order); got != `["second"] <nil>["first" {"x":1}] <nil>` {
		t.Error(got)
	}
	if _, err := c.EmitWithAck(ctx, "never"); !errors.Is(err, sio.ErrNotConnected) {
		t.Errorf("after the loss: %v", err)
	}
	_ = stop()
}

func TestAcknowledgementTimesOut(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) { c.Accept("p"); c.Stay() })
	c, sessions, _, stop := start(t, sio.Config{URL: url})
	receive(t, deadline(t), sessions)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.EmitWithAck(ctx, "never"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	_ = stop()
}

func TestPingIsAnsweredAndItsAbsenceNoticed(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Open(50, 50)
		c.Expect("40")
		c.Send(`40{"sid":"s"}`)
		c.Send("2")
		if got := c.Read(); got != "3" {
			t.Errorf("answer to a ping: %q", got)
		}
		c.Stay() // and never a ping again
	})
	err := sio.New(sio.Config{URL: url}).Run(deadline(t))
	if !errors.Is(err, sio.ErrPingTimeout) {
		t.Fatal(err)
	}
}

func TestServerEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(*siotest.Conn)
		want error
	}{
		{"disconnect", func(c *siotest.Conn) { c.Send("41") }, sio.ErrServerDisconnect},
		{"binary event", func(c *siotest.Conn) { c.Send(`451-["x",{"_placeholder":true,"num":0}]`) }, sio.ErrProtocol},
		{"binary frame", func(c *siotest.Conn) { c.SendBinary([]byte{1}) }, sio.ErrProtocol},
		{"event without a name", func(c *siotest.Conn) { c.Send("42[]") }, sio.ErrProtocol},
		{"no payload", func(c *siotest.Conn) { c.Send("42") }, sio.ErrProtocol},
		{"empty", func(c *siotest.Conn) { c.Send("") }, sio.ErrProtocol},
		{"unknown", func(c *siotest.Conn) { c.Send("9") }, sio.ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := siotest.Serve(t, func(c *siotest.Conn) { c.Accept("p"); test.end(c); c.Stay() })
			if err := sio.New(sio.Config{URL: url, Backoff: quick}).Run(deadline(t)); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

// TestOtherPackets: what is not for this client is passed over.
func TestOtherPackets(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Accept("p")
		c.Send("6")
		c.Send(`42/other,["x"]`)
		c.Send(`4312["nobody asked"]`)
		c.Send(`42["mine"]`)
		c.Stay()
	})
	_, _, events, stop := start(t, sio.Config{URL: url})
	if e := receive(t, deadline(t), events); e.Name != "mine" || string(e.Payload()) != "null" {
		t.Errorf("%+v", e)
	}
	_ = stop()
}

func TestBounds(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		c.Accept("p")
		c.Read()
		c.Send(`42["` + strings.Repeat("x", sio.MaxMessageBytes) + `"]`)
		c.Stay()
	})
	sessions, done := make(chan sio.Session, 1), make(chan error, 1)
	c := sio.New(sio.Config{URL: url, OnConnect: func(s sio.Session) { sessions <- s }})
	ctx := deadline(t)
	go func() { done <- c.Run(ctx) }()
	receive(t, ctx, sessions)
	if err := c.Emit(ctx, "big", strings.Repeat("x", 100_000)); !errors.Is(err, sio.ErrTooLarge) {
		t.Errorf("above maxPayload: %v", err)
	}
	if err := c.Emit(ctx, "go"); err != nil {
		t.Error(err)
	}
	if err := receive(t, ctx, done); !errors.Is(err, sio.ErrTooLarge) {
		t.Errorf("above the read limit: %v", err)
	}
}

func TestFirstConnectionIsTriedOnce(t *testing.T) {
	t.Parallel()
	answers := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answers++
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"code":"unavailable"}`))
	}))
	t.Cleanup(s.Close)
	for _, transport := range []sio.Transport{sio.WebSocket, sio.Polling} {
		err := sio.New(sio.Config{URL: s.URL, Transport: transport, Backoff: quick}).Run(deadline(t))
		h, ok := errors.AsType[*sio.HandshakeError](err)
		if !ok || h.Status != http.StatusServiceUnavailable || string(h.Body) != `{"code":"unavailable"}` {
			t.Errorf("%s: %v", transport, err)
		}
	}
	if answers != 2 {
		t.Errorf("%d handshakes", answers)
	}
}

func TestAttemptsRunOut(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) {
		if c.Number == 1 {
			c.Accept("p")
		}
		c.Drop()
	})
	var waits []time.Duration
	c := sio.New(sio.Config{URL: url, Backoff: quick, OnDisconnect: func(_ error, wait time.Duration) { waits = append(waits, wait) }})
	if err := c.Run(deadline(t)); err == nil {
		t.Error("no error")
	}
	if len(waits) != quick.Attempts {
		t.Errorf("waits %v", waits)
	}
}

func TestNoConnectReply(t *testing.T) {
	t.Parallel()
	url := siotest.Serve(t, func(c *siotest.Conn) { c.Open(25000, 20000); c.Stay() })
	err := sio.New(sio.Config{URL: url, ConnectTimeout: 30 * time.Millisecond}).Run(deadline(t))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestAddressAndSession: each connection goes where Address says, and the
// first one asks for the session that the configuration names.
func TestAddressAndSession(t *testing.T) {
	t.Parallel()
	auths := make(chan string, 4)
	urls := []string{
		siotest.Serve(t, func(c *siotest.Conn) { auths <- "one " + c.Accept("theirs"); c.Expect("42"); c.Drop() }),
		siotest.Serve(t, func(c *siotest.Conn) { auths <- "two " + c.Accept("theirs"); c.Stay() }),
	}
	asked := 0
	c, sessions, _, stop := start(t, sio.Config{
		Address: func() string { asked++; return urls[(asked-1)%2] }, PID: "theirs", Offset: "e.7", Backoff: quick,
	})
	ctx := deadline(t)
	if s := receive(t, ctx, sessions); !s.Recovered {
		t.Errorf("%+v", s)
	}
	if err := c.Emit(ctx, "go on"); err != nil {
		t.Error(err)
	}
	receive(t, ctx, sessions)
	for _, want := range []string{`one {"pid":"theirs","offset":"e.7"}`, `two {"pid":"theirs","offset":"e.7"}`} {
		if got := receive(t, ctx, auths); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
