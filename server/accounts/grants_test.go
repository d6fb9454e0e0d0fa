package accounts

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

// fragment is the secret in a link.
func fragment(link string) string {
	_, secret, _ := strings.Cut(link, "#")
	return secret
}

// What an admin made ends when the admin is demoted or removed, and does not come
// back with the role; what others made stays.
func TestGrantsEndWithTheRole(t *testing.T) {
	t.Parallel()
	member := func(b *browser) string { return "/api/org/members/" + b.user.UserID }
	for name, end := range map[string]func(boss, b *browser){
		"demoted to editor": func(boss, b *browser) {
			boss.must(http.StatusOK, "PATCH", member(b), MemberEdit{models.RoleEditor}, nil)
		},
		"demoted to viewer": func(boss, b *browser) {
			boss.must(http.StatusOK, "PATCH", member(b), MemberEdit{models.RoleViewer}, nil)
		},
		"demoted and promoted": func(boss, b *browser) {
			boss.must(http.StatusOK, "PATCH", member(b), MemberEdit{models.RoleViewer}, nil)
			boss.must(http.StatusOK, "PATCH", member(b), MemberEdit{models.RoleAdmin}, nil)
		},
		"demoted by oneself": func(_, b *browser) {
			b.must(http.StatusOK, "PATCH", member(b), MemberEdit{models.RoleEditor}, nil)
		},
		"removed": func(boss, b *browser) { boss.must(http.StatusNoContent, "DELETE", member(b), nil, nil) },
		"left":    func(_, b *browser) { b.must(http.StatusNoContent, "DELETE", member(b), nil, nil) },
		"removed and joined again": func(boss, b *browser) {
			boss.must(http.StatusNoContent, "DELETE", member(b), nil, nil)
			boss.joined("bob", models.RoleAdmin)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			boss := h.founder()
			bob, carl, dora := boss.joined("bob", models.RoleAdmin), boss.joined("carl", models.RoleEditor), boss.joined("dora", models.RoleEditor)
			var asAdmin, asViewer, kept Invite
			bob.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleAdmin}, &asAdmin)
			bob.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer, Email: "eve@example.com"}, &asViewer)
			boss.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, &kept)
			var forCarl, forBoss, forDora ResetLink
			bob.must(http.StatusCreated, "POST", member(carl)+"/reset", nil, &forCarl)
			bob.must(http.StatusCreated, "POST", member(boss)+"/reset", nil, &forBoss)
			boss.must(http.StatusCreated, "POST", member(dora)+"/reset", nil, &forDora)
			end(boss, bob)
			for _, invite := range []Invite{asAdmin, asViewer} {
				form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, Invite: fragment(invite.URL)}
				if status, code := h.browser().in("/api/auth/register", form); status != http.StatusGone || code != models.CodeInvite {
					t.Errorf("the invitation as %s: %d %s", invite.Role, status, code)
				}
				if status, _ := h.browser().call("POST", "/api/auth/invite", InviteSecret{fragment(invite.URL)}, nil); status != http.StatusGone {
					t.Errorf("a look at the invitation as %s: %d", invite.Role, status)
				}
			}
			for whose, link := range map[string]ResetLink{"an editor's": forCarl, "another admin's": forBoss} {
				if status, code := h.browser().in("/api/auth/reset", NewPassword{fragment(link.URL), "a new horse battery"}); status != http.StatusGone || code != models.CodeInvite {
					t.Errorf("%s reset link: %d %s", whose, status, code)
				}
			}
			if status, code := bob.refresh(); name == "removed" && (status != http.StatusUnauthorized || code != models.CodeSession) {
				t.Errorf("the session: %d %s", status, code)
			}
			var list InviteList
			boss.must(http.StatusOK, "GET", "/api/org/invites", nil, &list)
			if len(list.Data) != 1 || list.Data[0].ID != kept.ID {
				t.Errorf("open are %+v", list)
			}
			if status, code := h.browser().in("/api/auth/reset", NewPassword{fragment(forDora.URL), "a new horse battery"}); status != http.StatusOK {
				t.Errorf("a link of the admin who stays: %d %s", status, code)
			}
			form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, Invite: fragment(kept.URL)}
			if status, code := h.browser().in("/api/auth/register", form); status != http.StatusCreated {
				t.Errorf("an invitation of the admin who stays: %d %s", status, code)
			}
		})
	}
}

// A reset link ends with the password that it is for.
func TestResetLinkEndsWithThePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	boss := h.founder()
	bob := boss.joined("bob", models.RoleEditor)
	var link ResetLink
	boss.must(http.StatusCreated, "POST", "/api/org/members/"+bob.user.UserID+"/reset", nil, &link)
	bob.must(http.StatusOK, "POST", "/api/auth/password", PasswordChange{pass + "bob", "another horse battery"}, nil)
	if status, code := h.browser().in("/api/auth/reset", NewPassword{fragment(link.URL), "a new horse battery"}); status != http.StatusGone || code != models.CodeInvite {
		t.Errorf("%d %s", status, code)
	}
}

