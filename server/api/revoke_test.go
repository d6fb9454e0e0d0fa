package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// tokenFor is a token of a certain user.
func tokenFor(t testing.TB, org, user string, role models.Role, ttl time.Duration) string {
	t.Helper()
	s, _, err := auth.Signer{Secret: testSecret}.Token(models.Identity{UserID: user, OrganizationID: org, Role: role}, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good and over check what a token is worth now.
func (b *bench) good(token string) {
	b.t.Helper()
	b.do("GET", "/api/auth/me", token, nil).into(b.t, http.StatusOK, nil)
}

func (b *bench) over(token string) {
	b.t.Helper()
	b.do("GET", "/api/auth/me", token, nil).refused(b.t, http.StatusUnauthorized, models.CodeTokenRevoked)
}

func TestLogoutEndsOneToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin, models.RoleService} {
		first, second := tokenFor(t, "acme", "u", role, time.Hour), tokenFor(t, "acme", "u", role, time.Hour)
		a := b.do("POST", "/api/auth/logout", first, nil)
		if a.into(t, http.StatusNoContent, nil); len(a.body) != 0 {
			t.Errorf("a body: %s", a.body)
		}
		b.over(first)
		b.good(second)
	}
}

func TestMemberIsRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin := tokenFor(t, "acme", "boss", models.RoleAdmin, time.Hour)
	for _, user := range []string{"ann", "ann@example.org", "a/b", "é"} {
		first, second := tokenFor(t, "acme", user, models.RoleViewer, time.Hour), tokenFor(t, "acme", user, models.RoleAdmin, 2*time.Hour)
		elsewhere, other := tokenFor(t, "globex", user, models.RoleViewer, time.Hour), tokenFor(t, "acme", user+"x", models.RoleViewer, time.Hour)
		path := "/api/org/members/" + strings.ReplaceAll(user, "/", "%2F")
		b.do("DELETE", path, admin, nil).into(t, http.StatusNoContent, nil)
		b.over(first)
		b.over(second)
		b.good(elsewhere)
		b.good(other)
		b.do("DELETE", path, admin, nil).into(t, http.StatusNoContent, nil)
	}
	known, unknown := b.do("DELETE", "/api/org/members/ann", admin, nil), b.do("DELETE", "/api/org/members/nobody", admin, nil)
	if strip(known) != strip(unknown) {
		t.Errorf("an unknown user is answered\n%s\na known one\n%s", strip(unknown), strip(known))
	}
	b.do("DELETE", "/api/org/members/a%20b", admin, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.do("DELETE", "/api/org/members/", admin, nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.good(admin)
	b.do("DELETE", "/api/org/members/boss", admin, nil).into(t, http.StatusNoContent, nil)
	b.over(admin)
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin := tokenFor(t, "acme", "boss", models.RoleAdmin, time.Hour)
	ask := func(body string) answer { return b.json("POST", "/api/auth/revocations", admin, body) }

	ann := tokenFor(t, "acme", "ann", models.RoleViewer, time.Hour)
	var done Revocation
	ask(`{"userId":"ann"}`).into(t, http.StatusAccepted, &done)
	if done.Kind != models.RevokeUser || done.UserID != "ann" || done.TokenID != "" || done.By != "boss" || done.Until != nil || time.Since(done.At).Abs() > time.Minute {
		t.Errorf("a user: %+v", done)
	}
	b.over(ann)

	bob := tokenFor(t, "acme", "bob", models.RoleEditor, time.Hour)
	done = Revocation{}
	ask(`{"token":"`+bob+`"}`).into(t, http.StatusAccepted, &done)
	if done.Kind != models.RevokeToken || done.TokenID == "" || done.Until == nil || time.Until(*done.Until) > time.Hour {
		t.Errorf("a token: %+v", done)
	}
	b.over(bob)
	ask(`{"token":"`+bob+`"}`).into(t, http.StatusAccepted, nil) // again: as before

	named, err := auth.Mint(testSecret, models.Identity{UserID: "cid", OrganizationID: "acme", Role: models.RoleViewer, TokenID: "t-7"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ask(`{"tokenId":"t-7"}`).into(t, http.StatusAccepted, nil)
	b.over(named)

	// What has expired needs nothing more.
	ask(`{"token":"`+tokenFor(t, "acme", "dan", models.RoleViewer, -time.Minute)+`"}`).into(t, http.StatusNoContent, nil)

	foreign := tokenFor(t, "globex", "eve", models.RoleViewer, time.Hour)
	same := tokenFor(t, "globex", "ann", models.RoleAdmin, time.Hour)
	refused, absent := ask(`{"token":"`+foreign+`"}`), ask(`{"token":"`+foreign[:len(foreign)-4]+`"}`)
	refused.refused(t, http.StatusBadRequest, models.CodeInvalid)
	if strip(refused) != strip(absent) {
		t.Errorf("a foreign token is answered\n%s\none that is none\n%s", strip(refused), strip(absent))
	}
	b.good(foreign)
	b.good(same)

	for body, code := range map[string]models.Code{
		``: models.CodeInvalid, `{}`: models.CodeInvalid, `[]`: models.CodeInvalid, `{"userId":""}`: models.CodeInvalid, `{"userId":7}`: models.CodeInvalid,
		`{"userId":"a","tokenId":"b"}`: models.CodeInvalid, `{"userId":"a","token":"b"}`: models.CodeInvalid, `{"userId":"a b"}`: models.CodeInvalid,
		`{"tokenId":"` + strings.Repeat("x", models.MaxIDBytes+1) + `"}`: models.CodeInvalid, `{"token":"` + strings.Repeat("x", 9<<10) + `"}`: models.CodeInvalid,
	} {
		ask(body).refused(t, http.StatusBadRequest, code)
	}
	ask(strings.Repeat(" ", maxJSON+1)).refused(t, http.StatusRequestEntityTooLarge, models.CodeTooLarge)
	b.good(admin)
	if log := b.log.String(); strings.Contains(log, "eyJ") {
		t.Error("a token reached the log")
	}
}

func TestFullRevocationsAreSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.Revoker = full{} })
	b.json("POST", "/api/auth/revocations", token(t, "acme", models.RoleAdmin), `{"userId":"u"}`).refused(t, http.StatusConflict, models.CodeRevocationsFull)
	b.do("POST", "/api/auth/logout", token(t, "acme", models.RoleViewer), nil).refused(t, http.StatusConflict, models.CodeRevocationsFull)
}

