package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/auth"
	"reelroom/server/library"
	"reelroom/server/limits"
)

const operatorToken = "the-word-of-the-operator-long-enough-to-be-one"

// told returns the events of an organization's log.
func (b *bench) told(org string) []models.Event {
	b.t.Helper()
	events, err := b.library.Log.After(b.t.Context(), org, rooms.Cursor{}, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	return events
}

func TestMessagesOverHTTP(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	send := func(role models.Role, path, body string) answer {
		return b.json("POST", path, token(t, "acme", role), body)
	}
	var chat, notice, announcement library.Said
	send(models.RoleViewer, "/api/chat", `{"text":"hi","id":"c"}`).into(t, 202, &chat)
	send(models.RoleService, "/api/notifications", `{"userId":"vic","message":"for you"}`).into(t, 202, &notice)
	send(models.RoleAdmin, "/api/announcements", `{"message":"to all","level":"critical"}`).into(t, 202, &announcement)
	events := b.told("acme")
	if len(events) != 3 || rooms.CursorOf(&events[0]).String() != chat.Cursor || rooms.CursorOf(&events[1]).String() != notice.Cursor ||
		rooms.CursorOf(&events[2]).String() != announcement.Cursor || chat.ID != "c" || notice.ID == "" {
		t.Errorf("%v: %+v %+v %+v", events, chat, notice, announcement)
	}
	if e := events[1]; e.Audience != models.ToUser || e.UserID != "vic" || e.Seq != 2 || !strings.Contains(string(e.Payload), `"seq":2`) {
		t.Errorf("%+v %s", e, e.Payload)
	}
	var again library.Said
	send(models.RoleViewer, "/api/chat", `{"text":"hi","id":"c"}`).into(t, 202, &again)
	if !again.Repeated || again.Cursor != chat.Cursor || len(b.told("acme")) != 3 {
		t.Error("the same message again:", again)
	}
	send(models.RoleViewer, "/api/chat", `{"text":5}`).refused(t, 400, models.CodeInvalid)
	send(models.RoleViewer, "/api/chat", `{"text":"`+strings.Repeat("x", library.MaxMessageRunes+1)+`"}`).refused(t, 400, models.CodeInvalid)
	send(models.RoleAdmin, "/api/notifications", `{"message":"to nobody"}`).refused(t, 400, models.CodeInvalid)
	send(models.RoleAdmin, "/api/announcements", `{"message":"x","expiresAt":"yesterday"}`).refused(t, 400, models.CodeInvalid)
	// Without the operator's token set there is no operator.
	b.json("POST", "/api/operator/announcements", operatorToken, `{"message":"x"}`).refused(t, 404, models.CodeNotFound)
	b.redis.SetError("LOADING")
	send(models.RoleViewer, "/api/chat", `{"text":"hi"}`).refused(t, 503, models.CodeUnavailable)
}

func TestChatHasTheLimitOfMessages(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{UserMessages: 2, UserRequests: 1000})
	say := func() answer {
		return b.json("POST", "/api/chat", tokenOf(t, "acme", "ann", models.RoleViewer), `{"text":"x"}`)
	}
	say().into(t, 202, nil)
	say().into(t, 202, nil)
	say().wait(t)
	b.json("POST", "/api/chat", tokenOf(t, "acme", "bob", models.RoleViewer), `{"text":"x"}`).into(t, 202, nil)
}

func TestOperator(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.OperatorToken = operatorToken })
	const path, body = "/api/operator/announcements", `{"message":"Down at noon","id":"noon","organizationId":"acme"}`
	expired, err := auth.Mint(testSecret, models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	b.json("POST", path, "", body).refused(t, 401, models.CodeTokenMissing)
	for _, bad := range []string{token(t, "acme", models.RoleAdmin), token(t, "acme", models.RoleService), expired, operatorToken + "x", operatorToken[1:], strings.Repeat("x", 9000)} {
		b.json("POST", path, bad, body).refused(t, 401, models.CodeTokenInvalid)
	}
	b.do("POST", path+"?token="+operatorToken, "", strings.NewReader(body), "Content-Type", "application/json").refused(t, 401, models.CodeTokenMissing)
	// The operator is nobody's member.
	for _, other := range []string{"/api/announcements", "/api/notifications", "/api/chat", "/api/events"} {
		b.json("POST", other, operatorToken, `{"message":"x","text":"x"}`).refused(t, 401, models.CodeTokenInvalid)
	}
	b.do("GET", "/api/videos", operatorToken, nil).refused(t, 401, models.CodeTokenInvalid)
	if n := len(b.told("acme")); n != 0 {
		t.Fatalf("%d events after refusals", n)
	}
	for range 2 {
		var done library.Announced
		b.json("POST", path, operatorToken, body).into(t, 202, &done)
		if done.ID != "noon" || done.Organizations != 1 {
			t.Errorf("%+v", done)
		}
	}
	events := b.told("acme")
	var m models.Message
	if len(events) != 1 || json.Unmarshal(events[0].Payload, &m) != nil || m.From != "" || m.OrganizationID != "acme" || m.Message != "Down at noon" {
		t.Errorf("%v", events)
	}
	b.json("POST", path, operatorToken, `{"message":""}`).refused(t, 400, models.CodeInvalid)
	if strings.Contains(b.log.String(), operatorToken) {
		t.Error("the operator's token reached the log")
	}
}

func TestOperatorTokensAreNotGuessedForLong(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) {
		c.OperatorToken = operatorToken
		c.Limits = limits.New(limits.Settings{AddressFailures: 2, TrustedProxies: "127.0.0.1,::1"}, nil)
	})
	guess := func(token string) answer {
		return b.json("POST", "/api/operator/announcements", token, `{"message":"x"}`, "X-Forwarded-For", "203.0.113.9")
	}
	for range 2 {
		guess("a-guess").refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	}
	guess("another").wait(t)
	// The operator is not locked out by who guesses behind the same address.
	guess(operatorToken).refused(t, http.StatusUnprocessableEntity, models.CodeUnsupported)
}
