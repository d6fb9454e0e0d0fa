//go:build !stock

package socketio

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/server/limits"
)

// Once a poll's queue was full nothing more is queued: what comes later would
// reach a poll that waits, and hide from the client that it has missed something.
func TestNothingFollowsAFullPollQueue(t *testing.T) {
	t.Parallel()
	d, list := idle(t, 1)
	defer d.Close(t.Context())
	c := list[0]
	large := newMessage(make([]byte, 100<<10))
	c.mu.Lock()
	for range maxPollQueue/len(large.frame) + 1 {
		c.poll.push(large)
	}
	c.poll.push(packetNoop)
	left := len(c.poll.queue.list)
	c.mu.Unlock()
	if left != 0 {
		t.Errorf("%d messages wait behind those that were dropped", left)
	}
	if slow := d.Stats().Slow; slow != 1 {
		t.Errorf("%d connections count as slow", slow)
	}
}

// deadlined is a response that notes its deadlines.
type deadlined struct {
	*httptest.ResponseRecorder
	read, write time.Time // as they are now
	bounded     bool      // there was a write deadline while something was written
	flushed     bool      // all that was written was also handed on
}

func (w *deadlined) SetReadDeadline(at time.Time) error  { w.read = at; return nil }
func (w *deadlined) SetWriteDeadline(at time.Time) error { w.write = at; return nil }

func (w *deadlined) Write(p []byte) (int, error) {
	w.bounded, w.flushed = !w.write.IsZero(), false
	return w.ResponseRecorder.Write(p)
}

func (w *deadlined) FlushError() error {
	w.flushed = w.bounded && !w.write.IsZero()
	return nil
}

// A client that does not take its answer lets nothing stand for good.
func TestAnswersHaveADeadline(t *testing.T) {
	t.Parallel()
	d, list := idle(t, 1)
	defer d.Close(t.Context())
	c := list[0]
	c.deliver(packetNoop)
	for method, body := range map[string]string{"GET": "", "POST": "6"} {
		w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		guarded(nil, d).ServeHTTP(w, httptest.NewRequest(method, "/socket.io/?EIO=4&transport=polling&sid="+c.id, strings.NewReader(body)))
		if w.Code != http.StatusOK || !w.bounded || !w.flushed {
			t.Errorf("%s: status %d, deadline while writing %t, while the rest went out %t", method, w.Code, w.bounded, w.flushed)
		}
	}
}

// net/http reads the rest of a body before it answers, so a body has a deadline
// also where it is of no interest.
func TestEveryBodyHasADeadline(t *testing.T) {
	t.Parallel()
	d, _ := idle(t, 0)
	defer d.Close(t.Context())
	for _, r := range []*http.Request{
		httptest.NewRequest("POST", "/socket.io/?EIO=3", strings.NewReader("x")),
		httptest.NewRequest("GET", "/socket.io/?EIO=3", strings.NewReader("x")),
		httptest.NewRequest("OPTIONS", "/socket.io/?EIO=4", io.MultiReader(strings.NewReader("x"))), // without a length
	} {
		w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		guarded(nil, d).ServeHTTP(w, r)
		if w.read.IsZero() {
			t.Errorf("%s %s: no deadline for the body", r.Method, r.URL)
		}
	}
	foreign := httptest.NewRequest("POST", "/socket.io/?EIO=4", strings.NewReader("x"))
	foreign.Header.Set("Origin", "https://evil.example")
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	if guarded(nil, d).ServeHTTP(w, foreign); w.read.IsZero() {
		t.Error("a foreign page: no deadline for the body")
	}
}

// reading is a body that tells when it is read, and ends when it is told to.
type reading struct{ begun, end chan struct{} }

func (r reading) Read([]byte) (int, error) {
	close(r.begun)
	<-r.end
	return 0, io.ErrUnexpectedEOF
}

// A connection has one body under way: a second one is not even read.
func TestASecondPostIsNotRead(t *testing.T) {
	t.Parallel()
	d, list := idle(t, 1)
	defer d.Close(t.Context())
	target := "/socket.io/?EIO=4&transport=polling&sid=" + list[0].id
	first := reading{make(chan struct{}), make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		d.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", target, first))
	}()
	<-first.begun
	second := strings.NewReader("6")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("POST", target, second))
	if w.Code != http.StatusBadRequest || second.Len() == 0 {
		t.Errorf("status %d, %d bytes were left unread", w.Code, second.Len())
	}
	if state := list[0].ReadyState(); state != stateClosed {
		t.Errorf("the connection is %s", state)
	}
	close(first.end)
	<-served
}

