package queue

import (
	"context"
	"testing"

	"reelroom/models"
)

// silentStore does not answer the reconciler.
type silentStore struct{ models.Store }

func (silentStore) Unsettled(context.Context, models.VideoRef, int) ([]models.Video, error) {
	return nil, models.Errorf(models.CodeUnavailable, "Away.").Again(0)
}

// A store that was away lets every lease run out. When it is back, living
// workers renew theirs before anybody takes them for dead.
func TestLeasesAreGivenTimeAfterTheStoreWasAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.create(t, "worked-on")
	r.advance(t, "worked-on", models.Claim("w", 1), over, models.Published(99))
	queued := r.create(t, "queued")
	store := r.Reconciler.Store
	waiting := func() []models.Task {
		_, some, err := r.client.order.waiting(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return some
	}
	for range 2 {
		r.Reconciler.Store = silentStore{store}
		if err := r.Pass(t.Context(), false); models.CodeOf(err) != models.CodeUnavailable {
			t.Fatalf("the store is away: %v", err)
		}
		r.Reconciler.Store = store
		r.pass(t)
		if some := waiting(); len(some) != 1 || some[0] != models.TaskOf(&queued) {
			t.Fatalf("just after the store's return: %+v", some)
		}
	}
	r.pass(t)
	if some := waiting(); len(some) != 2 {
		t.Errorf("later: %+v", some)
	}
}
