//go:build !stock

package socketio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/models"
)

func event(org string, to models.Audience, video, user, text string) models.Event {
	return models.Event{
		Name: models.EventProgress, OrganizationID: org, Audience: to, VideoID: video, UserID: user,
		Payload: json.RawMessage(fmt.Sprintf(`{"text":%q}`, text)),
	}
}

// heard returns the texts of the events until the one that says "end".
func heard(t *testing.T, c *rawClient) string {
	t.Helper()
	var texts []string
	for {
		text := c.expect("42")
		var args []json.RawMessage
		var payload struct{ Text string }
		if err := json.Unmarshal([]byte(text), &args); err != nil || json.Unmarshal(args[1], &payload) != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if payload.Text == "end" {
			return strings.Join(texts, " ")
		}
		texts = append(texts, payload.Text)
	}
}

func TestEachEventReachesItsAudienceOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	plain := connectRaw(t, s, "a:plain:viewer")
	follower := connectRaw(t, s, "a:follower:viewer")
	left := connectRaw(t, s, "a:left:viewer")
	foreign := connectRaw(t, s, "b:plain:admin")
	follower.send(`421["video:subscribe","v1"]`)
	follower.expect(`431[{"ok":true,"video":{"id":"v1"`)
	left.send(`421["video:subscribe","v1"]`)
	left.expect(`431[{"ok":true`)
	left.send(`422["video:unsubscribe",{"videoId":"v1"}]`)
	left.expect(`432[{"ok":true}]`)
	foreign.send(`421["video:subscribe","v1"]`)
	foreign.expect(`431[{"ok":false,"error":{"code":"not_found","message":"There is no such video."}}]`)

	s.hub.publish(
		event("a", models.ToOrganization, "v1", "", "all"),
		event("a", models.ToVideo, "v1", "", "fine"),
		event("a", models.ToVideo, "v2", "", "other"),
		event("a", models.ToUser, "", "plain", "personal"),
		event("a", models.ToOrganization, "v1", "", "end"),
	)
	s.hub.publish(event("b", models.ToOrganization, "", "", "end"))
	for _, c := range []struct {
		client *rawClient
		want   string
	}{{plain, "all personal"}, {follower, "all fine"}, {left, "all"}, {foreign, ""}} {
		if got := heard(t, c.client); got != c.want {
			t.Errorf("heard %q, want %q", got, c.want)
		}
	}
}

func TestOrganizationIsFollowedWhileItHasSockets(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	first := connectRaw(t, s, "a:u:viewer")
	second := connectRaw(t, s, "a:v:viewer")
	if n := s.hub.listeners("a"); n != 1 {
		t.Fatalf("%d subscriptions for two sockets", n)
	}
	_ = first.conn.Close()
	second.send("41")
	for deadline := time.Now().Add(patience); s.hub.listeners("a") != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the organization is still followed")
		}
	}
}

func TestLostEventsAreTold(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	s.hub.reset("a")
	c.expect(`42["stream:reset",{"reason":"lost","cursor":"e2.3"},"e2.3"]`)
}

func TestExpiryIsAnnounced(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer:2s")
	c.expect(`42["auth:expiring",{"expiresAt":"`)
}

func TestSubscriptionsAreBounded(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	for n := range maxSubscriptions {
		c.send(fmt.Sprintf(`421["video:subscribe","x%d"]`, n))
		c.expect(`431[{"ok":true`)
	}
	c.send(`421["video:subscribe","x0"]`)
	c.expect(`431[{"ok":true`)
	c.send(`421["video:subscribe","one-more"]`)
	c.expect(`431[{"ok":false,"error":{"code":"rate_limited"`)
}

// Binary parts reach a handler, and large packets wait for one another.
func TestBinaryEvents(t *testing.T) {
	t.Parallel()
	const packets = 20
	got := make(chan int, packets)
	s := startServer(t, func(args []any) {
		if part, ok := args[0].(interface{ Len() int }); ok {
			got <- part.Len()
		} else {
			got <- -1
		}
	})
	c := connectRaw(t, s, "a:u:viewer")
	part := make([]byte, 50_000)
	for range packets {
		c.send(`451-["note",{"_placeholder":true,"num":0}]`)
		if err := c.conn.WriteMessage(websocket.BinaryMessage, part); err != nil {
			t.Fatal(err)
		}
	}
	for range packets {
		select {
		case n := <-got:
			if n != len(part) {
				t.Fatalf("a part of %d bytes", n)
			}
		case <-time.After(patience):
			t.Fatal("a binary event was not handled")
		}
	}
}

// The last socket of an organization goes and the next one comes while the
// subscription still ends: there are never two at once.
func TestEventsComeOnceWhenTheOnlySocketComesAgain(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	s.hub.mu.Lock()
	s.hub.linger = 50 * time.Millisecond
	s.hub.mu.Unlock()
	for n := range 10 {
		c := connectRaw(t, s, "a:u:viewer")
		s.hub.publish(progress("a", 10*n), progress("a", 10*n+1))
		for want := range 2 {
			if got := number(t, "42["+c.expect("42[")); got != 10*n+want {
				t.Fatalf("event %d came as number %d", got, 10*n+want)
			}
		}
		_ = c.conn.Close()
		for s.door.Stats().Sockets != 0 {
			time.Sleep(time.Millisecond)
		}
	}
}
