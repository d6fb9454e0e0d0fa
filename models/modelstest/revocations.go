package modelstest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// revoke adds a revocation, and checks what comes back.
func revoke(t testing.TB, s models.Revocations, org string, r models.Revocation) models.Revocation {
	t.Helper()
	kept, err := s.Revoke(within(t), org, r)
	if err != nil {
		t.Fatalf("revoke: %v", err)
	}
	if kept.Seq <= 0 || kept.OrganizationID != org || kept.Kind != r.Kind || kept.Subject != r.Subject || kept.At.IsZero() {
		t.Fatalf("%+v was kept as %+v", r, kept)
	}
	return kept
}

func aUser(id string) models.Revocation {
	return models.Revocation{Kind: models.RevokeUser, Subject: id, By: "admin"}
}

func aToken(id string, left time.Duration) models.Revocation {
	return models.Revocation{Kind: models.RevokeToken, Subject: id, Until: time.Now().Add(left), By: id}
}

// since reads all that is kept after a place, in pages.
func since(t testing.TB, s models.Revocations, after int64, limit int) []models.Revocation {
	t.Helper()
	var all []models.Revocation
	for {
		page, err := s.Since(within(t), after, limit)
		if err != nil {
			t.Fatalf("since %d: %v", after, err)
		}
		for _, r := range page {
			if r.Seq <= after {
				t.Fatalf("%d comes after %d", r.Seq, after)
			}
			after = r.Seq
		}
		if all = append(all, page...); len(page) < limit {
			return all
		}
	}
}

func revocations(t *testing.T, s Stores) {
	stores := s.both(t)
	if found := since(t, stores[0], 0, 10); len(found) != 0 {
		t.Fatalf("an empty store has %v", found)
	}
	began := time.Now().Add(-time.Minute)
	var want []models.Revocation
	for i, id := range []string{"u", "U", "é", "e\u0301", "a:b", "$x", "a.b"} {
		for _, org := range []string{acme, globex, "acme:u"} {
			want = append(want, revoke(t, stores[i%2], org, aUser(id)), revoke(t, stores[1-i%2], org, aToken(id, time.Hour)))
		}
	}
	for _, r := range want {
		if r.Kind == models.RevokeUser && (!r.Until.Equal(models.Forever) || r.By != "admin") || r.At.Before(began) || r.At.After(time.Now().Add(time.Minute)) {
			t.Errorf("kept: %+v", r)
		}
	}
	for _, limit := range []int{1, 5, len(want), 1000} {
		if found := since(t, stores[0], 0, limit); !slices.Equal(found, want) {
			t.Errorf("in pages of %d:\n%v\nwant\n%v", limit, found, want)
		}
	}
	if found := since(t, stores[1], want[9].Seq, 4); !slices.Equal(found, want[10:]) {
		t.Errorf("after the tenth: %v", found)
	}
	for _, limit := range []int{0, -1} {
		if found, err := stores[0].Since(within(t), 0, limit); err != nil || len(found) != 1 {
			t.Errorf("limit %d: %v, %v", limit, found, err)
		}
	}
}

func revocationsRefused(t *testing.T, s Stores) {
	store := s.fresh(t)
	long := strings.Repeat("x", models.MaxIDBytes+1)
	for _, c := range []struct {
		org string
		r   models.Revocation
	}{
		{"", aUser("u")}, {"a b", aUser("u")}, {long, aUser("u")}, {acme, aUser("")}, {acme, aUser("a b")}, {acme, aToken(long, 1)},
		{acme, models.Revocation{Kind: "organization", Subject: "u"}}, {acme, models.Revocation{Subject: "u"}},
		{acme, models.Revocation{Kind: models.RevokeUser, Subject: "u", By: "a b"}},
	} {
		_, err := store.Revoke(within(t), c.org, c.r)
		code(t, fmt.Sprintf("%q %+v", c.org, c.r), err, models.CodeInvalid)
	}
	if found := since(t, store, 0, 10); len(found) != 0 {
		t.Errorf("kept: %v", found)
	}
}

