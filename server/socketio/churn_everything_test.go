//go:build !stock

package socketio

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/server/limits"
)

// churn is one client that does what it likes, and fails at nothing: it only
// has to leave nothing behind.
type churn struct {
	url    string
	client *http.Client
	rand   *rand.Rand
}

func (c *churn) fetch(ctx context.Context, method, url, body string) string {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return ""
	}
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", c.rand.IntN(8)))
	answer, err := c.client.Do(r)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return string(text)
}

func (c *churn) dial(query string) *websocket.Conn {
	w, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+query,
		http.Header{"X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", c.rand.IntN(8))}})
	if err != nil {
		return nil
	}
	return w
}

// talk says things over a WebSocket, reads some of what comes, and leaves.
func (c *churn) talk(w *websocket.Conn, first ...string) {
	defer w.Close()
	_ = w.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for _, text := range first {
		_ = w.WriteMessage(websocket.TextMessage, []byte(text))
	}
	for range c.rand.IntN(40) {
		if c.rand.IntN(8) == 0 {
			things := []string{"3", "2probe", "5", "6", `42["echo",1]`, `42["video:subscribe","v1"]`, "41", "1", "x", "", `421["cut"]`, `421["away"]`, `42["panic"]`}
			_ = w.WriteMessage(websocket.TextMessage, []byte(things[c.rand.IntN(len(things))]))
		}
		if _, _, err := w.ReadMessage(); err != nil {
			return
		}
	}
	switch c.rand.IntN(3) {
	case 0:
		_ = w.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
	case 1:
		if tcp, ok := w.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset
		}
	}
}

func (c *churn) once(ctx context.Context) {
	const ws, polling = "/socket.io/?EIO=4&transport=websocket", "/socket.io/?EIO=4&transport=polling"
	token := []string{"a:u:viewer", "b:u:viewer", "nonsense", "a:u:viewer:300ms"}[c.rand.IntN(4)]
	if c.rand.IntN(2) == 0 {
		if w := c.dial(ws); w != nil {
			c.talk(w, connectPacket(token))
		}
		return
	}
	_, sid, _ := strings.Cut(c.fetch(ctx, "GET", c.url+polling, ""), `"sid":"`)
	sid, _, _ = strings.Cut(sid, `"`)
	if sid == "" {
		return
	}
	query := "&sid=" + sid
	c.fetch(ctx, "POST", c.url+polling+query, connectPacket(token))
	var polls sync.WaitGroup
	defer polls.Wait()
	brief, cancel := context.WithTimeout(ctx, time.Duration(c.rand.IntN(50))*time.Millisecond)
	defer cancel()
	seed := c.rand.Uint64()
	polls.Go(func() {
		other := &churn{c.url, c.client, rand.New(rand.NewPCG(seed, 1))}
		for brief.Err() == nil {
			other.fetch(brief, "GET", c.url+polling+query, "")
		}
	})
	switch c.rand.IntN(5) {
	case 0:
		if w := c.dial(ws + query); w != nil {
			c.talk(w, "2probe", "5")
		}
	case 1:
		if w := c.dial(ws + query); w != nil {
			_ = w.WriteMessage(websocket.TextMessage, []byte("2probe"))
			_ = w.Close()
		}
	case 2:
		c.fetch(ctx, "POST", c.url+polling+query, "1")
	case 3:
		c.fetch(ctx, "POST", c.url+polling+query, `42["echo",1]`+"\x1e"+`421["away"]`)
	}
}

// Every transport, every way to end and every change between them at once, with
// events going on: the books are even afterwards.
func TestChurnOfEverything(t *testing.T) {
	t.Parallel()
	settings := limits.Settings{
		TrustedProxies: "127.0.0.0/8,::1", OrgConnections: 1000, UserConnections: 1000, AddressConnections: 1000, AddressHandshakes: 10000,
		UserHandshakes: 10000, UserSubscriptions: 10000, UserMessages: 1000000,
	}
	bounds := limits.New(settings, nil)
	s := startServerWith(t, func([]any) {}, func(c *Config) {
		c.Limits, c.Logger = bounds, nil
		c.PingInterval, c.PingTimeout = 300*time.Millisecond, 10*time.Second
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for _, org := range []string{"a", "b"} {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				s.hub.publish(progress(org, n), crumb(org, n))
				time.Sleep(time.Millisecond)
			}
		})
	}
	for n := range 12 {
		all.Go(func() {
			c := &churn{s.URL, &http.Client{Transport: &http.Transport{DisableKeepAlives: n%2 == 0}, Timeout: patience}, rand.New(rand.NewPCG(uint64(n), 7))}
			defer c.client.CloseIdleConnections()
			for ctx.Err() == nil {
				c.once(ctx)
			}
		})
	}
	all.Wait()
	for _, c := range s.door.links.all() {
		c.Close(true) // who did not say goodbye
	}
	left := func() string {
		now := s.door.Stats()
		places := 0
		for _, one := range bounds.Stats() {
			if one.Limit == "connections" {
				places += one.Keys()
			}
		}
		if now.Sockets+now.Rooms+now.Polling+now.WebSocket+s.hub.listeners("a")+s.hub.listeners("b")+places == 0 &&
			s.door.io.Sockets().Sockets().Len() == 0 && len(s.door.links.reading()) == 0 && s.door.Queued() == 0 {
			return ""
		}
		return fmt.Sprintf("%+v, %d places, %d in the library's namespace, %d read, %d bytes", now, places,
			s.door.io.Sockets().Sockets().Len(), len(s.door.links.reading()), s.door.Queued())
	}
	for deadline := time.Now().Add(2 * patience); left() != ""; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %s", left())
		}
	}
	if s.door.Stats().Connected == 0 {
		t.Error("nobody ever got in")
	}
}