// between calls a function once before a change of an organization is written.
type between struct {
	Store
	mu sync.Mutex
	do func()
}

func (s *between) AdvanceOrganization(ctx context.Context, org string, c models.OrganizationChange) (models.Organization, error) {
	s.mu.Lock()
	do := s.do
	s.do = nil
	s.mu.Unlock()
	if do != nil {
		do()
	}
	return s.Store.AdvanceOrganization(ctx, org, c)
}

func (s *between) before(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

// An admin who is demoted between the look at the token and the write makes
// nothing; one who is demoted while somebody accepts an invitation either lost
// it or has a new member, and nothing open stays.
func TestGrantsRaceWithTheRole(t *testing.T) {
	t.Parallel()
	store := &between{}
	h := newHouse(t, func(c *Config) { store.Store = c.Store; c.Store = store })
	boss := h.founder()
	bob, carl := boss.joined("bob", models.RoleAdmin), boss.joined("carl", models.RoleEditor)
	demoted := func() {
		if _, err := h.store.AdvanceOrganization(t.Context(), "local", models.Demote(bob.user.UserID)); err != nil {
			t.Error(err)
		}
	}
	promoted := func() {
		if _, err := h.store.AdvanceOrganization(t.Context(), "local", models.Promote(bob.user.UserID)); err != nil {
			t.Error(err)
		}
	}
	for what, try := range map[string]func() (int, models.Code){
		"an invitation": func() (int, models.Code) {
			return bob.call("POST", "/api/org/invites", InviteOrder{Role: models.RoleAdmin}, nil)
		},
		"a reset link": func() (int, models.Code) {
			return bob.call("POST", "/api/org/members/"+carl.user.UserID+"/reset", nil, nil)
		},
		"a promotion": func() (int, models.Code) {
			return bob.call("PATCH", "/api/org/members/"+carl.user.UserID, MemberEdit{models.RoleAdmin}, nil)
		},
	} {
		store.before(demoted)
		if status, code := try(); status != http.StatusForbidden || code != models.CodeForbidden {
			t.Errorf("%s: %d %s", what, status, code)
		}
		promoted()
	}
	var made Invite
	bob.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleAdmin}, &made)
	store.before(demoted)
	form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, Invite: fragment(made.URL)}
	if status, code := h.browser().in("/api/auth/register", form); status != http.StatusGone || code != models.CodeInvite {
		t.Errorf("an invitation whose maker is demoted meanwhile: %d %s", status, code)
	}
	o, err := h.store.Organization(t.Context(), "local")
	if err != nil || len(o.Invites) != 0 || len(o.Resets) != 0 || len(o.Admins) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

// An invitation whose member could not be made is not given back when the admin
// who made it was demoted meanwhile.
func TestInvitationIsNotGivenBackForAFormerAdmin(t *testing.T) {
	t.Parallel()
	store := &failing{}
	h := newHouse(t, func(c *Config) { store.Store = c.Store; c.Store = store })
	boss := h.founder()
	bob := boss.joined("bob", models.RoleAdmin)
	for demote, open := range map[bool]int{false: 1, true: 0} {
		var made Invite
		bob.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleEditor}, &made)
		store.before(func() {
			if !demote {
				return
			}
			if _, err := h.store.AdvanceOrganization(t.Context(), "local", models.Demote(bob.user.UserID)); err != nil {
				t.Error(err)
			}
		})
		form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, Invite: fragment(made.URL)}
		if status, _ := h.browser().in("/api/auth/register", form); status != http.StatusServiceUnavailable {
			t.Errorf("a store that is away: %d", status)
		}
		o, err := h.store.Organization(t.Context(), "local")
		if err != nil || len(o.Invites) != open {
			t.Errorf("demoted %v: %d invitations are open, %v", demote, len(o.Invites), err)
		}
		if _, err := h.store.AdvanceOrganization(t.Context(), "local", func(o *models.Organization, _ time.Time) error {
			o.Invites = nil
			return models.Promote(bob.user.UserID)(o, time.Now())
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// failing makes no user, once, after it has called a function.
type failing struct {
	Store
	mu sync.Mutex
	do func()
}

func (s *failing) before(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

func (s *failing) CreateUser(ctx context.Context, org string, u models.User) (models.User, error) {
	s.mu.Lock()
	do := s.do
	s.do = nil
	s.mu.Unlock()
	if do == nil {
		return s.Store.CreateUser(ctx, org, u)
	}
	do()
	return models.User{}, models.Errorf(models.CodeUnavailable, "away")
}
