package accounts

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/limits"
)

func TestFirstVisitorFoundsTheOrganization(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser()
	var options api.SignInOptions
	b.must(http.StatusOK, "GET", "/api/auth/options", nil, &options)
	if options != (api.SignInOptions{Local: true, Accounts: true, Setup: true, SetupCode: true}) {
		t.Errorf("before: %+v", options)
	}
	far := h.browser()
	far.from = "192.0.2.1:4000"
	form := Registration{Name: "Eve", Email: "eve@example.com", Password: pass, OrganizationName: "Evil"}
	for _, form.SetupCode = range []string{"", " ", "AAAA-BBBB-CCCC"} {
		for name, b := range map[string]*browser{"from elsewhere": far, "on the machine": h.browser()} {
			if status, code := b.in("/api/auth/register", form); status != http.StatusForbidden || code != models.CodeSetupCode {
				t.Errorf("%s, with the code %q: %d %s", name, form.SetupCode, status, code)
			}
		}
	}
	b = h.founder()
	if b.user.OrganizationID != "local" || b.user.Role != models.RoleAdmin || b.user.OrganizationName != "Acme" || !b.user.Account {
		t.Errorf("the founder is %+v", b.user)
	}
	var me api.User
	b.must(http.StatusOK, "GET", "/api/auth/me", nil, &me)
	if me.Name != "Ann" || me.Email != "ann@example.com" || me.Role != models.RoleAdmin {
		t.Errorf("me: %+v", me)
	}
	b.must(http.StatusOK, "GET", "/api/auth/options", nil, &options)
	if options != (api.SignInOptions{Accounts: true}) {
		t.Errorf("after: %+v", options)
	}
	local := h.browser()
	local.origin = "http://localhost:5000"
	if status, code := local.in("/api/auth/local", api.LocalSecret{Secret: h.link}); status != http.StatusForbidden || code != models.CodeForbidden {
		t.Errorf("the local admin signs in beside accounts: %d %s", status, code)
	}
	form.SetupCode, form.Email = h.accounts.setupCode, "late@example.com"
	if status, code := far.in("/api/auth/register", form); status != http.StatusForbidden || code != models.CodeForbidden {
		t.Errorf("a second founder: %d %s", status, code)
	}
	if code, err := h.accounts.SetupCode(t.Context()); err != nil || code != "" {
		t.Errorf("the code is told again: %q, %v", code, err)
	}
}

func TestSetupCodeFoundsFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	far := h.browser()
	far.from = "192.0.2.1:4000"
	form := Registration{Name: "Ann", Email: " Ann@Example.com ", Password: pass, OrganizationName: "Acme", SetupCode: strings.ToLower(h.accounts.setupCode)}
	if status, code := far.in("/api/auth/register", form); status != http.StatusCreated || far.user.Email != "ann@example.com" {
		t.Errorf("%d %s %+v", status, code, far.user)
	}
}

// The secret of the local link is as good as the setup code, once, on a page of
// the machine itself.
func TestLocalLinkFounds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.link
	form := Registration{Name: "Ann", Email: "ann@example.com", Password: pass, OrganizationName: "Acme", SetupCode: link}
	b := h.browser()
	for _, b.origin = range []string{"", "http://localhost:5173"} {
		if status, code := b.in("/api/auth/register", form); status != http.StatusForbidden || code != models.CodeSetupCode || h.link != link {
			t.Errorf("a page of %q: %d %s", b.origin, status, code)
		}
	}
	b.origin = "http://localhost:5000"
	short := form
	short.OrganizationName = ""
	if status, _ := b.in("/api/auth/register", short); status != http.StatusBadRequest || h.link != link {
		t.Errorf("a form with a mistake uses the link up: %d", status)
	}
	if status, code := b.in("/api/auth/register", form); status != http.StatusCreated || h.link == link {
		t.Errorf("%d %s", status, code)
	}
}

// Of many first visitors one founds, whoever is how fast.
func TestOneFounder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			form := Registration{Name: "A", Email: string(rune('a'+i)) + "@example.com", Password: pass, OrganizationName: "Acme", SetupCode: h.accounts.setupCode}
			if status, _ := h.browser().in("/api/auth/register", form); status == http.StatusCreated {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d founded it", won.Load())
	}
}

