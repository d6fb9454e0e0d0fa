package limits

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caarlos0/env/v11"

	"reelroom/models"
)

func who(org, id string) models.Identity {
	return models.Identity{OrganizationID: org, UserID: id, Role: models.RoleViewer}
}

// refused checks that err says what and how long.
func refused(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	e, ok := errors.AsType[*models.Error](err)
	if !ok || e.Code != models.CodeRateLimited || !e.Retry || e.RetryAfter != wait || e.Message == "" {
		t.Errorf("got %#v, want a refusal for %v", err, wait)
	}
}

func allowed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("refused: %v", err)
	}
}

func stats(l *Limits) map[string]uint64 {
	out := map[string]uint64{}
	for _, s := range l.Stats() {
		if n := s.Refused(); n > 0 {
			out[s.Limit+" by "+s.Scope] = n
		}
	}
	return out
}

func TestSeats(t *testing.T) {
	t.Parallel()
	l := New(Settings{OrgConnections: 3, UserConnections: 2}, nil)
	first, err := l.Sit(who("a", "u"))
	allowed(t, err)
	_, err = l.Sit(who("a", "u"))
	allowed(t, err)
	_, err = l.Sit(who("a", "u"))
	refused(t, err, connectionWait)
	_, err = l.Sit(who("a", "v")) // the third of the organization
	allowed(t, err)
	_, err = l.Sit(who("a", "w"))
	refused(t, err, connectionWait)
	_, err = l.Sit(who("b", "u")) // another organization's user of that name
	allowed(t, err)
	if n := l.userConnections.holds(user{"a", "w"}); n != 0 {
		t.Errorf("a refused socket holds %d seats", n)
	}
	first.Leave()
	_, err = l.Sit(who("a", "w"))
	allowed(t, err)
	if got := stats(l); got["connections by user"] != 1 || got["connections by organization"] != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Settings{AddressConnections: 22, AddressHandshakes: 1, AddressFailures: 2}, nil)
		here, there := request("203.0.113.9:1"), request("203.0.113.10:1")
		var all []*Arrival
		for range 20 {
			a, err := l.Arrive(here)
			allowed(t, err)
			all = append(all, a)
		}
		_, err := l.Arrive(here)
		refused(t, err, time.Second)
		_, err = l.Arrive(there)
		allowed(t, err)
		for range 2 {
			time.Sleep(time.Second)
			_, err = l.Arrive(here)
			allowed(t, err)
		}
		time.Sleep(time.Second)
		_, err = l.Arrive(here)
		refused(t, err, connectionWait)
		all[0].Leave()
		time.Sleep(time.Second)
		arrival, err := l.Arrive(here)
		allowed(t, err)

		expired, invalid := models.Errorf(models.CodeTokenExpired, ""), models.Errorf(models.CodeTokenInvalid, "")
		same := func(got, want error) {
			t.Helper()
			if got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		for range 3 {
			same(l.ArrivalFailed(arrival, expired), expired)
		}
		same(l.ArrivalFailed(arrival, invalid), invalid)
		same(l.Failed(here, invalid), invalid)
		refused(t, l.Failed(here, invalid), 30*time.Second)
		refused(t, l.ArrivalFailed(arrival, invalid), 30*time.Second)
		same(l.Failed(here, expired), expired)
		same(l.Failed(there, invalid), invalid)
		time.Sleep(30 * time.Second)
		same(l.Failed(here, invalid), invalid)
		if got := stats(l); got["handshakes by address"] != 1 || got["connections by address"] != 1 || got["failed_tokens by address"] != 2 {
			t.Errorf("counted %v", got)
		}
	})
}

// A loopback address is one like any other: behind it may be a proxy that
// TRUSTED_PROXIES does not name.
func TestLoopbackIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Settings{AddressConnections: 3, AddressHandshakes: 1, AddressFailures: 2}, nil)
		invalid := models.Errorf(models.CodeTokenInvalid, "")
		for _, r := range []*http.Request{request("127.0.0.1:1"), request("[::1]:1"), request("127.0.0.2:1", "198.51.100.1")} {
			for range 3 {
				_, err := l.Arrive(r)
				allowed(t, err)
			}
			_, err := l.Arrive(r)
			refused(t, err, connectionWait)
			_, _ = l.Failed(r, invalid), l.Failed(r, invalid)
			refused(t, l.Failed(r, invalid), 30*time.Second)
		}
	})
}

func TestRatesOfUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Settings{UserMessages: 6, UserHandshakes: 1, UserSubscriptions: 1, UserRequests: 1, OrgEvents: 5, UserUploads: 1}, nil)
		for _, c := range []struct {
			name  string
			ask   func(models.Identity) error
			burst int
			wait  time.Duration
			whole bool // the organization's
		}{
			{"messages by user", l.Message, 6, 10 * time.Second, false},
			{"handshakes by user", l.Handshake, 20, time.Second, false},
			{"subscriptions by user", l.Subscription, 50, time.Second, false},
			{"requests by user", l.Request, 10, time.Second, false},
			{"events by organization", l.Event, 10, time.Second / 5, true},
		} {
			for range c.burst {
				allowed(t, c.ask(who("a", "u")))
			}
			refused(t, c.ask(who("a", "u")), c.wait)
			if c.whole {
				refused(t, c.ask(who("a", "v")), c.wait)
			} else {
				allowed(t, c.ask(who("a", "v")))
			}
			allowed(t, c.ask(who("b", "u")))
			time.Sleep(c.wait)
			allowed(t, c.ask(who("a", "u")))
			if stats(l)[c.name] == 0 {
				t.Errorf("%s were not counted: %v", c.name, stats(l))
			}
		}
		leave, err := l.Upload(who("a", "u"))
		allowed(t, err)
		_, err = l.Upload(who("a", "u"))
		refused(t, err, uploadWait)
		leave()
		_, err = l.Upload(who("a", "u"))
		allowed(t, err)
	})
}

type waiting map[string]int

func (w waiting) Waiting(_ context.Context, org string) (int, error) {
	if n, ok := w[org]; ok {
		return n, nil
	}
	return 0, models.ErrConflict
}

func TestQueue(t *testing.T) {
	t.Parallel()
	l, store := New(Settings{OrgQueued: 3}, nil), waiting{"a": 2, "b": 3}
	allowed(t, l.Queue(t.Context(), store, "a"))
	refused(t, l.Queue(t.Context(), store, "b"), queueWait)
	if err := l.Queue(t.Context(), store, "c"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("an error of the store became %v", err)
	}
	allowed(t, New(Settings{}, nil).Queue(t.Context(), store, "b"))
	allowed(t, (*Limits)(nil).Queue(t.Context(), store, "b"))
}

// With the default settings, all clients of a lost node may come back within
// 20 s, even if they are one user's, and come from one address.
func TestTheDefaultsBearAStorm(t *testing.T) {
	t.Parallel()
	var s Settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		const clients, within = 5000, 20 * time.Second
		l, r := New(s, nil), request("203.0.113.9:1")
		for range clients { // those that were there before
			_, err := l.Arrive(r)
			allowed(t, err)
			allowed(t, l.Handshake(who("a", "u")))
			_, err = l.Sit(who("a", "u"))
			allowed(t, err)
			allowed(t, l.Subscription(who("a", "u")))
		}
		time.Sleep(time.Minute)
		for range clients {
			_, err := l.Arrive(r)
			allowed(t, err)
			allowed(t, l.Handshake(who("a", "u")))
			_, err = l.Sit(who("a", "u"))
			allowed(t, err)
			allowed(t, l.Subscription(who("a", "u")))
			time.Sleep(within / clients)
		}
	})
}

// With every limit off, and without any limits.
func TestNoLimits(t *testing.T) {
	t.Parallel()
	for _, l := range []*Limits{nil, New(Settings{}, nil)} {
		r, invalid := request("203.0.113.9:1"), models.Errorf(models.CodeTokenInvalid, "")
		for range 200 {
			a, err := l.Arrive(r)
			allowed(t, err)
			for _, bad := range []error{l.ArrivalFailed(a, invalid), l.Failed(r, invalid)} {
				if bad != invalid {
					t.Errorf("a bad token is answered %v", bad)
				}
			}
			seat, err := l.Sit(who("a", "u"))
			allowed(t, err)
			_, err = l.Upload(who("a", "u"))
			allowed(t, err)
			for _, ask := range []func(models.Identity) error{l.Handshake, l.Message, l.Subscription, l.Request, l.Event} {
				allowed(t, ask(who("a", "u")))
			}
			a.Leave()
			seat.Leave()
		}
		l.Flood()
	}
}

func TestStatsNameEveryLimitOnce(t *testing.T) {
	t.Parallel()
	l := New(Settings{}, nil)
	seen := map[string]bool{}
	for _, s := range l.Stats() {
		name := s.Limit + " by " + s.Scope
		if s.Limit == "" || s.Scope == "" || seen[name] {
			t.Errorf("a limit is named %q", name)
		}
		seen[name] = true
		if s.Keys != nil && s.Keys() != 0 {
			t.Errorf("%s remembers %d", name, s.Keys())
		}
	}
	_, _ = l.Sit(who("a", "u"))
	_, _ = l.Arrive(request("203.0.113.9:1"))
	keys := 0
	for _, s := range l.Stats() {
		if s.Keys != nil {
			keys += s.Keys()
		}
	}
	if keys != 3 { // an organization, a user, an address
		t.Errorf("%d keys, want 3", keys)
	}
}
