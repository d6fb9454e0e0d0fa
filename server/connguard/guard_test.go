package connguard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/server/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server behind a guard and returns its address and what it logs.
func serve(t *testing.T, s limits.Settings, h http.Handler) (address string, g *Guard, logged *strings.Builder) {
	t.Helper()
	logged = &strings.Builder{}
	g = New(Config{
		Limits: limits.New(s, nil), Probes: []string{"/healthz"}, Logger: slog.New(slog.NewTextHandler(logged, nil)),
		Problem: func(err error) (int, int, []byte) {
			body, _ := json.Marshal(map[string]string{"code": string(models.CodeOf(err))})
			if models.CodeOf(err) == models.CodeRateLimited {
				return http.StatusTooManyRequests, 7, body
			}
			return http.StatusServiceUnavailable, 7, body
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web, done := g.Server(h), make(chan struct{})
	go func() { defer close(done); _ = web.Serve(g.Listen(l)) }()
	t.Cleanup(func() { _ = web.Close(); <-done })
	return l.Addr().String(), g, logged
}

// client is one connection.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, address, from string) *client {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", address)
	if err != nil && from != "127.0.0.1" && runtime.GOOS != "linux" {
		t.Skip("this system has no address", from)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{c, t, bufio.NewReader(c)}
}

// get sends a request and returns the status of the answer; 0 where there is none.
func (c *client) get(path string, header ...string) int {
	c.t.Helper()
	_, _ = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n"+strings.Join(append(header, "", ""), "\r\n"))
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode >= 400 && answer.Header.Get("Retry-After") != "7" {
		c.t.Errorf("%d without a word of when", answer.StatusCode)
	}
	return answer.StatusCode
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/good" {
		Verified(r.Context())
	}
	_, _ = io.WriteString(w, "ok")
})

func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	address, _, _ := serve(t, limits.Settings{AddressConnections: 3}, ok)
	var all []*client
	for range 3 {
		c := dial(t, address, "127.0.0.1")
		if got := c.get("/"); got != http.StatusOK {
			t.Fatal(got)
		}
		all = append(all, c)
	}
	if got := dial(t, address, "127.0.0.1").get("/"); got != http.StatusTooManyRequests {
		t.Errorf("a fourth one: %d", got)
	}
	if got := dial(t, address, "127.0.0.1").get("/healthz"); got != http.StatusOK {
		t.Errorf("a probe of it: %d", got)
	}
	if got := dial(t, address, "127.0.0.2").get("/"); got != http.StatusOK {
		t.Errorf("another address: %d", got)
	}
	if got := all[0].get("/"); got != http.StatusOK {
		t.Errorf("one of the three: %d", got)
	}
	_ = all[0].Close()
	for until := time.Now().Add(20 * time.Second); dial(t, address, "127.0.0.1").get("/") != http.StatusOK; {
		if time.Now().After(until) {
			t.Fatal("the place is not given back")
		}
	}
}

// The connections of a trusted proxy are not bounded; its requests are counted by
// the address that it names.
func TestTrustedProxyIsNotLockedOut(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	address, _, _ := serve(t, limits.Settings{AddressConnections: 2, TrustedProxies: "127.0.0.1"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			inside <- struct{}{}
			<-leave
		}
	}))
	for range 2 {
		c := dial(t, address, "127.0.0.1")
		go c.get("/wait", "X-Forwarded-For: 203.0.113.9")
		<-inside
	}
	for from, want := range map[string]int{"203.0.113.9": http.StatusTooManyRequests, "1.1.1.1, 203.0.113.9": http.StatusTooManyRequests, "203.0.113.10": http.StatusOK, "": http.StatusOK} {
		for range 5 {
			if got := dial(t, address, "127.0.0.1").get("/", "X-Forwarded-For: "+from); got != want {
				t.Errorf("for %q: %d, want %d", from, got, want)
			}
		}
	}
	close(leave)
}

