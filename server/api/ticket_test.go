package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// streams is a door as those for browsers are: it says who asks, and no more.
type streams struct{}

func (streams) Routes(g *Gate) []Route {
	stream := func(w http.ResponseWriter, r *http.Request) error {
		who, err := g.StreamVisitor(w, r)
		if err != nil {
			return err
		}
		return Write(w, http.StatusOK, UserOf(who))
	}
	return []Route{
		{"GET /api/test/stream/{id}", stream},
		{"POST /api/test/stream/{id}", stream},
		{"GET /api/test/once", func(w http.ResponseWriter, r *http.Request) error {
			who, err := g.Visitor(r)
			if err != nil {
				return err
			}
			return Write(w, http.StatusOK, UserOf(who))
		}},
	}
}

func withStreams(c *Config) { c.Doors = append(c.Doors, streams{}) }

const testStream = "/api/test/stream/one"

func (b *bench) ticket(t testing.TB, token string) string {
	t.Helper()
	var got Ticket
	a := b.do("POST", "/api/tickets", token, nil)
	a.into(t, http.StatusCreated, &got)
	if left := time.Until(got.ExpiresAt); got.Ticket == "" || left <= 0 || left > 30*time.Second || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s, %v", a.body, a.Header)
	}
	return got.Ticket
}

func at(path, ticket string) string { return path + "?after=x.1&ticket=" + url.QueryEscape(ticket) }

// passOf returns the one cookie that an answer sets, as a browser sends it.
func passOf(t testing.TB, a answer) (set *http.Cookie, header string) {
	t.Helper()
	cookies := slices.DeleteFunc(a.Cookies(), func(c *http.Cookie) bool { return c.MaxAge < 0 })
	if len(cookies) != 1 {
		t.Fatalf("%d cookies: %d %s", len(cookies), a.StatusCode, a.body)
	}
	return cookies[0], cookies[0].Name + "=" + cookies[0].Value
}

func TestTicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, withStreams)
	mine := token(t, "acme", models.RoleEditor)
	for _, path := range []string{"/api/test/once", testStream} {
		ticket := b.ticket(t, mine)
		var who User
		b.do("GET", at(path, ticket), "", nil).into(t, http.StatusOK, &who)
		if who.OrganizationID != "acme" || who.UserID != "editor" || who.Role != models.RoleEditor || time.Until(who.ExpiresAt) < 59*time.Minute {
			t.Errorf("%+v", who)
		}
		b.do("GET", at(path, ticket), "", nil).refused(t, http.StatusUnauthorized, models.CodeTicketInvalid)
	}
	// A header is enough, and uses no ticket up.
	ticket := b.ticket(t, mine)
	b.do("GET", at(testStream, ticket), mine, nil).into(t, http.StatusOK, nil)
	b.do("GET", at(testStream, ticket), "wrong", nil).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	// A ticket opens what asks for it, and nothing else.
	for _, e := range entries("x", "b", "", "") {
		if a := b.do(e.method, at(e.path, ticket), "", strings.NewReader(e.body), "Content-Type", e.kind); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s took a ticket: %d", e.method, e.path, a.StatusCode)
		}
	}
	b.do("POST", at(testStream, ticket), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	if a := b.do("HEAD", at(testStream, ticket), "", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	b.do("GET", at(testStream, ticket), "", nil).into(t, http.StatusOK, nil)
	// Of many at once, one gets in.
	ticket = b.ticket(t, mine)
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if a := b.do("GET", at(testStream, ticket), "", nil); a.StatusCode == http.StatusOK {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d got in", won.Load())
	}
	off := newBench(t, func(c *Config) { withStreams(c); c.Tickets = nil })
	off.do("POST", "/api/tickets", mine, nil).refused(t, http.StatusUnprocessableEntity, models.CodeUnsupported)
	off.do("GET", at(testStream, ticket), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	off.do("GET", at("/api/test/once", ticket), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
}

func TestTicketsThatAreNone(t *testing.T) {
	t.Parallel()
	b := newBench(t, withStreams)
	mine := token(t, "acme", models.RoleEditor)
	ticket := b.ticket(t, mine)
	last := ticket[len(ticket)-3:]
	for name, wrong := range map[string]string{
		"a token": mine, "half": ticket[:len(ticket)/2], "longer": ticket + "AA", "long": ticket + strings.Repeat("A", 4<<10), "words": "rrt_acme.secret",
		"another organization": strings.Replace(ticket, "rrt_YWNtZQ.", "rrt_ZXZpbA.", 1), "no organization": "rrt_" + ticket[strings.IndexByte(ticket, '.'):],
		"another mark": strings.TrimSuffix(ticket, last) + strings.Map(func(r rune) rune { return r ^ 1 }, last[:1]) + last[1:],
	} {
		if wrong == ticket {
			t.Fatal(name, "is the ticket itself")
		}
		t.Log(name)
		b.do("GET", at(testStream, wrong), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	}
	b.do("GET", at(testStream, ""), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	b.do("GET", at(testStream, ticket), "", nil).into(t, http.StatusOK, nil)
	b.redis.SetError("away")
	b.do("GET", at(testStream, b.other(t)), "", nil).refused(t, http.StatusServiceUnavailable, models.CodeUnavailable)
	b.do("POST", "/api/tickets", mine, nil).refused(t, http.StatusServiceUnavailable, models.CodeUnavailable)
}

// other makes a ticket that Redis was not asked for.
func (b *bench) other(t testing.TB) string {
	t.Helper()
	b.redis.SetError("")
	defer b.redis.SetError("away")
	return b.ticket(t, token(t, "acme", models.RoleViewer))
}

// A ticket and its pass end with the token that they were made from.
func TestTicketEndsWithItsToken(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	b := newBench(t, func(c *Config) {
		withStreams(c)
		c.Tickets.(*auth.Tickets).Now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	})
	admin := token(t, "acme", models.RoleAdmin)
	mine := token(t, "acme", models.RoleEditor)
	waiting, used := b.ticket(t, mine), b.ticket(t, mine)
	_, pass := passOf(t, b.do("GET", at(testStream, used), "", nil))
	another := b.ticket(t, admin)
	_, foreign := passOf(t, b.do("GET", at(testStream, another), "", nil))

	b.do("DELETE", "/api/org/members/editor", admin, nil).into(t, http.StatusNoContent, nil)
	b.do("GET", at(testStream, waiting), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenRevoked)
	b.do("GET", at(testStream, used), "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTokenRevoked)
	b.do("GET", at(testStream, another), "", nil, "Cookie", foreign).into(t, http.StatusOK, nil)
	late.Store(int64(time.Hour))
	b.do("GET", at(testStream, another), "", nil, "Cookie", foreign).refused(t, http.StatusUnauthorized, models.CodeTokenExpired)

	late.Store(0)
	last := b.ticket(t, admin)
	late.Store(int64(time.Hour))
	b.do("GET", at(testStream, last), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenExpired)
	b.do("POST", "/api/tickets", admin, nil).refused(t, http.StatusUnauthorized, models.CodeTokenExpired)
}

// The browser that a stream was opened in may open it again, and nobody else.
func TestStreamComesBackByItsCookie(t *testing.T) {
	t.Parallel()
	b := newBench(t, withStreams)
	mine := token(t, "acme", models.RoleEditor)
	ticket := b.ticket(t, mine)
	first := b.do("GET", at(testStream, ticket), "", nil)
	set, pass := passOf(t, first)
	if set.Path != testStream || !set.HttpOnly || !set.Secure || set.SameSite != http.SameSiteLaxMode || set.Domain != "" || set.Partitioned ||
		time.Until(set.Expires) < 59*time.Minute || time.Until(set.Expires) > time.Hour {
		t.Errorf("%+v", set)
	}
	for range 3 {
		again := b.do("GET", at(testStream, ticket), "", nil, "Cookie", "x=y; "+pass)
		if again.StatusCode != http.StatusOK || string(again.body) != string(first.body) || len(again.Cookies()) != 0 {
			t.Errorf("%d %s %v, the first time %s", again.StatusCode, again.body, again.Cookies(), first.body)
		}
	}
	other := b.ticket(t, token(t, "acme", models.RoleAdmin))
	_, others := passOf(t, b.do("GET", at(testStream, other), "", nil))
	_, value, _ := strings.Cut(others, "=")
	unused := b.ticket(t, mine)
	flipped := []byte(set.Value)
	flipped[len(flipped)/2] ^= 1
	for name, cookie := range map[string]string{
		"none": "", "another's": others, "another's under this name": set.Name + "=" + value, "tampered": set.Name + "=" + string(flipped),
		"empty": set.Name + "=", "words": set.Name + "=words", "long": set.Name + "=" + strings.Repeat("A", 4<<10), "under another name": "x" + pass,
		"the token": set.Name + "=" + mine,
	} {
		t.Log(name)
		b.do("GET", at(testStream, ticket), "", nil, "Cookie", cookie).refused(t, http.StatusUnauthorized, models.CodeTicketInvalid)
	}
	b.do("GET", at("/api/test/stream/two", ticket), "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTicketInvalid)
	b.do("GET", at("/api/test/once", ticket), "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTicketInvalid)
	b.do("GET", testStream, "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	b.do("POST", at(testStream, ticket), "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	// A cookie that somebody planted does not spoil a ticket.
	b.do("GET", at(testStream, unused), "", nil, "Cookie", "__Secure-"+auth.PassName(unused)+"="+set.Value).into(t, http.StatusOK, nil)
	// On a node with another key neither counts.
	elsewhere := newBench(t, func(c *Config) { withStreams(c); c.Tickets.(*auth.Tickets).Key = []byte(strings.Repeat("x", 32)) })
	elsewhere.do("GET", at(testStream, ticket), "", nil, "Cookie", pass).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	for what, secret := range map[string]string{"a ticket": ticket, "a ticket's secret": ticket[len(ticket)-20:], "a pass": set.Value, "a token": "eyJ"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("%s is in the log", what)
		}
	}
}

func TestStreamCookieOfAnotherSite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		public, origin, path string
		secure, apart        bool
	}{
		"own page":                {"https://rooms.example", "", testStream, true, false},
		"own page, said":          {"https://rooms.example", "https://Rooms.example", testStream, true, false},
		"another allowed":         {"https://rooms.example", "https://app.example", testStream, true, true},
		"another, without TLS":    {"http://localhost:5000", "https://app.example", testStream, false, false},
		"below a path of a proxy": {"https://rooms.example/reel/", "", "/reel" + testStream, true, false},
	} {
		b := newBench(t, func(config *Config) { withStreams(config); config.PublicURL = c.public })
		header := []string{}
		if c.origin != "" {
			header = []string{"Origin", c.origin}
		}
		set, _ := passOf(t, b.do("GET", at(testStream, b.ticket(t, token(t, "acme", models.RoleViewer))), "", nil, header...))
		site := http.SameSiteLaxMode
		if c.apart {
			site = http.SameSiteNoneMode
		}
		if strings.HasPrefix(set.Name, "__Secure-") != c.secure || set.Path != c.path || set.Secure != c.secure || set.SameSite != site || set.Partitioned != c.apart {
			t.Errorf("%s: %+v", name, set)
		}
	}
}

// However often a page asks anew, its cookies fit into a request.
func TestStreamCookiesStayFew(t *testing.T) {
	t.Parallel()
	b := newBench(t, withStreams)
	mine := token(t, "acme", models.RoleEditor)
	jar := []string{"other=1"} // oldest first, as browsers send them
	for range 3 * maxPasses {
		a := b.do("GET", at(testStream, b.ticket(t, mine)), "", nil, "Cookie", strings.Join(jar, "; "))
		for _, c := range a.Cookies() {
			if c.MaxAge < 0 {
				for i, held := range jar {
					if strings.HasPrefix(held, c.Name+"=") && c.Path == testStream {
						jar = append(jar[:i:i], jar[i+1:]...)
						break
					}
				}
			} else {
				jar = append(jar, c.Name+"="+c.Value)
			}
		}
	}
	if len(jar) != maxPasses+1 || jar[0] != "other=1" {
		t.Errorf("%d cookies: %q", len(jar), jar[0])
	}
}

// breaking is a door that panics, before and after its answer has begun.
type breaking struct{}

func (breaking) Routes(g *Gate) []Route {
	return []Route{
		{"GET /api/test/before", func(http.ResponseWriter, *http.Request) error { panic("before") }},
		{"GET /api/test/after", func(w http.ResponseWriter, r *http.Request) error {
			if _, err := g.StreamVisitor(w, r); err != nil {
				return err
			}
			w.WriteHeader(http.StatusOK)
			panic("after")
		}},
	}
}

// Whatever goes wrong with a request, what it brought as a secret is in no log:
// not in the API's, and not in that of the HTTP server.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	var handler *API
	b := newBench(t, func(c *Config) {
		c.Doors = []Door{streams{}, breaking{}}
		handler = New(*c)
	})
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(b.log, nil), slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	d := b.put("acme")
	mine := token(t, "acme", models.RoleEditor)
	link, _ := url.Parse(d.Media)
	secrets := map[string]string{"a token": mine, "a signature": link.Query().Get("signature")}
	try := func(method, path, query string, header ...string) {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = path + "?" + query // as it is
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := server.Client().Do(req)
		if err != nil {
			return // the connection was cut, as it must be
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	for _, path := range []string{testStream, "/api/test/before", "/api/test/after", "/api/test/once", "/api/videos/" + d.ID + "/media", "/api/videos", "/api/nothing", "/ws", "/ws/batch/x", "/", "/api/%zz", "//api"} {
		ticket := b.ticket(t, mine)
		secrets["a ticket to "+path] = ticket[len(ticket)-30:]
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "BREW"} {
			for _, query := range []string{"ticket=" + ticket, "token=" + mine, link.RawQuery, "x;ticket=" + ticket + ";token=" + mine, "ticket=" + ticket + "%zz", "ticket=" + ticket + "&ticket=" + mine} {
				try(method, path, query)
				try(method, path, "", "Referer", "http://localhost:5000/?"+query, "Authorization", "Bearer "+mine, "Cookie", "token="+mine, "User-Agent", query, "Origin", "https://app.example")
			}
		}
	}
	log := b.log.String()
	if !strings.Contains(log, "panic: before") || !strings.Contains(log, "panic: after") {
		t.Error("the panics are not in the log")
	}
	for what, secret := range secrets {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("%s is in the log", what)
		}
	}
	for _, word := range []string{"eyJ", "rrt_", "signature=", "ticket="} {
		if i := strings.Index(log, word); i >= 0 {
			t.Errorf("%q is in the log: %s", word, log[max(i-200, 0):min(i+100, len(log))])
		}
	}
}

// FuzzTicket sends strangers' tickets and cookies.
func FuzzTicket(f *testing.F) {
	key := []byte(strings.Repeat("k", 32))
	tickets := &auth.Tickets{Key: key}
	f.Add("rrt_YWNtZQ.AAAA", "AAAA", "/api/jobs/x/stream")
	f.Add("rrt_.", "", "")
	h := New(Config{Tickets: tickets, Verify: anybody, Doors: []Door{streams{}}})
	f.Fuzz(func(t *testing.T, ticket, pass, path string) {
		if _, err := tickets.Admit(ticket, path, pass); err == nil {
			t.Error("a stranger was let in")
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", at(testStream, ticket), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: auth.PassName(ticket), Value: pass})
		w := &discardWriter{h: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != http.StatusUnauthorized {
			t.Errorf("%q: %d", ticket, w.status)
		}
	})
}
