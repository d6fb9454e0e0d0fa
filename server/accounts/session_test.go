package accounts

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

// age makes the user's sessions older, as if the time had passed.
func (h *house) age(b *browser, by time.Duration) {
	h.t.Helper()
	_, err := h.store.AdvanceUser(h.t.Context(), b.user.OrganizationID, b.user.UserID, func(u *models.User, _ time.Time) error {
		for i := range u.Sessions {
			s := &u.Sessions[i]
			s.RotatedAt, s.UsedAt, s.CreatedAt = s.RotatedAt.Add(-by), s.UsedAt.Add(-by), s.CreatedAt.Add(-by)
			for j := range s.Former {
				s.Former[j].At = s.Former[j].At.Add(-by)
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	first := b.cookie
	if status, code := b.refresh(); status != http.StatusOK || b.cookie == first {
		t.Fatalf("%d %s, cookie changed: %v", status, code, b.cookie != first)
	}
	// The other tab asked with the cookie before, at the same time.
	tab := h.browser()
	tab.cookie = first
	if status, code := tab.refresh(); status != http.StatusOK || tab.cookie != b.cookie {
		t.Errorf("the other tab: %d %s, was given the same cookie: %v", status, code, tab.cookie == b.cookie)
	}
	second := b.cookie
	if status, _ := b.refresh(); status != http.StatusOK || b.cookie != second {
		t.Errorf("right after the other tab: %d, and another cookie: %v", status, b.cookie != second)
	}
	h.age(b, sessionSettles)
	if status, _ := b.refresh(); status != http.StatusOK || b.cookie == second {
		t.Errorf("a while after: %d, and another cookie: %v", status, b.cookie != second)
	}
	// A tab whose request was long on its way has the cookie before the last one.
	tab.cookie = first
	if status, code := tab.refresh(); status != http.StatusOK || tab.cookie != b.cookie {
		t.Errorf("a late tab: %d %s, was given the same cookie: %v", status, code, tab.cookie == b.cookie)
	}
	h.age(b, sessionGrace+time.Second)
	// A cookie from before that has been used by somebody else ends the session.
	tab.cookie = first
	if status, code := tab.refresh(); status != http.StatusUnauthorized || code != models.CodeSession || tab.cookie != "" {
		t.Errorf("an old cookie: %d %s", status, code)
	}
	if status, code := b.call("GET", "/api/auth/me", nil, nil); status != http.StatusUnauthorized || code != models.CodeTokenRevoked {
		t.Errorf("the token goes on after its cookie was copied: %d %s", status, code)
	}
	if status, code := b.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
		t.Errorf("the session goes on after its cookie was copied: %d %s", status, code)
	}
	for _, cookie := range []string{"", "x", "a.b.c", first + "x", strings.Repeat("x", 9000)} {
		if b.cookie = cookie; cookie == "" {
			continue
		}
		if status, code := b.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
			t.Errorf("cookie %.20q: %d %s", cookie, status, code)
		}
	}
}

// A laptop that was closed before the answer came goes on with the cookie that it
// has, however late; once the newer cookie was seen, the older has no excuse.
func TestRefreshLongAfterLostAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	lost := b.cookie
	if status, _ := b.refresh(); status != http.StatusOK {
		t.Fatal(status)
	}
	never := b.cookie // seen by nobody, or by somebody else
	h.age(b, 24*time.Hour)
	b.cookie = lost
	if status, code := b.refresh(); status != http.StatusOK || b.cookie == lost || b.cookie == never {
		t.Fatalf("a day later: %d %s", status, code)
	}
	h.age(b, sessionGrace+time.Second)
	if status, code := b.refresh(); status != http.StatusOK {
		t.Fatalf("and then: %d %s", status, code)
	}
	other := h.browser()
	other.cookie = never
	if status, code := other.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
		t.Errorf("the one that was lost: %d %s", status, code)
	}

	// The newer one is shown within the moment in which it is not replaced.
	c := h.browser()
	if status, _ := c.in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); status != http.StatusOK {
		t.Fatal(status)
	}
	older := c.cookie
	for range 2 {
		if status, _ := c.refresh(); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	h.age(c, sessionGrace+time.Second)
	c.cookie = older
	if status, code := c.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
		t.Errorf("an older one after the newer was shown: %d %s", status, code)
	}
}

