package auth

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

func TestPage(t *testing.T) {
	t.Parallel()
	embedded := NewOrigins(OriginConfig{PublicURL: "http://localhost:5000/reel", Allowed: []string{"https://App.example/"}, Loopback: true})
	public := NewOrigins(OriginConfig{PublicURL: "https://rooms.example:443/reel", Allowed: []string{"https://app.example", "http://localhost:3000"}})
	var none *Origins
	for _, c := range []struct {
		origins      *Origins
		host, origin string
		want         Page
	}{
		{embedded, "localhost:5000", "", NoPage},
		{embedded, "localhost:5000", "http://localhost:5000", OwnPage},
		{embedded, "127.0.0.1:5000", "http://localhost:5000", OwnPage},
		{embedded, "192.168.1.7:5000", "http://192.168.1.7:5000", OwnPage},
		{embedded, "LocalHost:5000", "http://localhost:5000", OwnPage},
		{embedded, "localhost:5000", "https://app.example", AllowedPage},
		{embedded, "localhost:5000", "http://localhost:3000", LoopbackPage},
		{embedded, "localhost:5000", "http://localhost", LoopbackPage},
		{embedded, "localhost:5000", "https://localhost:4200", LoopbackPage},
		{embedded, "localhost:5000", "http://127.0.0.1:8080", LoopbackPage},
		{embedded, "localhost:5000", "http://127.8.9.10:8080", LoopbackPage},
		{embedded, "localhost:5000", "http://[::1]:4200", LoopbackPage},
		{embedded, "localhost:5000", "http://app.localhost:4200", LoopbackPage},
		{embedded, "localhost:5000", "http://localhost.evil.example", RefusedPage},
		{embedded, "localhost:5000", "http://127.0.0.1.evil.example", RefusedPage},
		{embedded, "localhost:5000", "http://evillocalhost:3000", RefusedPage},
		{embedded, "localhost:5000", "http://evil.example@localhost:3000", RefusedPage},
		{embedded, "localhost:5000", "http://localhost:3000@evil.example", RefusedPage},
		{embedded, "localhost:5000", "http://localhost:3000/path", RefusedPage},
		{embedded, "localhost:5000", "http://0.0.0.0:3000", RefusedPage},
		{embedded, "localhost:5000", "http://192.168.1.7:3000", RefusedPage},
		{embedded, "localhost:5000", "null", RefusedPage},
		{embedded, "localhost:5000", "file://localhost:5000", RefusedPage},
		{embedded, "localhost:5000", "http://", RefusedPage},
		{embedded, "localhost:5000", "*", RefusedPage},
		{public, "10.0.0.9:5000", "https://rooms.example", OwnPage},
		{public, "rooms.example:443", "https://rooms.example", OwnPage},
		{public, "10.0.0.9:5000", "http://rooms.example", RefusedPage},
		{public, "10.0.0.9:5000", "https://APP.example", AllowedPage},
		{public, "10.0.0.9:5000", "http://localhost:3000", AllowedPage},
		{public, "10.0.0.9:5000", "http://localhost:5173", RefusedPage},
		{public, "10.0.0.9:5000", "https://app.example.evil.example", RefusedPage},
		{none, "localhost:5000", "http://localhost:5000", OwnPage},
		{none, "localhost:5000", "http://localhost:3000", RefusedPage},
		{none, "", "", NoPage},
	} {
		r := &http.Request{Host: c.host, Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := c.origins.Page(r); got != c.want {
			t.Errorf("%q at %s: %d, want %d", c.origin, c.host, got, c.want)
		}
		r.Header.Add("Origin", "http://localhost:5000")
		if got := c.origins.Page(r); c.origin != "" && got != RefusedPage {
			t.Errorf("%q and another: %d", c.origin, got)
		}
	}
}

// Cookies of a browser go to every port of a host: another page of this machine
// has none here, and is not told that it could.
func TestLoopbackPageHasNoCookies(t *testing.T) {
	t.Parallel()
	o := NewOrigins(OriginConfig{PublicURL: "http://localhost:5000", Allowed: []string{"https://app.example"}, Loopback: true})
	for origin, cookies := range map[string]bool{"http://localhost:3000": false, "http://localhost:5000": true, "https://app.example": true, "": true} {
		r := httptest.NewRequest("GET", "http://localhost:5000/api/videos", nil)
		r.Header.Set("Cookie", "reelroom_session=x")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		answered, err := o.Admit(w, r, CORS{})
		if answered || err != nil {
			t.Fatal(origin, answered, err)
		}
		if got := r.Header.Get("Cookie") != ""; got != cookies {
			t.Errorf("%q: cookies %v", origin, got)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != origin || (w.Header().Get("Access-Control-Allow-Credentials") != "") != (cookies && origin != "") {
			t.Errorf("%q: %v", origin, w.Header())
		}
	}
}

func TestRefusalCanBeReadAndIsBounded(t *testing.T) {
	t.Parallel()
	o := NewOrigins(OriginConfig{PublicURL: "https://rooms.example"})
	long := "https://" + strings.Repeat("ä", 5000) + ".example"
	for _, origin := range []string{"http://localhost:3000", "null", long} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			r := httptest.NewRequest(method, "https://rooms.example/api/videos", nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "POST")
			w := httptest.NewRecorder()
			answered, err := o.Admit(w, r, CORS{Methods: "GET, POST", RequestHeaders: "Authorization"})
			if w.Header().Get("Access-Control-Allow-Origin") != origin || w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %.40s: %v", method, origin, w.Header())
			}
			if method == "OPTIONS" {
				if !answered || w.Code != http.StatusNoContent {
					t.Errorf("the preflight of %.40s: %d", origin, w.Code)
				}
				continue
			}
			if models.CodeOf(err) != models.CodeOrigin || !strings.Contains(err.Error(), "FRONTEND_URL") || len(err.Error()) > 600 ||
				len(origin) < 100 && !strings.Contains(err.Error(), origin) {
				t.Errorf("%s %.40s: %v", method, origin, err)
			}
		}
	}
}

