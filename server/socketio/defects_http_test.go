package socketio

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/models"
)

// More tests of defects, see defects_test.go.

func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	session := func() string {
		url := dialPoll(t, s).url
		return url[strings.Index(url, "sid="):]
	}
	const polling = "EIO=4&transport=polling"
	for _, c := range []struct {
		name, method, query string
		header              http.Header
		body                string
		status              int
	}{
		{"no EIO", "GET", "transport=polling", nil, "", 400},
		{"another EIO", "GET", "EIO=3&transport=polling", nil, "", 400},
		{"two EIO", "GET", "EIO=4&EIO=4&transport=polling", nil, "", 400},
		{"no transport", "GET", "EIO=4", nil, "", 400},
		{"unknown transport", "GET", "EIO=4&transport=webtransport", nil, "", 400},
		{"websocket without upgrade", "GET", "EIO=4&transport=websocket", nil, "", 400},
		{"JSONP", "GET", polling + "&j=0", nil, "", 400},
		{"unknown sid", "GET", polling + "&sid=AAAAAAAAAAAAAAAAAAAA", nil, "", 400},
		{"a sid that cannot be", "GET", polling + "&sid=../x", nil, "", 400},
		{"bad query", "GET", polling + "&%zz", nil, "", 400},
		{"long query", "GET", polling + "&x=" + strings.Repeat("x", 3000), nil, "", 400},
		{"handshake by POST", "POST", polling, nil, "4", 400},
		{"PUT", "PUT", polling, nil, "", 400},
		{"foreign origin", "GET", polling, http.Header{"Origin": {"https://evil.example"}}, "", 403},
		{"null origin", "GET", polling, http.Header{"Origin": {"null"}}, "", 403},
		{"two origins", "GET", polling, http.Header{"Origin": {"https://app.example.org", "https://evil.example"}}, "", 403},
		{"binary post", "POST", polling + "&" + session(), http.Header{"Content-Type": {"application/octet-stream"}}, "4", 415},
		{"large post", "POST", polling + "&" + session(), nil, strings.Repeat("4", maxPayload+1), 413},
		{"larger post", "POST", polling + "&" + session(), nil, strings.Repeat("4", maxPayload+restBytes-1), 413},
		{"allowed origin", "GET", polling, http.Header{"Origin": {"https://app.example.org"}}, "", 200},
		{"own origin", "GET", polling, http.Header{"Origin": {s.URL}}, "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := must(http.NewRequest(c.method, s.URL+"/socket.io/?"+c.query, strings.NewReader(c.body)))(t)
			for key, values := range c.header {
				req.Header[key] = values
			}
			resp := must(httpClient.Do(req))(t)
			defer resp.Body.Close()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != c.status {
				t.Errorf("%d %s, want %d", resp.StatusCode, body, c.status)
			}
		})
	}
}

// A body without a length is cut off at the limit, not read to its end.
func TestEndlessPostIsRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := dialPoll(t, s)
	sent := &endless{}
	req := must(http.NewRequest("POST", c.url, sent))(t)
	req.Header.Set("Content-Type", "text/plain")
	resp, err := httpClient.Do(req)
	if err == nil {
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", resp.StatusCode)
		}
	}
	if n := sent.n.Load(); n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

type endless struct{ n atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n.Load() > 200<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = '4'
	}
	e.n.Add(int64(len(p)))
	return len(p), nil
}

func TestForeignOriginGetsNoWebsocket(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
	_, resp, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {"https://evil.example"}})
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Fatalf("%v %v", resp, err)
	}
}

// Before the token was verified, a small CONNECT is all that is parsed.
func TestOnlyASmallConnectIsTakenFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) { t.Error("a stranger's event was handled") })
	for name, text := range map[string]string{
		"event":         `42["note",1]`,
		"binary event":  `451-["note",{"_placeholder":true,"num":0}]`,
		"disconnect":    "41",
		"large connect": `40{"token":"` + strings.Repeat("x", maxConnect) + `"}`,
		"list":          `40["token"]`,
		"no object":     `40"token"`,
	} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, s, "EIO=4&transport=websocket")
			c.send(text)
			c.expectEnd()
		})
	}
	t.Run("too many connects", func(t *testing.T) {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		for range maxConnects {
			c.send(connectPacket("nonsense"))
			c.expect(`44{"data":{"code":"token_invalid"},"message":"Invalid token"}`)
		}
		c.send(connectPacket("a:u:viewer"))
		c.expectEnd()
	})
	t.Run("bare connect", func(t *testing.T) {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send("40")
		c.expect(`44{"data":{"code":"token_missing"},"message":"Authentication required"}`)
	})
}

// A client whose socket is dismissed hears so, once, and then the end.
func TestDismissedClientIsTold(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	c.send(`42["dismiss"]`)
	c.expect("41")
	if text, err := c.next(); err == nil {
		t.Errorf("after its DISCONNECT the client got %q", text)
	}
}

// A few bytes that unpack to many cannot come: nothing is compressed.
func TestCompressionIsNotOffered(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	dialer := websocket.Dialer{EnableCompression: true}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("agreed on %q", got)
	}
}

// What is too large for a poll's POST is refused with words, and what is not
// reaches its handler.
func TestLargeEventOverPollingIsHandledOrRefused(t *testing.T) {
	t.Parallel()
	got := make(chan int, 1)
	s := startServer(t, func(args []any) { got <- len(args[0].(string)) })
	for _, size := range []int{maxPayload - 100, maxPayload, 70_000} {
		c := connectPoll(t, s, "a:u:viewer")
		status, _ := fetch(t, http.MethodPost, c.url, "text/plain", `42["note","`+strings.Repeat("x", size)+`"]`)
		if status == http.StatusRequestEntityTooLarge {
			continue
		}
		select {
		case n := <-got:
			if n != size {
				t.Errorf("%d bytes came as %d", size, n)
			}
		case <-time.After(patience / 3):
			t.Errorf("an event of %d bytes was answered %d, and lost", size, status)
		}
	}
}

// A reader that takes nothing is cut when its queue is full, and delays nobody.
func TestSlowReaderIsCut(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	lazy := connectRaw(t, s, "a:lazy:viewer")
	away := connectPoll(t, s, "a:away:viewer")
	busy := connectRaw(t, s, "a:busy:viewer")
	e := progress("a", 0)
	e.Name = models.EventUpdated // not progress, which the next one replaces
	e.Payload = json.RawMessage(`{"n":1,"message":"` + strings.Repeat("x", 16<<10) + `"}`)
	events := 0
	for s.door.Stats().Slow < 2 {
		if events++; events > 4000 {
			t.Fatal("64 MB were queued for those who read nothing")
		}
		s.hub.publish(e)
		busy.expect(`42["video:updated"`)
	}
	t.Logf("cut after %d events of 16 KiB", events)
	for deadline := time.Now().Add(patience); s.door.Stats().Sockets != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the sockets are still there")
		}
	}
	_, _ = lazy, away
}
