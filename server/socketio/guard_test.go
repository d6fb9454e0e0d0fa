//go:build !stock

package socketio

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	sid := dialPoll(t, s).url[len(s.URL):]
	sid = sid[strings.Index(sid, "sid="):]
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
		{"binary post", "POST", polling + "&" + sid, http.Header{"Content-Type": {"application/octet-stream"}}, "4", 415},
		{"large post", "POST", polling + "&" + sid, nil, strings.Repeat("4", maxPayload+1), 413},
		{"larger post", "POST", polling + "&" + sid, nil, strings.Repeat("4", maxPayload+restBytes-1), 413},
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

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	req := must(http.NewRequest("OPTIONS", s.URL+"/socket.io/?EIO=4&transport=polling", nil))(t)
	req.Header.Set("Origin", "https://app.example.org")
	req.Header.Set("Access-Control-Request-Headers", "authorization")
	resp := must(httpClient.Do(req))(t)
	defer resp.Body.Close()
	for key, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example.org",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Headers":     "Authorization, Content-Type",
		"Access-Control-Allow-Methods":     "GET, POST",
		"Vary":                             "Origin",
	} {
		if got := resp.Header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", resp.StatusCode)
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

func TestStrangerIsSentAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	start := time.Now()
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expectEnd()
	if took := time.Since(start); took < connectTime-time.Second {
		t.Errorf("closed after %v", took)
	}
}

func TestClosedDoorTurnsAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	p := connectPoll(t, s, "a:u:viewer")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := c.next(); err != nil {
				return
			}
		}
	}()
	start := time.Now()
	if err := s.door.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*closeTime {
		t.Errorf("closing took %v", took)
	}
	<-ended
	status, _ := fetch(t, "GET", p.url, "", "")
	if status != http.StatusServiceUnavailable {
		t.Errorf("got %d", status)
	}
	if got := s.door.Stats(); got.Sockets != 0 || got.Rooms != 0 || got.Polling != 0 || got.WebSocket != 0 {
		t.Errorf("left over: %+v", got)
	}
}

func TestPollOutlastsTheTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectPoll(t, s, "a:u:viewer")
	time.AfterFunc(4*time.Second, func() { s.hub.publish(progress("a", 7)) })
	if got := number(t, c.next()); got != 7 {
		t.Errorf("got %d", got)
	}
}
