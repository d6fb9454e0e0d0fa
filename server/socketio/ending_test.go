//go:build !stock

package socketio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/models"
	"reelroom/rooms"
)

// dialAs is dialRaw for a client of that name.
func dialAs(t *testing.T, s *testServer, agent string) *rawClient {
	t.Helper()
	url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
	conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"User-Agent": {agent}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawClient{t, conn}
}

// A connection that the server ends says why in its Close frame, without ending
// the namespace, which would keep socket.io-client from connecting again. A
// client that does not notice Close frames sees the end of TCP instead.
func TestEndingsAreTold(t *testing.T) {
	t.Parallel()
	quick := func(c *Config) { c.PingInterval, c.PingTimeout = 200*time.Millisecond, 300*time.Millisecond }
	for name, c := range map[string]struct {
		token  string
		change func(*Config)
		end    func(*testServer, *rawClient)
		code   int
		reason string
	}{
		"expiry":             {"a:u:viewer:1s", nil, func(*testServer, *rawClient) {}, 4003, "token_expired"},
		"drain":              {"a:u:viewer", nil, func(s *testServer, _ *rawClient) { s.door.Drain(t.Context()) }, 1012, "stopping"},
		"too large":          {"a:u:viewer", nil, func(_ *testServer, c *rawClient) { c.send("42" + strings.Repeat("x", 200_000)) }, 1009, "too_large"},
		"no answer to pings": {"a:u:viewer", quick, func(*testServer, *rawClient) {}, 1008, "ping_timeout"},
		"bad packet":         {"a:u:viewer", nil, func(_ *testServer, c *rawClient) { c.send("9") }, 1002, "bad_packet"},
		"slow reader": {"a:u:viewer", nil, func(s *testServer, c *rawClient) {
			for n := 0; s.door.Stats().Slow == 0; n++ {
				e := crumb("a", n)
				e.Payload = []byte(`{"pad":"` + strings.Repeat("x", 30_000) + `"}`)
				s.hub.publish(e)
			}
		}, 1008, "slow_reader"},
	} {
		for agent, code := range map[string]int{"node": c.code, "okhttp/3.12.12": websocket.CloseAbnormalClosure} {
			t.Run(name+"/"+agent, func(t *testing.T) {
				t.Parallel()
				s := startServerWith(t, func([]any) {}, func(config *Config) {
					if c.change != nil {
						c.change(config)
					}
				})
				client := dialAs(t, s, agent)
				client.expect("0{")
				client.send(connectPacket(c.token))
				client.expect("40{")
				c.end(s, client)
				began := time.Now()
				text, err := "", error(nil)
				for err == nil {
					_ = client.conn.SetReadDeadline(time.Now().Add(patience))
					var data []byte
					if _, data, err = client.conn.ReadMessage(); err == nil {
						text = string(data)
					}
					if strings.HasPrefix(text, "41") {
						t.Errorf("the namespace was ended: %s", text)
					}
				}
				var closed *websocket.CloseError
				if !errors.As(err, &closed) {
					t.Fatalf("after %s: %v", time.Since(began), err)
				}
				if closed.Code != code || code != websocket.CloseAbnormalClosure && closed.Text != c.reason {
					t.Errorf("closed with %d %q, want %d %q", closed.Code, closed.Text, code, c.reason)
				}
			})
		}
	}
}

// auth:expiring comes a minute before the token's end, or at half of its
// remaining life if that is later.
func TestExpiryNotice(t *testing.T) {
	t.Parallel()
	for life, want := range map[time.Duration]time.Duration{
		time.Hour: 59 * time.Minute, 2 * time.Minute: time.Minute, 90 * time.Second: 45 * time.Second, 4 * time.Second: 2 * time.Second, -time.Second: 0,
	} {
		if got := noticeAfter(life); got != want {
			t.Errorf("a token of %s is announced after %s, want %s", life, got, want)
		}
	}
}

// closingHub lets a door begin to close while a client is being let in.
type closingHub struct {
	*fakeHub
	closing func()
}

func (h *closingHub) Subscribe(ctx context.Context, org string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	h.closing()
	return h.fakeHub.Subscribe(ctx, org, deliver)
}

// A client that was being let in when the server began to stop connects again:
// its namespace is not ended.
func TestClosingDuringTheHandshake(t *testing.T) {
	t.Parallel()
	hub := &closingHub{fakeHub: newFakeHub()}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Hub = hub })
	hub.closing = s.door.cancel
	c := dialAs(t, s, "node")
	c.expect("0{")
	c.send(connectPacket("a:u:viewer"))
	for {
		text, err := c.next()
		if err != nil {
			break
		}
		if strings.HasPrefix(text, "41") {
			t.Fatal("the namespace was ended")
		}
	}
}
