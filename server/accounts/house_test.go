package accounts

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/argon2id"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/sqlitestore"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/library"
	"reelroom/server/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server with accounts, over a real store.
type house struct {
	link     string // the secret of the local link
	t        testing.TB
	store    *sqlitestore.Store
	accounts *Accounts
	denylist *auth.Denylist
	handler  http.Handler
	log      *strings.Builder
}

// lockedLog lets many goroutines log into one text.
type lockedLog struct {
	mu sync.Mutex
	to *strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t, log: &strings.Builder{}}
	var err error
	if h.store, err = sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close(t.Context()) })
	logger := slog.New(slog.NewTextHandler(&lockedLog{to: h.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if h.denylist, err = auth.OpenDenylist(t.Context(), h.store, 0, logger); err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.NewOwn([]byte("the secret of the accounts, of more than 32 bytes"))
	if err != nil {
		t.Fatal(err)
	}
	bounds := limits.New(limits.Settings{AccountLogins: 1000, AddressLogins: 1000}, logger)
	c := Config{
		Store: h.store, Tokens: tokens, Revoker: h.denylist,
		Revoked: h.denylist.Revoked, FirstOrganization: "local", PublicURL: "http://localhost:5000", Limits: bounds, Logger: logger,
	}
	for _, f := range change {
		f(&c)
	}
	if h.accounts, err = New(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	// The work of the real parameters is tried once, in TestPasswordsAreHashed.
	if h.accounts.hasher, err = newHasher(&argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}); err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(t.Context(), auth.Config{Own: tokens, Secrets: [][]byte{[]byte(outside)}, Issuer: "elsewhere", Revoked: h.denylist.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = api.New(api.Config{
		Library: &library.Library{Store: h.store, Audit: h.store, Logger: logger}, Verify: verifier.Verify, Inspect: verifier.Inspect, Revoker: h.denylist,
		PublicURL: "http://localhost:5000", Origins: auth.NewOrigins(auth.OriginConfig{PublicURL: "http://localhost:5000", Allowed: []string{"http://localhost:5173"}}), Accounts: h.accounts,
		Local: &api.Local{Signer: auth.Signer{Secret: []byte(outside), Issuer: "elsewhere"}, Link: auth.NewLocalLink(func(s string) { h.link = s })}, Limits: bounds,
		Doors: []api.Door{h.accounts}, Logger: logger,
	})
	return h
}

const outside = "a secret of another issuer, of more than 32 bytes"

// browser has a cookie and a token, as a page has.
type browser struct {
	h      *house
	from   string // address
	host   string
	origin string
	cookie string
	others map[string]string // cookies, by name
	token  string
	user   api.User
}

func (h *house) browser() *browser {
	return &browser{h: h, from: "127.0.0.1:4000", host: "localhost:5000"}
}

// call sends a request, keeps the cookie and reads the answer.
func (b *browser) call(method, path string, body, into any) (status int, code models.Code) {
	b.h.t.Helper()
	raw := []byte(nil)
	if body != nil {
		raw, _ = json.Marshal(body)
	}
	r := httptest.NewRequestWithContext(b.h.t.Context(), method, path, strings.NewReader(string(raw)))
	r.RemoteAddr, r.Host = b.from, b.host
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.origin != "" {
		r.Header.Set("Origin", b.origin)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	}
	for name, value := range b.others {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.h.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != cookiePath {
			b.h.t.Errorf("the cookie is %v", c)
		}
		if c.Name == cookieName {
			b.cookie = c.Value
			continue
		}
		if b.others == nil {
			b.others = map[string]string{}
		}
		if b.others[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.others, c.Name)
		}
	}
	if w.Code >= 400 {
		var problem api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			b.h.t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Code, problem.Code
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			b.h.t.Errorf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code, ""
}

// in calls what signs in.
func (b *browser) in(path string, body any) (int, models.Code) {
	b.h.t.Helper()
	var answer api.LocalSession
	status, code := b.call("POST", path, body, &answer)
	if code == "" {
		b.token, b.user = answer.Token, answer.User
	}
	return status, code
}

func (b *browser) refresh() (int, models.Code) { b.h.t.Helper(); return b.in("/api/auth/refresh", nil) }

// must fails the test at another answer.
func (b *browser) must(want int, method, path string, body, into any) {
	b.h.t.Helper()
	if status, code := b.call(method, path, body, into); status != want {
		b.h.t.Fatalf("%s %s: %d %s, want %d", method, path, status, code, want)
	}
}

// founder is the first visitor.
func (h *house) founder() *browser {
	h.t.Helper()
	b := h.browser()
	form := Registration{Name: "Ann", Email: "ann@example.com", Password: pass, OrganizationName: "Acme", SetupCode: h.accounts.setupCode}
	if status, code := b.in("/api/auth/register", form); status != http.StatusCreated {
		h.t.Fatalf("founding: %d %s", status, code)
	}
	return b
}

const pass = "correct horse battery"

// joined is a member whom an admin invited.
func (b *browser) joined(name string, role models.Role) *browser {
	b.h.t.Helper()
	var made Invite
	b.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: role}, &made)
	_, secret, ok := strings.Cut(made.URL, "/join#")
	if !ok {
		b.h.t.Fatalf("the link is %s", made.URL)
	}
	m := b.h.browser()
	if status, code := m.in("/api/auth/register", Registration{Name: name, Email: name + "@example.com", Password: pass + name, Invite: secret}); status != http.StatusCreated {
		b.h.t.Fatalf("joining: %d %s", status, code)
	}
	return m
}
