package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/server/api"
)

// webSocket is the header of a handshake.
func webSocket() http.Header {
	return http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
}

// One decision holds at every entry: a page of this machine is admitted by the
// embedded default, without cookies, and no other but its own.
func TestOriginsAreAlikeEverywhere(t *testing.T) {
	t.Parallel()
	i := start(t, map[string]string{"WORKER": "off", "FRONTEND_URL": "https://app.example"})
	token := "Bearer " + i.token("acme", models.RoleEditor)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, e := range []struct {
		name, method, path string
		header             http.Header
		status             int
	}{
		{"list", "GET", "/api/videos", nil, 200},
		{"polling", "GET", "/socket.io/?EIO=4&transport=polling", nil, 200},
		{"websocket", "GET", "/socket.io/?EIO=4&transport=websocket", webSocket(), 101},
		{"SSE", "GET", "/api/events", http.Header{"Accept": {"text/event-stream"}}, 200},
		{"poll", "GET", "/api/events?wait=0", nil, 200},
		{"raw WebSocket", "GET", "/ws?jobId=x", webSocket(), 101},
		{"batch WebSocket", "GET", "/ws/batch/x", webSocket(), 101},
		{"upload", "POST", "/api/uploads", http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Length": {"5"}, "Upload-Metadata": {"filename YS5tcDQ="}}, 201},
		{"nothing", "GET", "/socketio/?EIO=4&transport=polling", nil, 404},
	} {
		for origin, admitted := range map[string]string{
			"http://localhost:3000": "without", "http://127.0.0.1:8080": "without", "http://[::1]:4200": "without", "http://localhost:5173": "without",
			i.url: "with", "https://app.example": "with", "": "with",
			"https://evil.example": "", "http://localhost.evil.example": "", "null": "",
		} {
			r, err := http.NewRequestWithContext(t.Context(), e.method, i.url+e.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range e.header {
				r.Header[name] = values
			}
			r.Header.Set("Authorization", token)
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			a, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			var p api.Problem
			if a.StatusCode >= 400 {
				_ = json.NewDecoder(a.Body).Decode(&p)
			}
			_ = a.Body.Close()
			want := e.status
			if admitted == "" {
				want = http.StatusForbidden
				if p.Code != models.CodeOrigin || !strings.Contains(p.Detail, origin) || !strings.Contains(p.Detail, "FRONTEND_URL") || a.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s: %q is told %+v", e.name, origin, p)
				}
			}
			credentials := ""
			if admitted == "with" && origin != "" {
				credentials = "true"
			}
			if a.StatusCode != want || a.StatusCode != 101 && (a.Header.Get("Access-Control-Allow-Origin") != origin || a.Header.Get("Access-Control-Allow-Credentials") != credentials) {
				t.Errorf("%s from %q: %d, want %d; %v", e.name, origin, a.StatusCode, want, a.Header)
			}
		}
	}
}

// The cookie of a sign-in goes to every port of the machine, and lets no other
// page of it have a token.
func TestCookieIsNotTakenFromAnotherLoopbackPage(t *testing.T) {
	t.Parallel()
	i := start(t, map[string]string{"WORKER": "off"})
	form := `{"name":"Ann","email":"ann@example.com","password":"correct horse battery","organizationName":"Acme","setupCode":"` + i.localSecret() + `"}`
	r, err := http.NewRequestWithContext(t.Context(), "POST", i.url+"/api/auth/register", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", i.url)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if a.StatusCode != http.StatusCreated || cookie == "" {
		t.Fatal(a.StatusCode, a.Header)
	}
	for _, origin := range []string{"http://localhost:3000", "http://127.0.0.1:5173"} {
		if status, _ := post(t, i.url+"/api/auth/refresh", "", "Origin", origin, "Cookie", cookie); status < 400 {
			t.Errorf("%s renews: %d", origin, status)
		}
		if status, _ := post(t, i.url+"/api/auth/login", `{"email":"ann@example.com","password":"correct horse battery"}`, "Origin", origin); status != http.StatusForbidden {
			t.Errorf("%s begins a session with a cookie: %d", origin, status)
		}
	}
	if status, code := post(t, i.url+"/api/auth/refresh", "", "Origin", i.url, "Cookie", cookie); status != http.StatusOK {
		t.Errorf("the own page: %d %s", status, code)
	}
}

// What has a wrong path is told so, and gets no page.
func TestWrongPathsAreProblems(t *testing.T) {
	t.Parallel()
	i := start(t, map[string]string{"WORKER": "off"})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	const polling, websocket = "?EIO=4&transport=polling", "?EIO=4&transport=websocket"
	stream, json1 := http.Header{"Accept": {"text/event-stream"}}, http.Header{"Accept": {"application/json"}}
	for _, c := range []struct {
		method, path string
		header       http.Header
		status       int
	}{
		{"GET", "/" + polling, nil, 404},
		{"GET", "/socketio/" + polling, nil, 404},
		{"POST", "/socketio/" + polling + "&sid=x", nil, 404},
		{"GET", "/socketio/" + websocket, webSocket(), 404},
		{"GET", "/" + websocket, webSocket(), 404},
		{"GET", "/chat", webSocket(), 404},
		{"GET", "/socket.io" + polling, nil, 404},
		{"GET", "/socket.io" + websocket, webSocket(), 404},
		{"GET", "//socket.io/" + polling, nil, 404},
		{"GET", "/socket.io//" + polling, nil, 404},
		{"GET", "/socket.io/chat" + polling, nil, 404},
		{"GET", "/socket.io/chat/" + websocket, webSocket(), 404},
		{"GET", "/Socket.IO/" + polling, nil, 404},
		{"GET", "/api/socket.io/" + polling, nil, 404},
		{"GET", "/api/socket.io/" + websocket, webSocket(), 404},
		{"GET", "/videos/x" + polling, nil, 404},
		{"GET", "/index.html" + polling, nil, 404},
		{"GET", "/socket.io/socket.io.js", nil, 404},
		{"GET", "/events", stream, 404},
		{"GET", "/jobs/x/stream", stream, 404},
		{"GET", "/videos", json1, 404},
		{"POST", "/videos", nil, 404},
		{"PUT", "/videos/x", nil, 404},
		{"DELETE", "/videos/x", nil, 404},
		{"OPTIONS", "/videos/x", nil, 404},
		{"POST", "/", nil, 405},
		{"GET", "/ws/x", webSocket(), 404},
		{"GET", "/ws/batch", webSocket(), 404},
		{"GET", "/ws/", nil, 404},
		{"GET", "/batch", nil, 404},
		{"GET", "/batch/x", nil, 404},
		{"GET", "/api", nil, 404},
		{"GET", "/foo.js", nil, 404},
		{"GET", "/assets/missing.js", nil, 404},
		{"GET", "/assets/", nil, 404},
		{"GET", "/sdk/x", nil, 404},
		{"GET", "/healthz/x", json1, 404},
		{"GET", "/", nil, 200},
		{"GET", "/videos/x", nil, 200},
		{"GET", "/videos/x", http.Header{"Accept": {"text/html,*/*;q=0.8"}}, 200},
		{"GET", "/socket.io/" + polling, nil, 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, i.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range c.header {
			r.Header[name] = values
		}
		r.Header.Set("Origin", "http://localhost:3000")
		a, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var p api.Problem
		_ = json.NewDecoder(a.Body).Decode(&p)
		_ = a.Body.Close()
		if a.StatusCode != c.status {
			t.Errorf("%s %s %v: %d, want %d", c.method, c.path, c.header, a.StatusCode, c.status)
		}
		if c.status >= 400 && (a.Header.Get("Content-Type") != "application/problem+json" || p.Code == "" || p.RequestID == "" || a.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000") {
			t.Errorf("%s %s: %+v %v", c.method, c.path, p, a.Header)
		}
	}
}

// Over https alone: told by every answer, and by none where PUBLIC_URL has no
// https.
func TestStrictTransport(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"https://rooms.example/reel": "max-age=31536000", "http://localhost:5000": ""} {
		h := openHouse(t, nil)
		c := &config{}
		c.PublicURL = address
		for _, path := range []string{"/", "/videos/x", "/api/videos", "/socket.io/?EIO=4&transport=polling", "/healthz", "/nothing.js"} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			c.strictTransport(h.handler).ServeHTTP(w, r)
			if got := w.Header().Get("Strict-Transport-Security"); got != want {
				t.Errorf("%s, %s: %q", address, path, got)
			}
		}
	}
}
