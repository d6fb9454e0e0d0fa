//go:build !stock

package socketio

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"reelroom/models"
)

func TestChatMessage(t *testing.T) {
	t.Parallel()
	type call struct {
		who      models.Identity
		text, id string
	}
	var calls []call // by one socket, one at a time
	s := startServerWith(t, func([]any) {}, func(c *Config) {
		c.Say = func(_ context.Context, who models.Identity, text, id string) (string, string, error) {
			if text == "" {
				return "", "", models.Errorf(models.CodeInvalid, "text is empty.")
			}
			calls = append(calls, call{who, text, id})
			return "made", "e1.7", nil
		}
	})
	c := connectRaw(t, s, "a:u:viewer")
	for packet, want := range map[string]string{
		`["chat:message",{"text":"hi","id":"m"}]`:                  `{"ok":true,"id":"made","cursor":"e1.7"}`,
		`["chat:message",{"text":"hi","userId":"v","org":"evil"}]`: `{"ok":true,"id":"made","cursor":"e1.7"}`,
		`["chat:message","hi"]`:                                    `{"ok":true,"id":"made","cursor":"e1.7"}`,
		`["chat:message",{"text":""}]`:                             `{"ok":false,"error":{"code":"invalid"`,
		`["chat:message",{"text":5}]`:                              `{"ok":false,"error":{"code":"invalid"`,
		`["chat:message",{"text":"hi","id":5}]`:                    `{"ok":false,"error":{"code":"invalid"`,
		`["chat:message",["hi"]]`:                                  `{"ok":false,"error":{"code":"invalid"`,
		`["chat:message",null]`:                                    `{"ok":false,"error":{"code":"invalid"`,
		`["chat:message"]`:                                         `{"ok":false,"error":{"code":"invalid"`,
	} {
		c.send("421" + packet)
		if got := c.expect("431["); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", packet, got)
		}
	}
	c.send(`42["chat:message",{"text":"without an ack"}]`)
	c.send(`422["echo",1]`)
	c.expect("432[1]")
	if len(calls) != 4 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, call := range calls {
		if call.who.OrganizationID != "a" || call.who.UserID != "u" || call.id != "" && call.id != "m" {
			t.Errorf("%+v", call)
		}
	}

	off := connectRaw(t, startServer(t, func([]any) {}), "a:u:viewer")
	off.send(`421["chat:message",{"text":"hi"}]`)
	var refused []struct{ Error struct{ Code string } }
	if err := json.Unmarshal([]byte("["+off.expect("431[")), &refused); err != nil || refused[0].Error.Code != "unsupported" {
		t.Errorf("%+v, %v", refused, err)
	}
}