// No browser sends an empty Origin: it stands for no page of this server.
func TestEmptyOriginIsRefused(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "http://localhost:5000/api/videos", nil)
	r.Header.Set("Origin", "")
	for _, o := range []*Origins{nil, NewOrigins(OriginConfig{PublicURL: "http://localhost:5000", Loopback: true})} {
		if page := o.Page(r); page != RefusedPage {
			t.Errorf("an empty Origin is page %d", page)
		}
	}
}

// A page that asks again and again is logged once a minute, and so are few that
// anybody makes up.
func TestRefusalsAreLoggedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := NewOrigins(OriginConfig{PublicURL: "https://rooms.example", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ask := func(origin string) {
			r := httptest.NewRequest("GET", "https://rooms.example/api/videos", nil)
			r.Header.Set("Origin", origin)
			_, _ = o.Admit(httptest.NewRecorder(), r, CORS{})
		}
		lines := func() int { defer log.Reset(); return strings.Count(log.String(), "\n") }
		for range 1000 {
			ask("http://localhost:3000")
		}
		if text := log.String(); !strings.Contains(text, "http://localhost:3000") || !strings.Contains(text, "FRONTEND_URL") {
			t.Errorf("the log says %q", text)
		}
		if n := lines(); n != 1 {
			t.Errorf("%d lines of one origin", n)
		}
		for i := range 1000 {
			ask(fmt.Sprintf("http://localhost:%d", i))
		}
		if n := lines(); n >= maxRefusals {
			t.Errorf("%d lines of many", n)
		}
		time.Sleep(refusalPause)
		if ask("http://localhost:3000"); lines() != 1 {
			t.Error("nothing after the pause")
		}
	})
}
