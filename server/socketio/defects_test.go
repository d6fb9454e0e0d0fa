package socketio

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The tests of this file each bear the name of a defect of the library. With
// the build tag "stock" they run against the library as it is, and fail.

const burst = 2000

func publishBurst(s *testServer) {
	for n := range burst {
		s.hub.publish(crumb("a", n))
	}
}

func TestBurstOverWebsocketArrivesWhole(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	go publishBurst(s)
	for n := range burst {
		text, err := c.next()
		if err != nil {
			t.Fatalf("after %d of %d events: %v", n, burst, err)
		}
		if got := number(t, text); got != n {
			t.Fatalf("event %d came as number %d", got, n)
		}
	}
}

func TestBurstOverPollingArrivesWhole(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectPoll(t, s, "a:u:viewer")
	go publishBurst(s)
	for n := range burst {
		if got := number(t, c.next()); got != n {
			t.Fatalf("event %d came as number %d", got, n)
		}
	}
}

func TestMalformedPacketsCloseOnlyTheirOwnSocket(t *testing.T) {
	t.Parallel()
	hostile := []struct {
		name   string
		frames []string
	}{
		{"event without payload", []string{"42"}},
		{"event with id only", []string{"421"}},
		{"event that is an object", []string{"42{}"}},
		{"event without a name", []string{"42[]"}},
		{"event with a number as name", []string{"42[1]"}},
		{"event with a reserved name", []string{`42["disconnect"]`}},
		{"event with garbage behind", []string{`42["note"]]`}},
		{"ack without id", []string{"43"}},
		{"ack without payload", []string{"431"}},
		{"connect error from a client", []string{`44{"message":"x"}`}},
		{"no attachments", []string{`450-["note"]`}},
		{"a billion attachments", []string{"451000000000-"}},
		{"ten billion attachments", []string{"4510000000000-"}},
		{"binary event without payload", []string{"451-", "binary"}},
		{"binary ack without payload", []string{"461-1", "binary"}},
		{"binary without announcement", []string{"binary"}},
		{"text in place of an attached", []string{`451-["note",{"_placeholder":true,"num":0}]`, `42["note"]`}},
		{"placeholder beyond the end", []string{`451-["note",{"_placeholder":true,"num":7}]`, "binary"}},
		{"second connect", []string{`40{"token":"a:u:viewer"}`}},
		{"unknown packet type", []string{"49"}},
		{"unknown engine packet", []string{"x"}},
		{"ping in the wrong direction", []string{"2"}},
		{"another namespace's event", []string{`42/admin,["note"]`}},
		{"a large event id", []string{`42123456789012345678901234["note"]`}},
		{"a frame larger than announced", []string{`42["note","` + strings.Repeat("x", 70_000) + `"]`}},
	}
	s := startServer(t, func([]any) {})
	bystander := connectRaw(t, s, "a:bystander:viewer")
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			c := connectRaw(t, s, "a:u:viewer")
			for _, text := range h.frames {
				kind := websocket.TextMessage
				if text == "binary" {
					kind = websocket.BinaryMessage
				}
				if err := c.conn.WriteMessage(kind, []byte(text)); err != nil {
					break
				}
			}
			c.expectEnd()
			bystander.send(`421["video:subscribe","v1"]`)
			bystander.expect(`431[{"ok":true`)
		})
	}
}

func TestPanickingHandlerHarmsNobody(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	c.send(`421["panic"]`)
	c.expect(`431[{"ok":false,"error":{"code":"internal"`)
	c.send(`422["video:subscribe","v1"]`)
	c.expect(`432[{"ok":true`)
}

func TestUpgradeWithoutEIOIsRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	bystander := connectRaw(t, s, "a:bystander:viewer")
	for _, eio := range []string{"", "&EIO=", "&EIO=3", "&EIO=5", "&EIO=4&EIO=3"} {
		poll := dialPoll(t, s)
		sid := poll.url[strings.Index(poll.url, "sid=")+4:]
		url := fmt.Sprintf("ws%s/socket.io/?transport=websocket&sid=%s%s", strings.TrimPrefix(s.URL, "http"), sid, eio)
		conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
		if err == nil {
			// What the library would choke on.
			_ = conn.WriteMessage(websocket.TextMessage, []byte("2probe"))
			_ = conn.WriteMessage(websocket.TextMessage, []byte("5"))
			_ = conn.WriteMessage(websocket.TextMessage, []byte("2"))
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
			_ = conn.Close()
			t.Errorf("%q: the upgrade was accepted", eio)
		} else if resp == nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %v", eio, err)
		}
	}
	bystander.send(`421["video:subscribe","v1"]`)
	bystander.expect(`431[{"ok":true`)
}

func TestInboundEventsAreHandledInOrder(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var got []int
			all := make(chan struct{})
			s := startServer(t, func(args []any) {
				n, _ := args[0].(float64)
				mu.Lock()
				defer mu.Unlock()
				if got = append(got, int(n)); len(got) == burst {
					close(all)
				}
			})
			if transport == "websocket" {
				c := connectRaw(t, s, "a:u:viewer")
				for n := range burst {
					c.send(fmt.Sprintf(`42["note",%d]`, n))
				}
			} else {
				c := connectPoll(t, s, "a:u:viewer")
				var texts []string
				for n := range burst {
					texts = append(texts, fmt.Sprintf(`42["note",%d]`, n))
				}
				c.post(strings.Join(texts, "\x1e"))
			}
			select {
			case <-all:
			case <-time.After(patience):
				t.Fatalf("%d of %d events were handled", len(got), burst)
			}
			inversions := 0
			for i := 1; i < len(got); i++ {
				if got[i] < got[i-1] {
					inversions++
				}
			}
			if inversions > 0 {
				t.Fatalf("%d inversions in %d events", inversions, burst)
			}
		})
	}
}

// The client sends as soon as it may, and even with the CONNECT's answer still
// under way: nothing may fall between.
func TestHandlersStandBeforeTheFirstEvent(t *testing.T) {
	t.Parallel()
	const clients, events = 50, 20
	var mu sync.Mutex
	got := 0
	all := make(chan struct{})
	s := startServer(t, func([]any) {
		mu.Lock()
		defer mu.Unlock()
		if got++; got == clients*events {
			close(all)
		}
	})
	for range clients {
		go func() {
			url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
			conn, _, err := websocket.DefaultDialer.Dial(url, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			// The CONNECT before the server has said a word.
			_ = conn.WriteMessage(websocket.TextMessage, []byte(connectPacket("a:u:viewer")))
			for n := 0; ; {
				_, data, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if strings.HasPrefix(string(data), "40") {
					for ; n < events; n++ {
						_ = conn.WriteMessage(websocket.TextMessage, []byte(fmt.Sprintf(`42["note",%d]`, n)))
					}
				}
			}
		}()
	}
	select {
	case <-all:
	case <-time.After(patience):
		mu.Lock()
		defer mu.Unlock()
		t.Fatalf("%d of %d early events were handled", got, clients*events)
	}
}

// Events that happen while a client connects are there when it is connected.
func TestNoEventFallsBetweenConnectAndRoom(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	stop := make(chan struct{})
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
				s.hub.publish(progress("a", n))
			}
		}
	})
	for range 50 {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send(connectPacket("a:u:viewer"))
		c.expect("40{")
		head := s.hub.head("a") // what a REST list would say now
		text := c.expect(`42[`)
		if got := number(t, "42["+text); uint64(got) > head {
			t.Fatalf("the first event is %d, the list was as of %d", got, head)
		}
		_ = c.conn.Close()
	}
	close(stop)
	publishing.Wait()
}