// A listener that panics when a connection ends, on whatever goroutine that is,
// harms neither the process nor the books.
func TestAPanicAtTheEndHarmsNobody(t *testing.T) {
	t.Parallel()
	d, list := idle(t, 1)
	defer d.Close(t.Context())
	c := list[0]
	places := limits.NewGauge[limits.Address](1)
	c.place = places.Take(limits.Address{})
	_ = c.On("close", func(...any) { panic("on purpose") })
	c.end(reasonForced, nil)
	if polling, _ := d.links.counts(); polling != 0 || places.Keys() != 0 {
		t.Errorf("%d connections and %d places are left", polling, places.Keys())
	}
}

// piped is a response that can be taken over, and whose peer reads nothing.
type piped struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (p *piped) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return p.conn, bufio.NewReadWriter(bufio.NewReader(p.conn), bufio.NewWriter(p.conn)), nil
}

func TestTheAnswerToAHandshakeHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		r := httptest.NewRequest("GET", "/", nil)
		for key, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			r.Header.Set(key, value)
		}
		stop := time.AfterFunc(time.Minute, func() { theirs.Close() })
		defer stop.Stop()
		if _, err := newWebsocket(&conn{}, &piped{httptest.NewRecorder(), ours}, r); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// Before its token was verified, a client cannot make the server hold more than
// a CONNECT.
func TestAStrangerMaySayLittle(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	large := `42["echo","` + strings.Repeat("x", 2*maxConnect) + `"]`
	t.Run("websocket", func(t *testing.T) {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		// Only the header of a frame, and no byte of what it announces.
		if _, err := c.conn.NetConn().Write([]byte{0x81, 0xFE, 2 * maxConnect >> 8, 2 * maxConnect & 0xFF, 1, 2, 3, 4}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.next(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("polling", func(t *testing.T) {
		c := dialPoll(t, s)
		if status, body := fetch(t, "POST", c.url, "text/plain", large); status != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d %s", status, body)
		}
	})
	t.Run("once inside", func(t *testing.T) {
		c := connectRaw(t, s, "a:u:viewer")
		c.send(strings.Replace(large, "42", "421", 1))
		c.expect("431[")
		p := connectPoll(t, s, "a:u:viewer")
		p.post(strings.Replace(large, "42", "421", 1))
		if text := p.next(); !strings.HasPrefix(text, "431[") {
			t.Errorf("got %.100q", text)
		}
	})
}

// What a stranger sends in the head of a request is not kept.
func TestNoHeadIsKept(t *testing.T) {
	t.Parallel()
	d, _ := idle(t, 0)
	defer d.Close(t.Context())
	long := strings.Repeat("x", 20<<10)
	r := httptest.NewRequest("GET", "/socket.io/"+long+"?EIO=4", nil)
	r.Header.Set("X-Long", long)
	r.Header.Set("Authorization", "Bearer "+long)
	c := must(d.newConn(r))(t)
	if h := c.Request().Request(); len(h.Header) != 0 || len(h.URL.Path)+len(h.RequestURI) != 0 {
		t.Error("the head of the request is kept")
	}
	if len(c.bearer) > maxConnect+1 {
		t.Errorf("%d bytes of a token are kept", len(c.bearer))
	}
}

// As the reference implementation does, the first of the subprotocols that a
// client offers is taken: a browser gives up a WebSocket that takes none.
func TestSubprotocol(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	dialer := websocket.Dialer{Subprotocols: []string{"one", "two"}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.Subprotocol(); got != "one" {
		t.Errorf("got %q", got)
	}
}

// What was under way to a client that is cut in the middle is not counted twice.
func TestACutLeavesNothingQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		o := &outbox{conn: ours, door: &Door{}, ended: func() {}}
		o.put(newMessage(make([]byte, 1000)), false)
		if _, err := io.ReadFull(theirs, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		o.abort(errDiscarded)
		synctest.Wait()
		if n := o.queued(); n != 0 {
			t.Errorf("%d bytes wait", n)
		}
	})
}

// hasty is a response whose client sends its next request as soon as it has
// this one's answer.
type hasty struct {
	*httptest.ResponseRecorder
	next func()
}

func (h *hasty) FlushError() error { h.next(); return nil }

func TestTheNextPostMayComeWithTheAnswer(t *testing.T) {
	t.Parallel()
	d, list := idle(t, 1)
	defer d.Close(t.Context())
	target := "/socket.io/?EIO=4&transport=polling&sid=" + list[0].id
	second := httptest.NewRecorder()
	first := &hasty{httptest.NewRecorder(), func() {
		d.ServeHTTP(second, httptest.NewRequest("POST", target, strings.NewReader("6")))
	}}
	d.ServeHTTP(first, httptest.NewRequest("POST", target, strings.NewReader("6")))
	if first.Code != http.StatusOK || second.Code != http.StatusOK || second.Body.String() != "ok" {
		t.Errorf("status %d, then %d %s", first.Code, second.Code, second.Body)
	}
}
