package accounts

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/server/api"
)

// shape is what a stranger can compare of an answer: its status, the names of
// its headers and members, and how many passwords were hashed.
type shape struct {
	status           int
	headers, members string
	hashes           int64
}

// shapeOf sends a request and returns the shape of its answer, and what it says.
func (h *house) shapeOf(method, path, token string, body any) (shape, api.LocalSession) {
	h.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(string(raw)))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:5000"
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	before, w := h.accounts.hasher.hashes.Load(), httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	var answer map[string]any
	var session api.LocalSession
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		h.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	_ = json.Unmarshal(w.Body.Bytes(), &session) // a problem has other members
	names := slices.Sorted(maps.Keys(answer))
	if user, ok := answer["user"].(map[string]any); ok {
		names = append(names, slices.Sorted(maps.Keys(user))...)
	}
	return shape{w.Code, strings.Join(slices.Sorted(maps.Keys(w.Header())), " "), strings.Join(names, " "), h.accounts.hasher.hashes.Load() - before}, session
}

// Whoever has an invitation, or may found an organization, cannot find out
// whether somebody has an account in another one.
func TestAddressesOfOtherOrganizationsStayUnknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Open = true })
	h.founder().joined("bob", models.RoleEditor) // bob@example.com
	stranger := h.browser()
	if status, code := stranger.in("/api/auth/register", Registration{Name: "Eve", Email: "eve@example.com", Password: pass, OrganizationName: "Globex"}); status != http.StatusCreated {
		t.Fatalf("%d %s", status, code)
	}
	ask := func(what string, send func(email string) shape) {
		t.Helper()
		known, unknown := send("bob@example.com"), send("nobody@example.com")
		if known != unknown || known.status == http.StatusConflict {
			t.Errorf("%s: of a known address %+v, of an unknown one %+v", what, known, unknown)
		}
	}
	ask("founding", func(email string) shape {
		s, _ := h.shapeOf("POST", "/api/auth/register", "", Registration{Name: "X", Email: email, Password: pass, OrganizationName: "Evil"})
		return s
	})
	ask("signing in", func(email string) shape {
		s, _ := h.shapeOf("POST", "/api/auth/login", "", Credentials{Email: email, Password: "a wrong horse battery"})
		return s
	})
	ask("signing in there", func(email string) shape {
		s, _ := h.shapeOf("POST", "/api/auth/login", "", Credentials{Email: email, Password: "a wrong horse battery", OrganizationID: "local"})
		return s
	})
	for _, bound := range []bool{false, true} {
		ask("inviting and joining", func(email string) shape {
			order := InviteOrder{Role: models.RoleViewer}
			if bound {
				order.Email = email
			}
			var made Invite
			stranger.must(http.StatusCreated, "POST", "/api/org/invites", order, &made)
			var list InviteList
			s, session := h.shapeOf("POST", "/api/auth/register", "", Registration{Name: "X", Email: email, Password: pass + "x", Invite: fragment(made.URL)})
			stranger.must(http.StatusOK, "GET", "/api/org/invites", nil, &list)
			if len(list.Data) != 0 || session.User.OrganizationID != stranger.user.OrganizationID {
				t.Errorf("%s: joined as %+v; open are %+v", email, session.User, list.Data)
			}
			if status, code := stranger.call("DELETE", "/api/org/members/"+session.User.UserID, nil, nil); status != http.StatusNoContent {
				t.Errorf("%d %s", status, code)
			}
			return s
		})
	}
}

// Somebody with accounts in several organizations signs in to the one whose
// password it is, or which is named; nobody else's account under the same address
// keeps the owner of an older one out.
func TestOneAddressInSeveralOrganizations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Open = true })
	bob := h.founder().joined("bob", models.RoleEditor)
	first := bob.user.OrganizationID
	found := func(password string) string {
		b := h.browser()
		if status, code := b.in("/api/auth/register", Registration{Name: "B", Email: "bob@example.com", Password: password, OrganizationName: "Another"}); status != http.StatusCreated {
			t.Fatalf("%d %s", status, code)
		}
		return b.user.OrganizationID
	}
	second, third := found("the second battery"), found("the third battery!")
	fourth := found("the fourth battery")
	same := found("the fourth battery")
	for _, c := range []struct {
		password, org, want string
	}{
		{pass + "bob", "", first}, {"the second battery", "", second}, {"the third battery!", "", third}, {"the fourth battery", "", ""},
		{"the fourth battery", fourth, fourth}, {"the fourth battery", same, same}, {pass + "bob", first, first},
		{pass + "bob", second, ""}, {"the second battery", first, ""}, {pass + "bob", "absent", ""}, {pass + "bob", "x\uFFFD", ""},
	} {
		b := h.browser()
		status, code := b.in("/api/auth/login", Credentials{"bob@example.com", c.password, c.org})
		if c.want == "" && (status != http.StatusUnauthorized || code != models.CodeCredentials) || c.want != "" && (status != http.StatusOK || b.user.OrganizationID != c.want) {
			t.Errorf("%q in %q: %d %s %s, want %q", c.password, c.org, status, code, b.user.OrganizationID, c.want)
		}
	}
	// Within an organization an address is one member's.
	var made Invite
	h.again("ann@example.com", pass).must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, &made)
	form := Registration{Name: "B", Email: "bob@example.com", Password: pass, Invite: fragment(made.URL)}
	if status, code := h.browser().in("/api/auth/register", form); status != http.StatusConflict || code != models.CodeEmailTaken {
		t.Errorf("twice in one: %d %s", status, code)
	}
}

// Of accounts with one password the one that was used last is signed in to.
func TestOnePasswordInTwoOrganizations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Open = true })
	ann := h.founder()
	other := h.browser()
	if status, code := other.in("/api/auth/register", Registration{Name: "Ann", Email: "ann@example.com", Password: pass, OrganizationName: "Globex"}); status != http.StatusCreated {
		t.Fatalf("%d %s", status, code)
	}
	for _, org := range []string{ann.user.OrganizationID, other.user.OrganizationID} {
		b := h.browser()
		if status, code := b.in("/api/auth/login", Credentials{"ann@example.com", pass, org}); status != http.StatusOK || b.user.OrganizationID != org {
			t.Fatalf("%d %s %+v", status, code, b.user)
		}
		if b = h.again("ann@example.com", pass); b.user.OrganizationID != org {
			t.Errorf("signed in to %s, not to %s", b.user.OrganizationID, org)
		}
	}
}

// again signs in.
func (h *house) again(email, password string) *browser {
	h.t.Helper()
	b := h.browser()
	if status, code := b.in("/api/auth/login", Credentials{Email: email, Password: password}); status != http.StatusOK {
		h.t.Fatalf("%d %s", status, code)
	}
	return b
}
