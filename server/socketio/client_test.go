package socketio

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const patience = 15 * time.Second

// readyPrefix begins the first event of every connection.
const readyPrefix = `42["stream:ready",`

// rawClient speaks frames, so that it can also say what no client would.
type rawClient struct {
	t    testing.TB
	conn *websocket.Conn
}

func dialRaw(t testing.TB, s *testServer, query string) *rawClient {
	t.Helper()
	url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?" + query
	conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, resp)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawClient{t, conn}
}

// connectRaw is a client that got in with the token.
func connectRaw(t testing.TB, s *testServer, token string) *rawClient {
	t.Helper()
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expect("0{")
	c.send(connectPacket(token))
	c.expect("40{")
	c.expect(readyPrefix)
	return c
}

func connectPacket(token string) string { return fmt.Sprintf(`40{"token":%q}`, token) }

func (c *rawClient) send(text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// next returns the next text, answering heartbeats.
func (c *rawClient) next() (string, error) {
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		_, data, err := c.conn.ReadMessage()
		if err != nil {
			return "", err
		}
		if string(data) == "2" {
			_ = c.conn.WriteMessage(websocket.TextMessage, []byte("3"))
			continue
		}
		return string(data), nil
	}
}

func (c *rawClient) expect(prefix string) string {
	c.t.Helper()
	text, err := c.next()
	if err != nil {
		c.t.Fatalf("waiting for %q: %v", prefix, err)
	}
	if !strings.HasPrefix(text, prefix) {
		c.t.Fatalf("got %.200q, want %q…", text, prefix)
	}
	return text[len(prefix):]
}

// expectEnd waits until the server has closed the connection.
func (c *rawClient) expectEnd() {
	c.t.Helper()
	for {
		_, err := c.next()
		if err == nil {
			continue
		}
		if strings.Contains(err.Error(), "timeout") {
			c.t.Fatal("the connection was not closed")
		}
		return
	}
}

// number reads "n" of the payload of an event packet "42[name,payload,cursor]".
func number(t testing.TB, packet string) int {
	t.Helper()
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(packet[2:]), &args); err != nil || len(args) < 2 {
		t.Fatalf("not an event: %.200q: %v", packet, err)
	}
	var payload struct{ N int }
	if err := json.Unmarshal(args[1], &payload); err != nil {
		t.Fatal(err)
	}
	return payload.N
}

// pollClient speaks HTTP long-polling.
type pollClient struct {
	t       testing.TB
	url     string
	pending []string
}

func dialPoll(t testing.TB, s *testServer) *pollClient {
	t.Helper()
	c := &pollClient{t: t, url: s.URL + "/socket.io/?EIO=4&transport=polling"}
	open := c.next()
	var answer struct{ Sid string }
	if err := json.Unmarshal([]byte(open[1:]), &answer); err != nil || open[0] != '0' {
		t.Fatalf("got %q: %v", open, err)
	}
	c.url += "&sid=" + answer.Sid
	return c
}

func connectPoll(t testing.TB, s *testServer, token string) *pollClient {
	t.Helper()
	c := dialPoll(t, s)
	c.post(connectPacket(token))
	for _, want := range []string{"40{", readyPrefix} {
		if text := c.next(); !strings.HasPrefix(text, want) {
			t.Fatalf("got %q, want %s", text, want)
		}
	}
	return c
}

func (c *pollClient) next() string {
	c.t.Helper()
	for len(c.pending) == 0 {
		status, body := fetch(c.t, http.MethodGet, c.url, "", "")
		if status != http.StatusOK {
			c.t.Fatalf("poll: %d %s", status, body)
		}
		for _, text := range strings.Split(body, "\x1e") {
			if text == "2" {
				c.post("3")
			} else {
				c.pending = append(c.pending, text)
			}
		}
	}
	text := c.pending[0]
	c.pending = c.pending[1:]
	return text
}

func (c *pollClient) post(body string) {
	c.t.Helper()
	if status, answer := fetch(c.t, http.MethodPost, c.url, "text/plain;charset=UTF-8", body); status != http.StatusOK {
		c.t.Fatalf("post: %d %s", status, answer)
	}
}

var httpClient = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

func fetch(t testing.TB, method, url, contentType, body string) (int, string) {
	t.Helper()
	req := must(http.NewRequest(method, url, strings.NewReader(body)))(t)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, string(must(io.ReadAll(resp.Body))(t))
}
