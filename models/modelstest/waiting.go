package modelstest

import (
	"testing"

	"reelroom/models"
)

// What waits for a worker, or is with one, is counted, for each organization.
func waiting(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	count := func(org string, want int) {
		t.Helper()
		if n, err := store.Waiting(ctx, org); err != nil || n != want {
			t.Errorf("%q has %d under way, %v; want %d", org, n, err, want)
		}
	}
	count(acme, 0)
	v := create(t, store, acme)
	create(t, store, globex)
	count(acme, 1)
	v = advance(t, store, v, models.Claim("w", 1))
	count(acme, 1)
	v = advance(t, store, v, published) // settled, and under way
	count(acme, 1)
	complete(t, store, v)
	count(acme, 0)
	for _, end := range []models.Transition{models.Cancel(), models.Delete()} {
		v := create(t, store, acme)
		count(acme, 1)
		advance(t, store, v, end)
		count(acme, 0)
	}
	for range 25 { // more than a page
		create(t, store, acme)
	}
	count(acme, 25)
	count(globex, 1)
	for _, org := range []string{"", "ACME", "acme ", "acme%", "%", "*", `{"$ne":""}`} {
		count(org, 0)
	}
}