// What says more replaces what said less, under a new number; what says no more
// changes nothing.
func revokedAgain(t *testing.T, s Stores) {
	store := s.fresh(t)
	token := revoke(t, store, acme, aToken("t", time.Hour))
	for _, left := range []time.Duration{time.Hour - time.Minute, -time.Hour} {
		if again := revoke(t, store, acme, aToken("t", left)); again != token {
			t.Errorf("%v became %v", token, again)
		}
	}
	longer := revoke(t, store, acme, models.Revocation{Kind: models.RevokeToken, Subject: "t"})
	if longer.Seq <= token.Seq || !longer.Until.Equal(models.Forever) {
		t.Errorf("%v was to be longer than %v", longer, token)
	}
	other := revoke(t, store, globex, aUser("u"))
	user := revoke(t, store, acme, aUser("u"))
	var again models.Revocation
	for again = user; again.Seq == user.Seq; { // the store counts milliseconds
		again = revoke(t, store, acme, aUser("u"))
	}
	if again.Seq < user.Seq || !again.At.After(user.At) {
		t.Errorf("%v, then %v", user, again)
	}
	if found, want := since(t, store, 0, 10), []models.Revocation{longer, other, again}; !slices.Equal(found, want) {
		t.Errorf("kept:\n%v\nwant\n%v", found, want)
	}
}

// What is over is removed some time, and its number never used again: who has
// read as far as there would miss the new one.
func revocationsEnd(t *testing.T, s Stores) {
	store := s.fresh(t)
	last := int64(0)
	for i := range 4 {
		gone := revoke(t, store, acme, aToken(fmt.Sprint("t", i), -25*time.Hour))
		if found := since(t, store, last, 10); !slices.Equal(found, []models.Revocation{gone}) {
			t.Fatalf("after %d: %v, want %v", last, found, gone)
		}
		last = gone.Seq
	}
	late := revoke(t, store, acme, aToken("late", -time.Minute)) // for clocks that are late
	kept := revoke(t, store, acme, aUser("u"))
	if found := since(t, store, 0, 10); !slices.Equal(found, []models.Revocation{late, kept}) {
		t.Errorf("kept: %v, want %v and %v", found, late, kept)
	}
}

// Whoever follows misses nothing, however many write at once.
func revocationsFollowed(t *testing.T, s Stores) {
	const writers, each = 6, 12
	address := s.Fresh(t)
	stores := []models.Store{s.at(t, address)}
	for s.Shared && len(stores) < 3 { // three nodes, which know nothing of each other
		stores = append(stores, s.at(t, address))
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		race(writers, func(n int) {
			for i := range each {
				ctx, r := within(t), aUser(fmt.Sprintf("u%d.%d", n, i))
				_, err := stores[n%len(stores)].Revoke(ctx, fmt.Sprint("org", i%3), r)
				for models.CodeOf(err) == models.CodeUnavailable && ctx.Err() == nil { // a slow machine
					_, err = stores[n%len(stores)].Revoke(ctx, fmt.Sprint("org", i%3), r)
				}
				if err != nil {
					t.Errorf("writer %d: %v", n, err)
				}
			}
		})
	}()
	seen, after := map[string]bool{}, int64(0)
	for done := false; !done; {
		select {
		case <-written:
			done = true // and one look more
		default:
		}
		for _, r := range since(t, stores[len(stores)-1], after, 7) {
			seen[r.Subject], after = true, r.Seq
		}
	}
	if len(seen) != writers*each {
		t.Errorf("the reader saw %d of %d", len(seen), writers*each)
	}
}

// A revocation that was answered outlives the process.
func revocationsLast(t *testing.T, s Stores) {
	address, ctx := s.Fresh(t), within(t)
	store, err := s.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	first := revoke(t, store, acme, aUser("u"))
	if err := store.Close(ctx); err != nil {
		t.Error(err)
	}
	_, err = store.Revoke(ctx, acme, aUser("v"))
	code(t, "revoke in a closed store", err, models.CodeUnavailable)
	_, err = store.Since(ctx, 0, 10)
	code(t, "read a closed store", err, models.CodeUnavailable)
	store = s.at(t, address)
	second := revoke(t, store, acme, aUser("v"))
	if found := since(t, store, 0, 10); !slices.Equal(found, []models.Revocation{first, second}) {
		t.Errorf("kept: %v", found)
	}
}
