package accounts

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/library"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	var made Invite
	b.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer, Email: "Bob@Example.com"}, &made)
	secret := strings.TrimPrefix(made.URL, "http://localhost:5000/join#")
	var seen Invitation
	h.browser().must(http.StatusOK, "POST", "/api/auth/invite", InviteSecret{secret}, &seen)
	if seen != (Invitation{"Acme", models.RoleViewer, "bob@example.com"}) {
		t.Errorf("its holder sees %+v", seen)
	}
	form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, Invite: secret}
	if status, code := h.browser().in("/api/auth/register", form); status != http.StatusGone || code != models.CodeInvite {
		t.Errorf("another address: %d %s", status, code)
	}
	form.Email = "ann@example.com"
	form.Email = "bob@example.com"
	var won atomic.Int32
	var all sync.WaitGroup
	for range 5 { // at once, as from two windows
		all.Go(func() {
			if status, _ := h.browser().in("/api/auth/register", form); status == http.StatusCreated {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("the invitation was used %d times", won.Load())
	}
	form.Email = "carl@example.com"
	for _, bad := range []string{secret, "", "x", "local.x.y", strings.Replace(secret, "local", "globex", 1), secret + "x"} {
		form.Invite = bad
		if bad == "" {
			continue // that founds, which is closed
		}
		if status, code := h.browser().in("/api/auth/register", form); status != http.StatusGone || code != models.CodeInvite {
			t.Errorf("invitation %q: %d %s", bad, status, code)
		}
	}
	// Whose address is taken does not use one up.
	b.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleEditor}, &made)
	form.Email, form.Invite = "bob@example.com", strings.TrimPrefix(made.URL, "http://localhost:5000/join#")
	if status, code := h.browser().in("/api/auth/register", form); status != http.StatusConflict || code != models.CodeEmailTaken {
		t.Errorf("an address that is taken: %d %s", status, code)
	}
	var list InviteList
	b.must(http.StatusOK, "GET", "/api/org/invites", nil, &list)
	if len(list.Data) != 1 || list.Data[0].ID != made.ID || list.Data[0].URL != "" {
		t.Errorf("open are %+v", list)
	}
	b.must(http.StatusNoContent, "DELETE", "/api/org/invites/"+made.ID, nil, nil)
	b.must(http.StatusNotFound, "DELETE", "/api/org/invites/"+made.ID, nil, nil)
	form.Email = "carl@example.com"
	if status, _ := h.browser().in("/api/auth/register", form); status != http.StatusGone {
		t.Errorf("a withdrawn one: %d", status)
	}
	for range models.MaxInvites {
		b.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, nil)
	}
	b.must(http.StatusBadRequest, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, nil)
	b.must(http.StatusBadRequest, "POST", "/api/org/invites", InviteOrder{Role: models.RoleService}, nil)
}

// A role that changes takes hold at once, and the session gets one with the new.
func TestRoleChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.founder()
	member := admin.joined("bob", models.RoleEditor)
	if member.user.Role != models.RoleEditor {
		t.Fatalf("joined as %s", member.user.Role)
	}
	for _, role := range []models.Role{models.RoleViewer, models.RoleAdmin, models.RoleEditor} {
		admin.must(http.StatusOK, "PATCH", "/api/org/members/"+member.user.UserID, MemberEdit{role}, nil)
		if status, code := member.call("GET", "/api/auth/me", nil, nil); status != http.StatusUnauthorized || code != models.CodeTokenRevoked {
			t.Errorf("the old token: %d %s", status, code)
		}
		if status, code := member.refresh(); status != http.StatusOK || member.user.Role != role {
			t.Fatalf("renewed: %d %s, as %s", status, code, member.user.Role)
		}
		member.must(http.StatusOK, "GET", "/api/auth/me", nil, nil)
	}
	member.must(http.StatusForbidden, "PATCH", "/api/org/members/"+admin.user.UserID, MemberEdit{models.RoleViewer}, nil)
	admin.must(http.StatusBadRequest, "PATCH", "/api/org/members/"+member.user.UserID, MemberEdit{models.RoleService}, nil)
}