// A founder who was cut off before the organization was written has it all the same.
func TestHalfFounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hash, err := h.accounts.hasher.hash(t.Context(), false, pass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.CreateUser(t.Context(), "local", models.User{ID: "u", Email: "ann@example.com", Name: "Ann", Role: models.RoleEditor, Password: hash, First: true, Founder: "Acme"}); err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	if status, code := b.in("/api/auth/login", Credentials{Email: "ann@example.com", Password: pass}); status != http.StatusOK || b.user.Role != models.RoleAdmin || b.user.OrganizationName != "Acme" {
		t.Errorf("%d %s %+v", status, code, b.user)
	}
}

func TestRegistrationOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Open = true })
	first, second := h.founder(), h.browser()
	if status, code := second.in("/api/auth/register", Registration{Name: "Bob", Email: "bob@example.com", Password: pass, OrganizationName: "Globex"}); status != http.StatusCreated {
		t.Fatalf("%d %s", status, code)
	}
	if second.user.OrganizationID == first.user.OrganizationID || second.user.Role != models.RoleAdmin {
		t.Errorf("the second founder is %+v", second.user)
	}
	// Neither sees nor reaches the other's.
	var list MemberList
	second.must(http.StatusOK, "GET", "/api/org/members", nil, &list)
	if len(list.Data) != 1 || list.Data[0].Email != "bob@example.com" {
		t.Errorf("%+v", list)
	}
	for _, id := range []string{first.user.UserID, "nobody", models.NewID(time.Now())} {
		second.must(http.StatusNotFound, "PATCH", "/api/org/members/"+id, MemberEdit{models.RoleViewer}, nil)
		second.must(http.StatusNotFound, "POST", "/api/org/members/"+id+"/reset", nil, nil)
		second.must(http.StatusNoContent, "DELETE", "/api/org/members/"+id, nil, nil)
	}
	first.must(http.StatusOK, "GET", "/api/org/members", nil, &list)
	var made Invite
	first.must(http.StatusCreated, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, &made)
	second.must(http.StatusNotFound, "DELETE", "/api/org/invites/"+made.ID, nil, nil)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	good := Registration{Name: "Ann", Email: "ann@example.com", Password: pass, OrganizationName: "Acme"}
	for name, change := range map[string]func(*Registration){
		"no name":            func(r *Registration) { r.Name = " " },
		"a long name":        func(r *Registration) { r.Name = strings.Repeat("ä", 101) },
		"a control in it":    func(r *Registration) { r.Name = "a\nb" },
		"no address":         func(r *Registration) { r.Email = "ann" },
		"an address's name":  func(r *Registration) { r.Email = "Ann <ann@example.com>" },
		"a long address":     func(r *Registration) { r.Email = strings.Repeat("a", 250) + "@example.com" },
		"a short password":   func(r *Registration) { r.Password = "short" },
		"a long password":    func(r *Registration) { r.Password = strings.Repeat("xy", 101) },
		"a common password":  func(r *Registration) { r.Password = "Password123" },
		"one character":      func(r *Registration) { r.Password = "zzzzzzzzzzzz" },
		"the address itself": func(r *Registration) { r.Password = r.Email },
		"no organization":    func(r *Registration) { r.OrganizationName = "" },
	} {
		form := good
		change(&form)
		if status, code := h.browser().in("/api/auth/register", form); status != http.StatusBadRequest || code != models.CodeInvalid {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	if status, _ := h.browser().call("POST", "/api/auth/login", map[string]any{"email": map[string]string{"$ne": ""}, "password": 1}, nil); status != http.StatusBadRequest {
		t.Errorf("an object for a text: %d", status)
	}
	if there, _ := h.store.HasUsers(t.Context()); there {
		t.Error("one of them made an account")
	}
}

// Who is not there takes the same work as who is, and has the same answer.
func TestLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.founder()
	work := func(c Credentials) (int, models.Code, int64) {
		before := h.accounts.hasher.hashes.Load()
		status, code := h.browser().in("/api/auth/login", c)
		return status, code, h.accounts.hasher.hashes.Load() - before
	}
	for name, c := range map[string]Credentials{
		"wrong": {Email: "ann@example.com", Password: "wrong horse battery"}, "unknown": {Email: "bob@example.com", Password: pass}, "no address": {Email: "%", Password: pass}, "nothing": {},
	} {
		if status, code, n := work(c); status != http.StatusUnauthorized || code != models.CodeCredentials || n != maxTried {
			t.Errorf("%s: %d %s, hashed %d times", name, status, code, n)
		}
	}
	if status, _, n := work(Credentials{Email: " ANN@example.com", Password: pass}); status != http.StatusOK || n != maxTried {
		t.Errorf("right: %d, hashed %d times", status, n)
	}
}

func TestLoginsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Limits = limits.New(limits.Settings{AccountLogins: 3, AddressLogins: 7}, nil) })
	try := func(from, email string) models.Code {
		b := h.browser()
		b.from = from
		_, code := b.in("/api/auth/login", Credentials{Email: email, Password: "x"})
		return code
	}
	for i, want := range []models.Code{models.CodeCredentials, models.CodeCredentials, models.CodeCredentials, models.CodeRateLimited} {
		if code := try("192.0.2.1:1", "Ann@example.com"); code != want {
			t.Errorf("try %d of an account: %s", i, code)
		}
	}
	if code := try("192.0.2.2:1", "ann@example.com "); code != models.CodeRateLimited {
		t.Errorf("the account from another address: %s", code)
	}
	for i, want := range []models.Code{models.CodeCredentials, models.CodeCredentials, models.CodeCredentials, models.CodeCredentials, models.CodeRateLimited} {
		if code := try("192.0.2.1:1", string(rune('a'+i))+"@example.com"); code != want {
			t.Errorf("try %d from an address: %s", i, code)
		}
	}
}

// Another site's page signs nobody in and renews nothing.
func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	for origin, want := range map[string]int{
		"https://evil.example": http.StatusForbidden, "null": http.StatusForbidden, "http://localhost:5000": http.StatusOK, "http://localhost:5173": http.StatusOK,
	} {
		b.origin = origin
		if status, _ := b.refresh(); status != want {
			t.Errorf("from %s: %d", origin, status)
		}
	}
}

// Over https the cookie has a prefix that no page over http can set, and is not
// taken without.
func TestSecureCookie(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.PublicURL = "https://rooms.example/reel" })
	send := func(path, cookie, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		return w
	}
	w := send("/api/auth/register", "", `{"name":"Ann","email":"ann@example.com","password":"`+pass+`","organizationName":"Acme","setupCode":"`+h.accounts.setupCode+`"}`)
	var c *http.Cookie
	for _, c = range w.Result().Cookies() { // the device's, and then the session's
		if !strings.HasPrefix(c.Name, "__Secure-reelroom_session") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/reel/api/auth" {
			t.Errorf("%+v", c)
		}
	}
	for _, c = range w.Result().Cookies() {
		if c.Name == "__Secure-reelroom_session" {
			break
		}
	}
	if c == nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := send("/api/auth/refresh", "reelroom_session="+c.Value, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("without the prefix: %d", w.Code)
	}
	if w := send("/api/auth/refresh", c.Name+"="+c.Value, ""); w.Code != http.StatusOK {
		t.Errorf("with it: %d %s", w.Code, w.Body)
	}
}

