package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/limits"
)

func newLimitedBench(t *testing.T, s limits.Settings) *bench {
	s.TrustedProxies = "127.0.0.1,::1"
	return newBench(t, func(c *Config) { c.Limits = limits.New(s, nil) })
}

// wait checks that a request was refused for its frequency, and returns for how
// long.
func (a answer) wait(t *testing.T) time.Duration {
	t.Helper()
	a.refused(t, http.StatusTooManyRequests, models.CodeRateLimited)
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

// tokenOf speaks for a user of a name.
func tokenOf(t *testing.T, org, user string, role models.Role) string {
	t.Helper()
	s, err := auth.Mint(testSecret, models.Identity{UserID: user, OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// together sends a request many times at once and counts the refusals.
func (b *bench) together(t *testing.T, times int, send func() answer) (refused int) {
	t.Helper()
	answers := make([]answer, times)
	var all sync.WaitGroup
	for part := range 8 {
		all.Go(func() {
			for i := part; i < times; i += 8 {
				answers[i] = send()
			}
		})
	}
	all.Wait()
	for _, a := range answers {
		if a.StatusCode == http.StatusTooManyRequests {
			a.wait(t)
			refused++
		}
	}
	return refused
}

func TestTooManyRequestsOfAUser(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{UserRequests: 1}) // 10 at once
	ann, bob := tokenOf(t, "acme", "ann", models.RoleAdmin), tokenOf(t, "acme", "bob", models.RoleAdmin)
	const times = 80
	if n := b.together(t, times, func() answer { return b.do("GET", "/api/auth/me", ann, nil) }); n == 0 || n > times-10 {
		t.Fatalf("%d of %d were refused", n, times)
	}
	b.do("GET", "/api/auth/me", bob, nil).into(t, http.StatusOK, nil)
	b.do("GET", "/api/auth/me", tokenOf(t, "evil", "ann", models.RoleAdmin), nil).into(t, http.StatusOK, nil)
	// Publishing and what needs no user are no requests of hers.
	b.json("POST", "/api/events", ann, `{"event":"video:progress","videoId":"none"}`).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", "/healthz", "", nil).into(t, http.StatusOK, nil)
	time.Sleep(time.Second)
	for until := time.Now().Add(30 * time.Second); ; {
		a := b.do("GET", "/api/auth/me", ann, nil)
		if a.StatusCode == http.StatusOK {
			break
		}
		if wait := a.wait(t); time.Now().After(until) {
			t.Fatalf("still refused for %v", wait)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestTooManyEventsOfAnOrganization(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{OrgEvents: 1, UserRequests: 1}) // 2 at once
	send := func(token string) answer {
		return b.json("POST", "/api/events", token, `{"event":"video:progress","videoId":"none"}`)
	}
	// Who may not publish takes nothing from those who may.
	for range 5 {
		send(tokenOf(t, "acme", "eve", models.RoleViewer)).refused(t, http.StatusForbidden, models.CodeForbidden)
	}
	send(tokenOf(t, "acme", "w0", models.RoleService)).refused(t, http.StatusNotFound, models.CodeNotFound)
	worker := tokenOf(t, "acme", "w1", models.RoleService)
	if n := b.together(t, 80, func() answer { return send(worker) }); n == 0 {
		t.Error("80 events at once were taken")
	}
	send(tokenOf(t, "other", "w1", models.RoleService)).refused(t, http.StatusNotFound, models.CodeNotFound)
}

// Behind a trusted proxy the log names the client, not the proxy.
func TestLogNamesTheClientBehindAProxy(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{})
	b.do("GET", "/api/videos", token(t, "acme", models.RoleViewer), nil, "X-Forwarded-For", "198.51.100.7, 203.0.113.9")
	if log := b.log.String(); !strings.Contains(log, "address=203.0.113.9 ") {
		t.Errorf("the client is not in %s", log)
	}
}

func TestTooManyBadTokensOverHTTP(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{AddressFailures: 3})
	const here, there = "203.0.113.9", "2001:db8::7"
	get := func(token, from string) answer {
		return b.do("GET", "/api/videos", token, nil, "X-Forwarded-For", from)
	}
	admin := token(t, "acme", models.RoleAdmin)
	expired, err := auth.Mint(testSecret, models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, -time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // neither counts
		get(expired, here).refused(t, http.StatusUnauthorized, models.CodeTokenExpired)
		get("", here).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	}
	for range 3 {
		get("nonsense", here).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	}
	if wait := get("nonsense", here).wait(t); wait > 20*time.Second {
		t.Errorf("told to wait %v, of 3 a minute", wait)
	}
	// A good one passes: behind an address may be many.
	get(admin, here).into(t, http.StatusOK, nil)
	get(admin, there).into(t, http.StatusOK, nil)
	get("nonsense", there).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
}

// Behind a proxy on this machine that TRUSTED_PROXIES does not name, or that
// sends no header, bad tokens are counted against the proxy's address.
func TestTooManyBadTokensBehindAnUnknownProxy(t *testing.T) {
	t.Parallel()
	for _, trusted := range []string{"", "127.0.0.1,::1"} {
		bounds := limits.New(limits.Settings{AddressFailures: 60, TrustedProxies: trusted}, nil)
		b := newBench(t, func(c *Config) { c.Limits = bounds })
		refused := 0
		for i := range 300 {
			if b.do("GET", "/api/videos", "nonsense"+strconv.Itoa(i), nil).StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused < 200 {
			t.Errorf("TRUSTED_PROXIES=%s: %d of 300 bad tokens were answered 429", trusted, refused)
		}
		b.do("GET", "/api/videos", token(t, "acme", models.RoleViewer), nil).into(t, http.StatusOK, nil)
	}
}

func TestTooManyUploadsAtOnce(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{UserUploads: 1})
	editor := tokenOf(t, "acme", "ann", models.RoleEditor)
	body, kind := makeForm(t, field{"file", "slow.mp4", video(strings.Repeat("x", 100_000))})
	reader, writer := io.Pipe()
	slow := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), "POST", b.URL+"/api/videos", reader)
		if err != nil {
			slow <- err
			return
		}
		req.Header.Set("Authorization", "Bearer "+editor)
		req.Header.Set("Content-Type", kind)
		res, err := b.Client().Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusAccepted {
				err = errors.New(res.Status)
			}
		}
		slow <- err
	}()
	if _, err := writer.Write(body[:90_000]); err != nil { // the server reads: it is under way
		t.Fatal(err)
	}
	for until := time.Now().Add(30 * time.Second); b.files() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the upload did not begin")
		}
	}
	second := func(token string) answer { return b.upload(token, field{"file", "x.mp4", video("x")}) }
	second(editor).wait(t)
	second(tokenOf(t, "acme", "bob", models.RoleEditor)).into(t, http.StatusAccepted, nil)
	if _, err := io.Copy(writer, bytes.NewReader(body[90_000:])); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	second(editor).into(t, http.StatusAccepted, nil)
	second(editor).into(t, http.StatusAccepted, nil)
}

