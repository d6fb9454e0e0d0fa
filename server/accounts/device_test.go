package accounts

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"reelroom/models"
	"reelroom/server/limits"
)

// exhaust sends wrong passwords until no stranger may try the account again, from
// anywhere.
func (h *house) exhaust(email string) {
	h.t.Helper()
	for i := range 100 {
		b := h.browser()
		b.from = fmt.Sprintf("192.0.2.%d:1", i)
		if _, code := b.in("/api/auth/login", Credentials{Email: email, Password: "wrong"}); code == models.CodeRateLimited {
			return
		}
	}
	h.t.Fatal("a hundred wrong passwords were taken")
}

// again is the same browser after its session has ended.
func (b *browser) again() *browser {
	return &browser{h: b.h, from: b.from, others: b.others}
}

func TestStrangersDoNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Limits = limits.New(limits.Settings{AccountLogins: 20, AddressLogins: 30}, nil) })
	owner := h.founder()
	right := Credentials{Email: "ann@example.com", Password: pass}
	h.exhaust(right.Email)
	if status, code := owner.again().in("/api/auth/login", right); status != http.StatusOK {
		t.Errorf("the owner's browser: %d %s", status, code)
	}
	if _, code := h.browser().in("/api/auth/login", right); code != models.CodeRateLimited {
		t.Errorf("an unknown browser: %s", code)
	}
	// Who has a token may change the password.
	if _, code := owner.in("/api/auth/password", PasswordChange{Current: pass, Next: pass + " and more"}); code != "" {
		t.Errorf("changing the password: %s", code)
	}
	right.Password += " and more"
	// A known browser has a budget of its own, and no more.
	guess := owner.again()
	for i := range knownTries {
		if _, code := guess.in("/api/auth/login", Credentials{Email: right.Email, Password: "wrong"}); code != models.CodeCredentials {
			t.Fatalf("guess %d of a known browser: %s", i, code)
		}
	}
	if _, code := guess.in("/api/auth/login", right); code != models.CodeRateLimited {
		t.Errorf("after its budget: %s", code)
	}
	forged := h.browser()
	forged.others = map[string]string{}
	for name, value := range owner.others {
		forged.others[name] = "x" + value
	}
	if _, code := forged.in("/api/auth/login", right); code != models.CodeRateLimited {
		t.Errorf("a cookie that was not made here: %s", code)
	}
}

// knownTries is the budget of a known browser.
const knownTries = 10

// An account that somebody else made under the same e-mail address gives no right
// to guess the owner's password.
func TestDeviceIsKnownForOneAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) {
		c.Open, c.Limits = true, limits.New(limits.Settings{AccountLogins: 20, AddressLogins: 30}, nil)
	})
	owner := h.founder()
	eve := h.browser()
	if status, code := eve.in("/api/auth/register", Registration{Name: "Eve", Email: "ann@example.com", Password: pass + "!", OrganizationName: "Evil"}); status != http.StatusCreated {
		t.Fatalf("%d %s", status, code)
	}
	h.exhaust("ann@example.com")
	if _, code := eve.again().in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); code != models.CodeCredentials {
		t.Errorf("the right password of the other account: %s", code)
	}
	if _, code := eve.again().in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass, OrganizationID: owner.user.OrganizationID}); code != models.CodeRateLimited {
		t.Errorf("the same by the organization: %s", code)
	}
	if status, code := eve.again().in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass + "!"}); status != http.StatusOK {
		t.Errorf("her own: %d %s", status, code)
	}
}

// Good passwords and good links are not counted, and pass where bad ones came
// from the same address.
func TestOnlyFailuresCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Limits = limits.New(limits.Settings{AccountLogins: 5, AddressLogins: 5}, nil) })
	owner := h.founder()
	for i := range 20 {
		if status, code := h.browser().in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); status != http.StatusOK {
			t.Fatalf("sign-in %d: %d %s", i, status, code)
		}
	}
	codes := []models.Code{}
	for range 7 {
		_, code := h.browser().in("/api/auth/reset", NewPassword{Secret: "none", Password: pass})
		codes = append(codes, code)
	}
	if !slices.Equal(codes, []models.Code{models.CodeInvite, models.CodeInvite, models.CodeInvite, models.CodeInvite, models.CodeInvite, models.CodeRateLimited, models.CodeRateLimited}) {
		t.Errorf("bad links: %v", codes)
	}
	owner.joined("bob", models.RoleEditor) // from the same address, by a good link
}

func TestKnownBrowsersHashFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &turns{free: 1}
		leave, err := q.take(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan bool, 3*maxHashQueue)
		busy := make(chan error, 3*maxHashQueue)
		ask := func(known bool) {
			go func() {
				leave, err := q.take(t.Context(), known)
				if err != nil {
					busy <- err
					return
				}
				order <- known
				leave()
			}()
			synctest.Wait()
		}
		for range maxHashQueue + 10 {
			ask(false)
		}
		if len(busy) != 10 {
			t.Errorf("%d strangers were sent away, want 10", len(busy))
		}
		ask(true) // although the strangers' queue is full
		leave()
		synctest.Wait()
		if len(order) != maxHashQueue+1 || !<-order {
			t.Error("a stranger came first")
		}
		if q.free != 1 {
			t.Errorf("%d turns are free", q.free)
		}
		leave, _ = q.take(t.Context(), true)
		ask(false)
		for range 10 {
			<-busy
		}
		if err := <-busy; models.CodeOf(err) != models.CodeUnavailable { // after maxHashWait
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := q.take(gone, true); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("who has gone: %v", err)
		}
		leave()
		if q.free != 1 || len(q.waiting[0])+len(q.waiting[1]) != 0 {
			t.Error("who gave up still waits")
		}
	})
}
