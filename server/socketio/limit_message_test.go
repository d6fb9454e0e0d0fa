//go:build !stock

package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/server/limits"
)

// ackOf returns the answer to the packet of an id.
func (c *rawClient) ackOf(id int) (answer struct {
	OK    bool
	Error struct {
		Code       string
		Message    string
		RetryAfter int
	}
}) {
	c.t.Helper()
	prefix := fmt.Sprintf("43%d[", id)
	for {
		text, err := c.next()
		if err != nil {
			c.t.Fatalf("ack %d: %v", id, err)
		}
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			if err := json.Unmarshal([]byte(strings.TrimSuffix(rest, "]")), &answer); err != nil {
				c.t.Fatalf("%s: %v", text, err)
			}
			return answer
		}
	}
}

func TestTooManyMessagesOfAUser(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{UserMessages: 60, UserSubscriptions: 1}) // 60 at once, then one a second
	c, tab, other := connectRaw(t, s, "a:u:editor"), connectRaw(t, s, "a:u:editor"), connectRaw(t, s, "a:v:editor")
	const messages = 200
	for id := range messages {
		c.send(fmt.Sprintf(`42%d["note"]`, id))
	}
	taken, wait := 0, 0
	for id := range messages {
		answer := c.ackOf(id)
		if answer.OK {
			taken++
			continue
		}
		if wait = answer.Error.RetryAfter; answer.Error.Code != "rate_limited" || wait < 1 || answer.Error.Message == "" {
			t.Fatalf("%+v", answer)
		}
	}
	if taken < 60 || taken == messages || refusals(bounds, "messages", "user") != uint64(messages-taken) {
		t.Fatalf("%d of %d messages were taken", taken, messages)
	}
	c.send(`421000["video:subscribe","v1"]`) // has its own limit
	if answer := c.ackOf(1000); !answer.OK {
		t.Errorf("a subscription is refused: %+v", answer)
	}
	other.send(`421["note"]`)
	if answer := other.ackOf(1); !answer.OK {
		t.Errorf("another user is refused: %+v", answer)
	}
	time.Sleep(time.Duration(wait) * time.Second)
	id := 0
	eventually(t, "taken after the wait, from the user's other socket", func() bool {
		id++
		tab.send(fmt.Sprintf(`42%d["note"]`, id))
		return tab.ackOf(id).OK
	})
}

func TestTooManySubscriptionsOfAUser(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{UserSubscriptions: 1, UserMessages: 1}) // 50 at once
	c := connectRaw(t, s, "a:u:viewer")
	const messages = 200
	for id := range messages {
		c.send(fmt.Sprintf(`42%d["video:%s","v1"]`, id, []string{"subscribe", "unsubscribe"}[id%2]))
	}
	taken := 0
	for id := range messages {
		answer := c.ackOf(id)
		if answer.OK {
			taken++
		} else if answer.Error.Code != "rate_limited" || answer.Error.RetryAfter < 1 {
			t.Fatalf("%+v", answer)
		}
	}
	if taken < 50 || taken == messages || refusals(bounds, "subscriptions", "user") != uint64(messages-taken) {
		t.Errorf("%d of %d were taken", taken, messages)
	}
	c.send(`42999["note"]`)
	if answer := c.ackOf(999); !answer.OK {
		t.Errorf("a message is refused: %+v", answer)
	}
}

func TestAFloodEndsTheConnection(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{UserMessages: 1})
	c, other := connectRaw(t, s, "a:u:viewer"), connectRaw(t, s, "a:v:viewer")
	for range maxRefused + 100 { // the end of it may meet a closed connection
		if c.conn.WriteMessage(websocket.TextMessage, []byte(`42["note"]`)) != nil {
			break
		}
	}
	var err error
	for err == nil {
		_, err = c.next()
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != websocket.ClosePolicyViolation || closed.Text != "rate_limited" {
		t.Errorf("ended with %v", err)
	}
	if n := refusals(bounds, "flood", "user"); n != 1 {
		t.Errorf("%d floods counted", n)
	}
	other.send(`421["note"]`)
	if answer := other.ackOf(1); !answer.OK {
		t.Errorf("another user is refused: %+v", answer)
	}
	connectRaw(t, s, "a:u:viewer") // and may come again
}
