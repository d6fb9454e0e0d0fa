package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// What is written by or about an organization carries words that are nobody
// else's: its id, the ids of its videos, words in titles and messages. Whoever
// receives bytes has them looked through for such words.

// mark says whom a word is for: everybody of a tenant, one person, or those who
// follow a video.
type mark struct {
	tenant *tenant
	person *person
	video  string
	step   int64 // of its making
	final  bool
}

// realm is three organizations in one house, and what the model knows.
type realm struct {
	house   *house
	tenants []*tenant
	step    atomic.Int64
	ctx     context.Context

	mu     sync.RWMutex
	marks  map[string]mark
	leaks  []string
	heard  int64
	finals map[string]int
}

type tenant struct {
	id      string
	number  int
	people  []*person
	videos  []string // live
	deleted []string
	batches []string
	uploads []string
	head    string // the place of the last event
	ears    []*ear
	// typed are the ids that its own people have sent: its trail tells of them.
	typed map[string]bool
}

type person struct {
	tenant  *tenant
	user    string
	role    models.Role
	good    string
	expired string
	forged  string
	revoked string
}

// word makes one that no other text has.
func word(kind string) string { return fmt.Sprintf("%s%016x", kind, rand.Uint64()) }

func (w *realm) note(text string, m mark) string {
	m.step = w.step.Load()
	w.mu.Lock()
	w.marks[text] = m
	w.mu.Unlock()
	return text
}

func newRealm(ctx context.Context, h *house) (*realm, error) {
	w := &realm{house: h, ctx: ctx, marks: map[string]mark{}, finals: map[string]int{}}
	for i := range 3 {
		t := &tenant{id: word("org"), number: i, typed: map[string]bool{}}
		w.note(t.id, mark{tenant: t})
		for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin, models.RoleService, models.RoleViewer} {
			p := &person{tenant: t, user: fmt.Sprintf("u%d%s", len(t.people), role), role: role}
			if err := w.badge(p); err != nil {
				return nil, err
			}
			t.people = append(t.people, p)
		}
		w.tenants = append(w.tenants, t)
	}
	return w, nil
}

// badge makes the tokens of a person, good and bad.
func (w *realm) badge(p *person) (err error) {
	who := models.Identity{UserID: p.user, OrganizationID: p.tenant.id, Role: p.role}
	mint := func(secret string, life time.Duration) (token string) {
		if err == nil {
			token, _, err = auth.Signer{Secret: []byte(secret)}.Token(who, life)
		}
		return token
	}
	p.good, p.expired = mint(w.house.secret, time.Hour), mint(w.house.secret, -time.Hour)
	p.forged, p.revoked = mint(strings.Repeat("another secret ", 4), time.Hour), mint(w.house.secret, time.Hour)
	if err == nil {
		if code := w.house.ask("POST", "/api/auth/logout", p.revoked, nil).Code; code != http.StatusNoContent {
			err = fmt.Errorf("logout answered %d", code)
		}
	}
	return err
}

func (t *tenant) of(role models.Role) *person {
	for _, p := range t.people {
		if p.role == role {
			return p
		}
	}
	return nil
}

func (w *realm) leak(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.leaks) < 5 {
		w.leaks = append(w.leaks, fmt.Sprintf(format, args...))
	}
}

func (w *realm) leaked() string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return strings.Join(w.leaks, "\n")
}

// scanner cuts what somebody receives into words, also where they are cut, and
// looks each up.
type scanner struct {
	realm  *realm
	door   string
	person *person // nil for somebody whom nobody let in
	// follows says whether what only a video's followers hear may come; nil: never.
	follows func(video string, step int64) bool
	// typed are ids that may come back, whosever they are.
	typed map[string]bool
	word  []byte
}

const longestWord = 80

func (s *scanner) feed(p []byte) {
	for _, c := range p {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z':
			if len(s.word) < longestWord {
				s.word = append(s.word, c)
			}
		default:
			s.end()
		}
	}
}

func (s *scanner) end() {
	if len(s.word) > 12 { // every mark is longer
		s.realm.mu.RLock()
		m, ok := s.realm.marks[string(s.word)]
		s.realm.mu.RUnlock()
		if ok {
			s.judge(m, string(s.word))
		}
	}
	s.word = s.word[:0]
}

func (s *scanner) judge(m mark, text string) {
	switch {
	case s.person != nil && s.typed[text]:
	case s.person == nil:
		s.realm.leak("%s: somebody without a token was given %s of %s", s.door, text, m.tenant.id)
	case m.tenant != s.person.tenant:
		s.realm.leak("%s: %s of %s was given %s of %s", s.door, s.person.user, s.person.tenant.id, text, m.tenant.id)
	case m.person != nil && m.person.user != s.person.user:
		s.realm.leak("%s: %s was given %s, which is for %s", s.door, s.person.user, text, m.person.user)
	case m.video != "" && (s.follows == nil || !s.follows(m.video, m.step)):
		s.realm.leak("%s: %s was given %s, which is for those who follow %s", s.door, s.person.user, text, m.video)
	default:
		s.realm.mu.Lock()
		s.realm.heard++
		if m.final {
			s.realm.finals[s.door+" "+s.person.tenant.id+" "+s.person.user+" "+text]++
		}
		s.realm.mu.Unlock()
	}
}

// all looks through a text that is complete.
func (s *scanner) all(p []byte) {
	s.feed(p)
	s.end()
}

// tappedConn shows every byte that comes to a scanner.
type tappedConn struct {
	net.Conn
	scanner scanner
}

func (c *tappedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.scanner.feed(p[:n])
	return n, err
}

// tapped is a client whose every connection is looked through.
func (w *realm) tapped(door string, p *person, follows func(string, int64) bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 8,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &tappedConn{Conn: conn, scanner: scanner{realm: w, door: door, person: p, follows: follows}}, nil
		},
	}}
}

func decodeInto(raw []byte, value any) error {
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("%w: %s", err, raw)
	}
	return nil
}