func TestTooMuchWorkOfAnOrganization(t *testing.T) {
	t.Parallel()
	bounds := limits.New(limits.Settings{OrgQueued: 2}, nil)
	b := newBench(t, func(c *Config) {
		c.Library.Admit = func(ctx context.Context, org string) error {
			return bounds.Queue(ctx, c.Library.Store.(models.Waiting), org)
		}
	})
	editor := token(t, "acme", models.RoleEditor)
	b.put("acme")
	b.put("other")
	var keyed models.Document
	body, kind := makeForm(t, field{"file", "x.mp4", video("x")})
	send := func() answer {
		return b.do("POST", "/api/videos", editor, bytes.NewReader(body), "Content-Type", kind, "Idempotency-Key", "k")
	}
	send().into(t, http.StatusAccepted, &keyed)
	if wait := b.upload(editor, field{"file", "x.mp4", video("x")}).wait(t); wait != time.Minute {
		t.Errorf("told to wait %v", wait)
	}
	send().into(t, http.StatusAccepted, nil) // that one is in already
	b.put("other")
	if b.count("acme") != 2 || b.files() != 4 {
		t.Errorf("%d videos, %d files", b.count("acme"), b.files())
	}
	b.do("POST", "/api/videos/"+keyed.ID+"/cancel", editor, nil).into(t, http.StatusOK, nil)
	again := b.put("acme") // there is room
	b.do("POST", "/api/videos/"+keyed.ID+"/retry", editor, nil).wait(t)
	b.do("POST", "/api/videos/"+again.ID+"/cancel", editor, nil).into(t, http.StatusOK, nil)
	b.do("POST", "/api/videos/"+keyed.ID+"/retry", editor, nil).into(t, http.StatusAccepted, nil)
}

// Files that are asked for by token are requests like others; a signed URL has
// no user whose they could be.
func TestTooManyFilesByToken(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{UserRequests: 1}) // 10 at once
	viewer := token(t, "acme", models.RoleViewer)
	const times = 80
	if n := b.together(t, times, func() answer { return b.do("GET", "/api/videos/absent/media", viewer, nil) }); n == 0 || n > times-10 {
		t.Errorf("%d of %d were refused", n, times)
	}
}