type full struct{}

func (full) Revoke(context.Context, string, models.Revocation) (models.Revocation, error) {
	return models.Revocation{}, models.ErrRevocationsFull
}

// A client that goes before the answer has signed out all the same.
func TestLogoutOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	tok := token(t, "acme", models.RoleViewer)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/api/auth/logout", nil)
	r.Header.Set("Authorization", "Bearer "+tok)
	b.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	b.over(tok)
}

// Who ended what, and who asked for what is not there, stands in the trail of
// the own organization alone.
func TestRevocationsAndAttemptsAreInTheTrail(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	boss := tokenFor(t, "evil", "boss", models.RoleAdmin, time.Hour)
	b.do("DELETE", "/api/org/members/ann", boss, nil).into(t, http.StatusNoContent, nil)
	leaving := tokenFor(t, "evil", "eve", models.RoleViewer, time.Hour)
	for _, id := range []string{d.ID, "absent"} {
		b.do("GET", "/api/videos/"+id, leaving, nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	}
	b.do("GET", d.Media, "", nil).into(t, http.StatusOK, nil)
	b.do("POST", "/api/auth/logout", leaving, nil).into(t, http.StatusNoContent, nil)
	type row struct {
		Action           models.AuditAction
		By, Target, Note string
		Count            int
	}
	trail := func(org string) (rows []row) {
		var page struct{ Data []row }
		b.do("GET", "/api/org/audit", tokenFor(t, org, "boss", models.RoleAdmin, 2*time.Hour), nil).into(t, http.StatusOK, &page)
		return page.Data
	}
	got := trail("evil")
	if len(got) < 4 {
		t.Fatalf("%+v", got)
	}
	tokenID := got[0].Target
	seen := map[row]int{}
	for _, r := range got {
		seen[r]++
	}
	for _, want := range []row{
		{Action: models.AuditRevokeToken, By: "eve", Target: tokenID},
		{Action: models.AuditAttempt, By: "eve", Target: "absent", Count: 1},
		{Action: models.AuditAttempt, By: "eve", Target: d.ID, Count: 1},
		{Action: models.AuditRevokeUser, By: "boss", Target: "ann"},
	} {
		if seen[want] != 1 {
			t.Errorf("%d of %+v in %+v", seen[want], want, got)
		}
	}
	for _, r := range trail("acme") {
		if r.By != "editor" {
			t.Errorf("in the other's trail: %+v", r)
		}
	}
}