// An address that has taken all places gives one up for another, but none that
// brought a good token.
func TestOneAddressDoesNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	address, g, logged := serve(t, limits.Settings{}, ok)
	member := dial(t, address, "127.0.0.1")
	member.get("/good")
	var taken []*limits.Place[struct{}]
	for p := g.Limits.Descriptor(); p != nil; p = g.Limits.Descriptor() {
		taken = append(taken, p)
	}
	for _, p := range taken[:5] {
		p.Leave()
	}
	var silent []*client
	for range 5 {
		c := dial(t, address, "127.0.0.1")
		if got := c.get("/"); got != http.StatusOK {
			t.Fatal(got)
		}
		silent = append(silent, c)
	}
	if got := dial(t, address, "127.0.0.1").get("/"); got != http.StatusServiceUnavailable {
		t.Errorf("a full server: %d", got)
	}
	if got := dial(t, address, "127.0.0.2").get("/"); got != http.StatusOK {
		t.Errorf("another address: %d", got)
	}
	if got := silent[0].get("/"); got != 0 {
		t.Errorf("the oldest one still lives: %d", got)
	}
	for i, c := range append(silent[1:], member) {
		if got := c.get("/"); got != http.StatusOK {
			t.Errorf("connection %d: %d", i, got)
		}
	}
	for range 100 {
		dial(t, address, "127.0.0.1").get("/")
	}
	if n := strings.Count(logged.String(), "\n"); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}

// full is a listener of a process that has no file left for a while.
type full struct {
	net.Listener
	times int
}

func (l *full) Accept() (net.Conn, error) {
	if l.times--; l.times >= 0 && l.times%2 == 1 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestProcessWithoutFilesRefuses(t *testing.T) {
	t.Parallel()
	_, g, _ := serve(t, limits.Settings{}, ok)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := g.Listen(&full{inner, 4})
	web, done := g.Server(ok), make(chan struct{})
	go func() { defer close(done); _ = web.Serve(l) }()
	defer func() { _ = web.Close(); <-done }()
	for i, want := range []int{http.StatusServiceUnavailable, http.StatusServiceUnavailable, http.StatusOK} {
		if got := dial(t, inner.Addr().String(), "127.0.0.1").get("/"); got != want {
			t.Errorf("connection %d: %d, want %d", i, got, want)
		}
	}
}

// A body is bounded until a token was verified, and may be any after that.
func TestBodyOfAStranger(t *testing.T) {
	t.Parallel()
	h := (&Guard{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/good" {
			Verified(r.Context())
		}
		n, err := io.Copy(io.Discard, r.Body)
		_, large := errors.AsType[*http.MaxBytesError](err)
		if want := r.ContentLength; r.URL.Path != "/good" && want > strangerBytes {
			if !large || n > strangerBytes {
				t.Errorf("%d of %d bytes were read: %v", n, want, err)
			}
		} else if n != want || err != nil {
			t.Errorf("%d of %d bytes were read: %v", n, want, err)
		}
	}))
	for _, path := range []string{"/", "/good"} {
		for _, size := range []int{0, 1, strangerBytes - 1, strangerBytes, strangerBytes + 1, 100 * strangerBytes} {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(strings.Repeat("x", size)))
			if err != nil {
				t.Fatal(err)
			}
			h.ServeHTTP(&memory{header: http.Header{}}, r)
		}
	}
}

// A connection of the overflow gives way once it was silent for a moment, and not
// between connecting and sending.
func TestOverflowWaitsForTheRequest(t *testing.T) {
	t.Parallel()
	address, g, _ := serve(t, limits.Settings{}, http.NotFoundHandler())
	tcp := dial(t, address, "127.0.0.1").Conn.(*net.TCPConn)
	c := &Conn{TCPConn: tcp, guard: g, opened: time.Now().Add(time.Hour)} // it stays new, however slow the test is
	g.mu.Lock()
	defer g.mu.Unlock()
	g.overflow.add(c)
	defer g.overflow.remove(c)
	if g.silentOverflow() != nil {
		t.Error("a new connection gave way")
	}
	if c.opened = time.Now().Add(-overflowGrace); g.silentOverflow() != c {
		t.Error("a silent connection did not give way")
	}
}
