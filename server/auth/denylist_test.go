package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// fakeRevocations is a store that two nodes share, and that can be away.
type fakeRevocations struct {
	mu   sync.Mutex
	all  []models.Revocation
	down error
}

func (f *fakeRevocations) Revoke(_ context.Context, org string, r models.Revocation) (models.Revocation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return r, f.down
	}
	r.Seq, r.OrganizationID, r.At = int64(len(f.all)+1), org, time.Now()
	if r.Until.IsZero() {
		r.Until = models.Forever
	}
	f.all = append(f.all, r)
	return r, nil
}

func (f *fakeRevocations) Since(_ context.Context, after int64, limit int) ([]models.Revocation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return nil, f.down
	}
	rest := f.all[after:]
	return rest[:min(limit, len(rest))], nil
}

func (f *fakeRevocations) set(down error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func openList(t testing.TB, store models.Revocations, logger *slog.Logger) *Denylist {
	t.Helper()
	d, err := OpenDenylist(t.Context(), store, 0, logger)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func revoke(t testing.TB, d *Denylist, org string, kind models.RevocationKind, subject string) {
	t.Helper()
	if _, err := d.Revoke(t.Context(), org, models.Revocation{Kind: kind, Subject: subject}); err != nil {
		t.Fatal(err)
	}
}

func TestRevokedTokensAreRefused(t *testing.T) {
	t.Parallel()
	store := &fakeRevocations{}
	d := openList(t, store, nil)
	v, err := New(t.Context(), Config{Secrets: [][]byte{secret}, Revoked: d.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token := func(user, org string, issued any, jti any) string {
		return hs(t, jwt.MapClaims{"userId": user, "organizationId": org, "iat": issued, "jti": jti, "exp": now.Add(time.Hour).Unix()})
	}
	before, after := now.Add(-time.Minute).Unix(), now.Add(20*time.Second).Unix()
	unnamed := token("cid", "acme", before, nil)
	who, err := v.Verify(t.Context(), unnamed)
	if err != nil {
		t.Fatal(err)
	}
	revoke(t, d, "acme", models.RevokeUser, "ann")
	revoke(t, d, "acme", models.RevokeToken, "t-1")
	revoke(t, d, "acme", models.RevokeToken, who.TokenID)
	later := openList(t, store, nil) // a node that starts only now knows it, too
	for _, c := range []struct {
		name, token string
		revoked     bool
	}{
		{"issued before", token("ann", "acme", before, "t-2"), true},
		{"without iat", token("ann", "acme", nil, "t-2"), true},
		{"issued later", token("ann", "acme", after, "t-2"), false},
		{"issued later, but revoked by itself", token("ann", "acme", after, "t-1"), true},
		{"elsewhere", token("ann", "globex", before, "t-1"), false},
		{"somebody else", token("bob", "acme", before, "t-2"), false},
		{"somebody else of that name's case", token("Ann", "acme", before, "t-2"), false},
		{"the token", token("bob", "acme", before, "t-1"), true},
		{"without jti", unnamed, true},
		{"another without jti", token("cid", "acme", before-1, nil), false},
	} {
		_, err := v.Verify(t.Context(), c.token)
		if c.revoked && (models.CodeOf(err) != models.CodeTokenRevoked || !strings.HasSuffix(err.Error(), ": Invalid token")) || !c.revoked && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		who, err := v.Inspect(t.Context(), c.token)
		if err != nil || later.Revoked(who) != c.revoked {
			t.Errorf("%s, elsewhere: %v", c.name, err)
		}
	}
	if s := d.Stats(); s.Active != 3 || s.Applied != 3 || s.Age < 0 || s.Age > time.Minute {
		t.Errorf("stats: %+v", s)
	}
}

// A node learns within 2 s what another one revoked, and says so once.
func TestRevocationsReachTheOtherNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &fakeRevocations{}
		a, b := openList(t, store, nil), openList(t, store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		for _, d := range []*Denylist{a, b} {
			done.Go(func() {
				if err := d.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		calls, seen := 0, make(chan models.Revocation, 1)
		a.Watch(func(models.Revocation) { calls++ })
		b.Watch(func(r models.Revocation) {
			if !b.Revoked(models.Identity{OrganizationID: "acme", UserID: r.Subject}) {
				t.Error("told before it holds")
			}
			seen <- r
		})
		worst := time.Duration(0)
		for i := range 50 {
			user := fmt.Sprint("u", i)
			began := time.Now()
			revoke(t, a, "acme", models.RevokeUser, user)
			if !a.Revoked(models.Identity{OrganizationID: "acme", UserID: user}) || calls != i+1 {
				t.Fatalf("not at once on its own node; %d calls", calls)
			}
			if r := <-seen; r.Subject != user {
				t.Errorf("%s came as %+v", user, r)
			}
			worst = max(worst, time.Since(began))
			time.Sleep(3 * time.Second) // its own node reads it again, and says nothing
		}
		if worst > time.Second || calls != 50 {
			t.Errorf("it took up to %s; %d calls", worst, calls)
		}
		cancel()
		done.Wait()
	})
}

// While the store is away the node goes on with what it knows and says so once;
// when it is back, what was missed comes within seconds.
func TestStoreOfRevocationsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, away := &fakeRevocations{}, errors.New("away")
		var log bytes.Buffer
		b := openList(t, store, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		revoke(t, b, "acme", models.RevokeUser, "ann")
		store.set(away)
		time.Sleep(time.Minute)
		ann, bob := models.Identity{OrganizationID: "acme", UserID: "ann"}, models.Identity{OrganizationID: "acme", UserID: "bob"}
		if _, err := b.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeUser, Subject: "bob"}); !errors.Is(err, away) || b.Revoked(bob) || !b.Revoked(ann) {
			t.Errorf("while it is away: %v", err)
		}
		if _, err := OpenDenylist(t.Context(), store, 0, nil); !errors.Is(err, away) {
			t.Errorf("a node that starts: %v", err)
		}
		if s := b.Stats(); s.Age < 58*time.Second {
			t.Errorf("age %s", s.Age)
		}
		store.set(nil)
		if _, err := store.Revoke(ctx, "acme", models.Revocation{Kind: models.RevokeUser, Subject: "bob"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pollLeast * 6 / 5)
		synctest.Wait()
		if !b.Revoked(bob) || b.Stats().Age > 6*time.Second {
			t.Error("what was missed did not come")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines in the log:\n%s", n, log.String())
		}
	})
}

// What is over is dropped, but not so soon that a clock set back brings it back.
func TestOldRevocationsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openList(t, &fakeRevocations{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		for i := range 5 {
			r := models.Revocation{Kind: models.RevokeToken, Subject: fmt.Sprint("t", i), Until: time.Now().Add(time.Hour)}
			if _, err := d.Revoke(ctx, fmt.Sprint("org", i), r); err != nil {
				t.Fatal(err)
			}
		}
		revoke(t, d, "acme", models.RevokeUser, "ann")
		time.Sleep(time.Hour + denyGrace - time.Minute)
		if n := d.Stats().Active; n != 6 {
			t.Errorf("%d are left too early", n)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := d.Stats().Active; n != 1 || len(d.orgs) != 1 || !d.Revoked(models.Identity{OrganizationID: "acme", UserID: "ann"}) {
			t.Errorf("%d are left, of %d organizations", n, len(d.orgs))
		}
		cancel()
		<-done
	})
}

// BenchmarkRevoked is what the list adds to the verification of a token.
func BenchmarkRevoked(b *testing.B) {
	store := &fakeRevocations{}
	for i := range 100_000 {
		_, _ = store.Revoke(b.Context(), fmt.Sprint("org", i%50), models.Revocation{Kind: models.RevokeUser, Subject: fmt.Sprint("u", i)})
	}
	d := openList(b, store, nil)
	who := models.Identity{OrganizationID: "org7", UserID: "u8", TokenID: models.NewID(time.Now())}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if d.Revoked(who) {
				b.Error("revoked")
			}
		}
	})
}