// A change of role that was cut off before it ended the tokens is brought to its
// end by the next call; the asker's own token is not ended for nothing.
func TestRoleChangeThatWasCutOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.founder()
	bob := ann.joined("bob", models.RoleEditor)
	path := "/api/org/members/"
	if _, err := h.store.AdvanceUser(t.Context(), bob.user.OrganizationID, bob.user.UserID, func(u *models.User, _ time.Time) error {
		u.Role = models.RoleViewer
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ann.must(http.StatusOK, "PATCH", path+bob.user.UserID, MemberEdit{models.RoleViewer}, nil)
	if status, code := bob.call("GET", "/api/auth/me", nil, nil); code != models.CodeTokenRevoked {
		t.Errorf("the token of the old role: %d %s", status, code)
	}
	ann.must(http.StatusOK, "PATCH", path+ann.user.UserID, MemberEdit{models.RoleAdmin}, nil)
	ann.must(http.StatusOK, "GET", "/api/auth/me", nil, nil)
}

func TestRemovedMemberIsOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.founder()
	member := admin.joined("bob", models.RoleAdmin)
	admin.must(http.StatusNoContent, "DELETE", "/api/org/members/"+member.user.UserID, nil, nil)
	if status, code := member.call("GET", "/api/auth/me", nil, nil); status != http.StatusUnauthorized || code != models.CodeTokenRevoked {
		t.Errorf("the token: %d %s", status, code)
	}
	if status, code := member.refresh(); status != http.StatusUnauthorized || code != models.CodeSession {
		t.Errorf("the session: %d %s", status, code)
	}
	if status, code := member.in("/api/auth/login", Credentials{Email: "bob@example.com", Password: pass + "bob"}); status != http.StatusUnauthorized || code != models.CodeCredentials {
		t.Errorf("the password: %d %s", status, code)
	}
	var list MemberList
	admin.must(http.StatusOK, "GET", "/api/org/members", nil, &list)
	if len(list.Data) != 1 || !list.Data[0].You {
		t.Errorf("members are %+v", list)
	}
	// The trail tells of all of it.
	var trail library.AuditListing
	admin.must(http.StatusOK, "GET", "/api/org/audit", nil, &trail)
	actions := map[models.AuditAction]bool{}
	for _, e := range trail.Data {
		actions[e.Action] = true
	}
	for _, want := range []models.AuditAction{models.AuditJoin, models.AuditInvite, models.AuditRemove, models.AuditRevokeUser} {
		if !actions[want] {
			t.Errorf("the trail lacks %s: %v", want, actions)
		}
	}
}

// There is always an admin: neither the only one leaves, nor two by each other.
func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one := h.founder()
	for _, try := range []func(*browser, string) (int, models.Code){
		func(b *browser, id string) (int, models.Code) {
			return b.call("PATCH", "/api/org/members/"+id, MemberEdit{models.RoleEditor}, nil)
		},
		func(b *browser, id string) (int, models.Code) {
			return b.call("DELETE", "/api/org/members/"+id, nil, nil)
		},
	} {
		if status, code := try(one, one.user.UserID); status != http.StatusConflict || code != models.CodeLastAdmin {
			t.Errorf("the only admin: %d %s", status, code)
		}
		one.must(http.StatusOK, "GET", "/api/org/audit", nil, nil)
	}
	two := one.joined("bob", models.RoleAdmin)
	var won atomic.Int32
	var both sync.WaitGroup
	for _, pair := range [][2]*browser{{one, two}, {two, one}} {
		both.Go(func() {
			if status, _ := pair[0].call("PATCH", "/api/org/members/"+pair[1].user.UserID, MemberEdit{models.RoleViewer}, nil); status == http.StatusOK {
				won.Add(1)
			}
		})
	}
	both.Wait()
	o, err := h.store.Organization(t.Context(), "local")
	if err != nil || len(o.Admins) != 1 || won.Load() != 1 {
		t.Errorf("%d were demoted; admins are %v, %v", won.Load(), o.Admins, err)
	}
}

func TestResetLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.founder()
	member := admin.joined("bob", models.RoleViewer)
	var first, link ResetLink
	admin.must(http.StatusCreated, "POST", "/api/org/members/"+member.user.UserID+"/reset", nil, &first)
	admin.must(http.StatusCreated, "POST", "/api/org/members/"+member.user.UserID+"/reset", nil, &link)
	secret := func(l ResetLink) string { return strings.TrimPrefix(l.URL, "http://localhost:5000/reset#") }
	const next = "a new horse battery"
	if status, code := h.browser().in("/api/auth/reset", NewPassword{secret(first), next}); status != http.StatusGone {
		t.Errorf("a link that was replaced: %d %s", status, code)
	}
	if status, _ := h.browser().in("/api/auth/reset", NewPassword{secret(link), "short"}); status != http.StatusBadRequest {
		t.Errorf("a short password: %d", status)
	}
	fresh := h.browser()
	if status, code := fresh.in("/api/auth/reset", NewPassword{secret(link), next}); status != http.StatusOK || fresh.user.UserID != member.user.UserID {
		t.Fatalf("%d %s %+v", status, code, fresh.user)
	}
	if status, _ := member.refresh(); status != http.StatusUnauthorized {
		t.Errorf("the session from before: %d", status)
	}
	for _, bad := range []string{secret(link), "", "x.y.z"} {
		if status, code := h.browser().in("/api/auth/reset", NewPassword{bad, next}); status != http.StatusGone || code != models.CodeInvite {
			t.Errorf("link %q: %d %s", bad, status, code)
		}
	}
	if status, _ := h.browser().in("/api/auth/login", Credentials{Email: "bob@example.com", Password: next}); status != http.StatusOK {
		t.Errorf("the new password: %d", status)
	}
}

func TestOrganizationIsRenamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	var o Organization
	b.must(http.StatusOK, "PATCH", "/api/org", OrganizationEdit{" Acme <b>Films</b> "}, &o)
	b.must(http.StatusOK, "GET", "/api/org", nil, &o)
	if o.Name != "Acme <b>Films</b>" || o.ID != "local" {
		t.Errorf("%+v", o)
	}
	b.must(http.StatusBadRequest, "PATCH", "/api/org", OrganizationEdit{}, nil)
	viewer := b.joined("bob", models.RoleViewer)
	viewer.must(http.StatusForbidden, "PATCH", "/api/org", OrganizationEdit{"x"}, nil)
	viewer.must(http.StatusOK, "GET", "/api/org/members", nil, nil)
	viewer.must(http.StatusForbidden, "GET", "/api/org/invites", nil, nil)
}

// A link begins with the address at which the admin's page was opened; no header
// of another page moves it.
func TestLinksHaveThePagesAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	ben := b.joined("ben", models.RoleEditor)
	for _, c := range []struct{ host, origin, want string }{
		{"localhost:5000", "", "http://localhost:5000"},
		{"localhost:5000", "http://localhost:5000", "http://localhost:5000"},
		{"192.168.1.7:5000", "http://192.168.1.7:5000", "http://192.168.1.7:5000"},
		{"rooms.example", "https://rooms.example", "https://rooms.example"}, // behind a proxy with TLS
		{"192.168.1.7:5000", "http://localhost:5000", "http://localhost:5000"},
		{"evil.example", "", "http://localhost:5000"},
		{"evil.example", "http://localhost:5173", "http://localhost:5000"}, // allowed, but has no such page
		{"evil.example:80", "http://localhost:5000", "http://localhost:5000"},
	} {
		b.host, b.origin = c.host, c.origin
		var invite Invite
		b.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, &invite)
		var reset ResetLink
		b.must(http.StatusCreated, "POST", "/api/org/members/"+ben.user.UserID+"/reset", nil, &reset)
		if !strings.HasPrefix(invite.URL, c.want+"/join#") || !strings.HasPrefix(reset.URL, c.want+"/reset#") {
			t.Errorf("at %s from %q: %s, %s", c.host, c.origin, invite.URL, reset.URL)
		}
	}
	b.host, b.origin = "localhost:5000", "https://evil.example"
	if status, code := b.call("POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, nil); status != http.StatusForbidden || code != models.CodeOrigin {
		t.Errorf("a page elsewhere: %d %s", status, code)
	}
}
