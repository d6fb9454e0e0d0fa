package modelstest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

const (
	acme   = "acme"
	globex = "globex"
	// far is a lease that does not run out during a test.
	far = time.Hour
)

// create adds a record and returns it.
func create(t testing.TB, s models.Store, org string) models.Video {
	t.Helper()
	id := models.NewID(time.Now())
	v, err := s.Create(within(t), org, models.Video{ID: id, Title: "Title of " + id})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return v
}

// advance applies transitions one after another; each must succeed.
func advance(t testing.TB, s models.Store, v models.Video, transitions ...models.Transition) models.Video {
	t.Helper()
	for i, transition := range transitions {
		next, err := s.Advance(within(t), v.OrganizationID, v.ID, transition)
		if err != nil {
			t.Fatalf("transition %d: %v", i, err)
		}
		v = next
	}
	return v
}

// published notes that all revisions so far are in the log.
func published(v *models.Video, now time.Time) error { return models.Published(v.Rev)(v, now) }

// leaseFor changes the end of the lease, from the store's time on.
func leaseFor(d time.Duration) models.Transition {
	return func(v *models.Video, now time.Time) error {
		v.Lease.Until = now.Add(d)
		return nil
	}
}

// complete takes a claimed video through all stages.
func complete(t testing.TB, s models.Store, v models.Video) models.Video {
	t.Helper()
	for _, stage := range models.Stages {
		v = advance(t, s, v, models.FinishStage(v.Fence, stage, func(*models.Video) {}))
	}
	return v
}

// same fails when a stored record is not what is wanted.
func same(t testing.TB, s models.Store, want models.Video) {
	t.Helper()
	got, err := s.Get(within(t), want.OrganizationID, want.ID)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("the store has\n%+v, not\n%+v", got, want)
	}
}

// code fails unless err is a [models.Error] of that code.
func code(t testing.TB, what string, err error, want models.Code) {
	t.Helper()
	if _, ok := errors.AsType[*models.Error](err); !ok || models.CodeOf(err) != want {
		t.Errorf("%s: %v, want an error with code %s", what, err, want)
	}
}

// race runs f n times at once and waits for all.
func race(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

func ids(videos []models.Video) []string {
	out := make([]string, len(videos))
	for i := range videos {
		out[i] = videos[i].OrganizationID + "/" + videos[i].ID
	}
	return out
}