// Tokens of another issuer are good beside those of accounts, each by its own key.
func TestOutsideIssuerBeside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	who := models.Identity{UserID: "x", OrganizationID: "globex", Role: models.RoleAdmin}
	sign := func(s auth.Signer) string {
		token, _, err := s.Token(who, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	ours, _, err := h.accounts.Tokens.Token(who, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"theirs":          {sign(auth.Signer{Secret: []byte(outside), Issuer: "elsewhere"}), http.StatusOK},
		"theirs, as ours": {sign(auth.Signer{Secret: []byte(outside), Issuer: "reelroom-accounts"}), http.StatusUnauthorized},
		"ours":            {ours, http.StatusOK},
	} {
		other := h.browser()
		other.token = c.token
		if status, code := other.call("GET", "/api/auth/me", nil, nil); status != c.want {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	// An organization of theirs has no accounts here.
	other := h.browser()
	other.token = sign(auth.Signer{Secret: []byte(outside), Issuer: "elsewhere"})
	var list MemberList
	other.must(http.StatusOK, "GET", "/api/org/members", nil, &list)
	if len(list.Data) != 0 {
		t.Errorf("%+v", list)
	}
	other.must(http.StatusUnprocessableEntity, "POST", "/api/org/invites", InviteOrder{Role: models.RoleViewer}, nil)
	b.must(http.StatusOK, "GET", "/api/auth/me", nil, nil)
}

// What is founded here has an id that an issuer elsewhere may not name; what is
// that issuer's own is not taken for one of ours.
func TestOrganizationsOfAccountsAreReserved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.FirstOrganization = ""; c.Open = true })
	b := h.founder()
	if !h.accounts.Reserved(b.user.OrganizationID) || h.accounts.Reserved("globex") || h.accounts.Reserved("local") {
		t.Errorf("%s is reserved: %v", b.user.OrganizationID, h.accounts.Reserved(b.user.OrganizationID))
	}
	local := newHouse(t)
	local.founder()
	again, err := New(t.Context(), local.accounts.Config)
	if err != nil || !again.Reserved("local") {
		t.Errorf("after a restart under an issuer: %v", err)
	}
}

// Who went on without an account is out once there is one.
func TestLocalAdminEndsWithTheFirstAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	local := h.browser()
	local.origin = "http://localhost:5000"
	if status, _ := local.in("/api/auth/local", api.LocalSecret{Secret: h.link}); status != http.StatusOK {
		t.Fatal(status)
	}
	h.founder()
	if status, code := local.call("GET", "/api/auth/me", nil, nil); status != http.StatusUnauthorized || code != models.CodeTokenRevoked {
		t.Errorf("%d %s", status, code)
	}
}

// A page that was away signs out with a token that has expired, and no other.
func TestSignOutWithAnExpiredToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.founder()
	who := models.Identity{UserID: b.user.UserID, OrganizationID: b.user.OrganizationID, Role: models.RoleAdmin}
	var err error
	if b.token, _, err = h.accounts.Tokens.Token(who, time.Now().Add(-2*time.Hour), time.Hour); err != nil {
		t.Fatal(err)
	}
	cookie := b.cookie
	none := h.browser()
	none.token = b.token
	if status, code := none.call("POST", "/api/auth/logout", nil, nil); code != models.CodeTokenExpired {
		t.Errorf("without a session: %d %s", status, code)
	}
	b.must(http.StatusNoContent, "POST", "/api/auth/logout", nil, nil)
	b.cookie, b.token = cookie, ""
	if status, _ := b.refresh(); status != http.StatusUnauthorized {
		t.Errorf("the session goes on: %d", status)
	}
}

// No text that stands where a cookie does makes anything but a refusal.
func FuzzCookie(f *testing.F) {
	f.Add("local.u." + strings.Repeat("a", 69))
	f.Add("a.b.c.d")
	f.Add("%2E.%00.x")
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("POST", "/api/auth/refresh", nil)
		r.Header.Set("Cookie", cookieName+"="+value)
		if got, id, ok := new(Accounts).sessionOf(r); ok && (!models.ValidID(got.org) || !models.ValidID(got.owner) || len(id) != 26 || got.secret == "") {
			t.Errorf("%q reads as %+v %q", value, got, id)
		}
	})
}

func FuzzTicket(f *testing.F) {
	f.Add(ticket{"acme", "u", "s"}.String())
	f.Add("a.b.c.d")
	f.Add("%2E.%00.x")
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := parseTicket(s); ok && got.String() != s {
			t.Errorf("%q reads as %+v, which is %q", s, got, got.String())
		}
	})
}