// A cookie whose answer was lost is answered again.
func TestRefreshAfterLostAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	lost := b.cookie
	if status, _ := b.refresh(); status != http.StatusOK {
		t.Fatal(status)
	}
	h.age(b, sessionGrace-5*time.Second)
	again := b.cookie
	b.cookie = lost
	if status, code := b.refresh(); status != http.StatusOK || b.cookie != again {
		t.Fatalf("%d %s", status, code)
	}
	if status, _ := b.refresh(); status != http.StatusOK {
		t.Errorf("and then: %d", status)
	}
}

// Tabs that all ask at once stay signed in.
func TestManyTabs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	for range 3 {
		h.age(b, sessionSettles)
		var all sync.WaitGroup
		tabs := make([]*browser, 6)
		for i := range tabs {
			tabs[i] = h.browser()
			tabs[i].cookie = b.cookie
			all.Go(func() {
				if status, code := tabs[i].refresh(); status != http.StatusOK {
					t.Errorf("a tab: %d %s", status, code)
				}
			})
		}
		all.Wait()
		given := b.cookie
		b.cookie = tabs[0].cookie
		for _, tab := range tabs {
			if tab.cookie == given || tab.cookie != b.cookie {
				t.Error("the tabs were not all given the same new cookie")
			}
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	h.age(b, sessionIdle+time.Hour)
	if status, code := b.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
		t.Errorf("unused for a month: %d %s", status, code)
	}
	login := func() *browser {
		t.Helper()
		b := h.browser()
		if status, _ := b.in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); status != http.StatusOK {
			t.Fatal(status)
		}
		return b
	}
	one, two := login(), login()
	cookie := one.cookie
	one.must(http.StatusNoContent, "POST", "/api/auth/logout", nil, nil)
	if one.cookie != "" {
		t.Error("the cookie stays after signing out")
	}
	one.cookie, one.token = cookie, ""
	if status, _ := one.refresh(); status != http.StatusUnauthorized {
		t.Errorf("renewed after signing out: %d", status)
	}
	if status, code := two.refresh(); status != http.StatusOK {
		t.Errorf("the other device is out, too: %d %s", status, code)
	}
	for range models.MaxSessions {
		login()
	}
	if u, err := h.store.UsersByEmail(t.Context(), "ann@example.com", "", 1); err != nil || len(u[0].Sessions) != models.MaxSessions {
		t.Errorf("%+v, %v", u, err)
	}
	if status, _ := two.refresh(); status != http.StatusUnauthorized {
		t.Errorf("the oldest session did not give way: %d", status)
	}
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, other := h.founder(), h.browser()
	if status, _ := other.in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); status != http.StatusOK {
		t.Fatal(status)
	}
	const next = "another horse battery"
	if status, code := b.in("/api/auth/password", PasswordChange{"wrong password!", next}); status != http.StatusBadRequest {
		t.Errorf("with a wrong one: %d %s", status, code)
	}
	if status, code := b.in("/api/auth/password", PasswordChange{pass, next}); status != http.StatusOK {
		t.Fatalf("%d %s", status, code)
	}
	b.must(http.StatusOK, "GET", "/api/auth/me", nil, nil)
	if status, code := other.call("GET", "/api/auth/me", nil, nil); status != http.StatusUnauthorized || code != models.CodeTokenRevoked {
		t.Errorf("the other device's token: %d %s", status, code)
	}
	if status, _ := other.refresh(); status != http.StatusUnauthorized {
		t.Errorf("the other device's session: %d", status)
	}
	if status, _ := b.refresh(); status != http.StatusOK {
		t.Errorf("the own session: %d", status)
	}
	for password, want := range map[string]int{pass: http.StatusUnauthorized, next: http.StatusOK} {
		if status, _ := h.browser().in("/api/auth/login", Credentials{Email: "ann@example.com", Password: password}); status != want {
			t.Errorf("%s: %d", password, status)
		}
	}
	for _, secret := range []string{pass, next, b.cookie} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
