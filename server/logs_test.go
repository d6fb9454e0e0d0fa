package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/sio"
)

// No token, ticket or signature reaches a log at its most talkative, wherever in
// a request it stood, and whatever came of the request. (Every other server of
// these tests is listened to in the same way; see testenv.NewLog.)
func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	var log testenv.Buffer
	h := openHouse(t, &log)
	w, err := newRealm(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	tn := w.tenants[0]
	objects := map[string]string{}
	for _, kind := range []string{"video", "batch", "upload"} {
		if objects[kind], err = w.object(tn, kind); err != nil {
			t.Fatal(err)
		}
	}
	admin := tn.of(models.RoleAdmin)
	var ticket struct{ Ticket string }
	issue := func() string {
		r := h.ask("POST", "/api/tickets", admin.good, nil)
		if err := decodeInto(r.Body.Bytes(), &ticket); err != nil {
			t.Fatal(err)
		}
		return ticket.Ticket
	}
	sent := 0
	for _, e := range waysIn() {
		id := objects[e.object]
		for _, token := range []string{admin.good, admin.expired, admin.forged, admin.revoked, admin.good + ".cut"} {
			if e.pattern == "POST /api/auth/logout" || e.method() == http.MethodDelete && token == admin.good {
				continue
			}
			h.knock(t.Context(), &e, id, token)
			h.knock(t.Context(), &e, token, admin.good) // where an id should stand
			q := e
			q.path = withQuery(e.path, url.Values{"token": {token}, "access_token": {token}, "ticket": {issue()}, "signature": {"abc"}, "after": {token}, "video": {token}})
			h.knock(t.Context(), &q, id, "", "Cookie", "token="+token, "Last-Event-ID", token, "Idempotency-Key", token)
			b := e
			b.body, b.kind = fmt.Sprintf(`{"token":%q,"ticket":%q,"event":%q,"userId":%q}`, token, token, token, token), jsonKind
			h.knock(t.Context(), &b, id, admin.good)
			b.body = "token=" + token // no JSON
			h.knock(t.Context(), &b, id, admin.good, "X-Request-Id", token)
			sent += 5
		}
	}
	secrets := h.sayPasswords(t)
	sent += len(secrets)
	for _, path := range []string{"/socket.io/?EIO=4&transport=polling&token=" + admin.good, "/socket.io/?EIO=4&transport=websocket&ticket=x", "/socket.io/?EIO=3&token=" + admin.good,
		"/ws?token=" + admin.good, "/nowhere?token=" + admin.good, "/api/nowhere?ticket=" + issue(), "/?token=" + admin.good} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions, "BREW"} {
			r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader("40"+admin.good))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+admin.expired)
			answer, err := h.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			sent++
		}
	}
	for _, link := range []string{h.back.Links.Media(tn.id, objects["video"]), h.back.Links.Thumbnail(tn.id, "absent")} {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		h.ask("GET", u.RequestURI(), "", nil)
		h.ask("GET", u.RequestURI()+"0", "", nil)
		sent += 2
	}
	for _, token := range []string{admin.good, admin.expired, admin.forged, admin.revoked} {
		sent += shout(t.Context(), w, admin, token)
	}
	t.Logf("%d requests and messages with secrets; %d bytes of log", sent, h.log.Bytes())
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q, a password, a cookie, a link or a code", secret)
		}
	}
	if text := log.String(); !strings.Contains(text, "path=/api/videos") || !strings.Contains(text, "level=DEBUG") {
		t.Errorf("this is not the log that was to be looked through:\n%.1000s", text)
	}
}

// sayPasswords sends passwords, cookies, links and the setup code in every place
// where one belongs, and in some where none does, and returns them.
func (h *house) sayPasswords(t *testing.T) []string {
	t.Helper()
	code, err := h.doors.accounts.SetupCode(t.Context())
	if err != nil || code == "" {
		t.Fatalf("the setup code is %q, %v", code, err)
	}
	const password, wrong = "my-very-own-password", "a-wrong-password-of-mine"
	secrets := []string{code, password, wrong}
	send := func(path, token, body string, header ...string) (cookie string) {
		r := h.ask("POST", path, token, []byte(body), append([]string{"Content-Type", jsonKind}, header...)...)
		for _, c := range r.Result().Cookies() {
			if c.Value != "" {
				cookie = c.Value
				secrets = append(secrets, cookie)
			}
		}
		return cookie
	}
	const path = "/api/auth/register"
	form := `{"name":"Ann","email":"ann@example.org","password":%q,"organizationName":"Acme","setupCode":%q}`
	send(path, "", fmt.Sprintf(form, wrong, wrong))
	cookie := send(path, "", fmt.Sprintf(form, password, code))
	if cookie == "" {
		t.Fatal("nobody was signed in")
	}
	send(path+"?password="+password, "", `{"invite":"local.x.`+wrong+`"}`)
	for _, body := range []string{password, wrong, `{"email":"ann@example.org","password":"` + wrong + `"}`, `{"email":"` + password + `","password":["` + wrong + `"]}`} {
		send("/api/auth/login", "", body)
	}
	for _, value := range []string{cookie, cookie + "x", wrong} {
		send("/api/auth/refresh", "", "", "Cookie", "reelroom_session="+value)
	}
	for _, path := range []string{"/api/auth/invite", "/api/auth/reset", "/api/auth/password"} {
		send(path, "", fmt.Sprintf(`{"secret":"local.x.%s","password":%q,"current":%q,"next":%q}`, wrong, wrong, password, wrong))
	}
	return secrets
}

// shout says a token over a socket in every place that there is.
func shout(ctx context.Context, w *realm, p *person, token string) (sent int) {
	e := newEar(w, p, "Socket.IO by websocket")
	w.ctx = ctx
	defer e.client.CloseIdleConnections()
	if _, err := e.connect(sio.WebSocket, token, token, token); err != nil { // refused: say it otherwise
		if _, err := e.connect(sio.WebSocket, p.good, token, token); err != nil {
			return 1
		}
	}
	defer e.end()
	for _, name := range []string{"auth:refresh", "video:subscribe", "video:unsubscribe", "video:cancel", "video:retry", "chat:message", "token=" + token} {
		for _, arg := range []any{token, map[string]any{"token": token, "videoId": token, "after": token}, map[string]any{"token": []string{token}}} {
			if name != "token="+token { // what is not known is not answered
				_, _ = e.emit(name, arg)
			} else {
				_ = e.socket.Emit(ctx, name, arg)
			}
			sent++
		}
	}
	return sent
}
