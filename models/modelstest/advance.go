package modelstest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

func transitionErrors(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	v := create(t, store, acme)
	mine := errors.New("mine")
	for _, want := range []error{mine, models.ErrStale, models.Errorf(models.CodeInvalid, "x"), context.Canceled} {
		got, err := store.Advance(ctx, acme, v.ID, func(v *models.Video, _ time.Time) error {
			v.Title, v.Rev, v.Status = "half", 77, models.StatusFailed
			return want
		})
		if err != want || got.ID != "" {
			t.Errorf("%v came back as %v, with %+v", want, err, got)
		}
		same(t, store, v)
	}
	_, err := store.Advance(ctx, acme, "absent", func(*models.Video, time.Time) error { return mine })
	code(t, "absent", err, models.CodeNotFound)
}

// Many workers race for one video: one gets it.
func oneClaim(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	v := create(t, stores[0], acme)
	var won, leased atomic.Int32
	race(32, func(i int) {
		got, err := stores[i%2].Advance(ctx, acme, v.ID, models.Claim(fmt.Sprint("worker ", i), 1))
		switch {
		case err == nil && got.Fence == 1 && got.Lease.Worker == fmt.Sprint("worker ", i):
			won.Add(1)
		case errors.Is(err, models.ErrLeased):
			leased.Add(1)
		default:
			t.Errorf("claim: %+v, %v", got, err)
		}
	})
	if won.Load() != 1 || leased.Load() != 31 {
		t.Errorf("%d won, %d found it leased", won.Load(), leased.Load())
	}
}

func renames(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	v := create(t, stores[0], acme)
	// Over a network all must be done within one call's time, on a slow machine too.
	atOnce := make(chan struct{}, map[bool]int{true: 8, false: 200}[s.Shared])
	race(200, func(i int) {
		atOnce <- struct{}{}
		defer func() { <-atOnce }()
		if _, err := stores[i%2].Advance(ctx, acme, v.ID, Edit(fmt.Sprint(i))); err != nil {
			t.Errorf("rename: %v", err)
		}
	})
	got, err := stores[0].Get(ctx, acme, v.ID)
	if err != nil || got.Rev != v.Rev+200 || got.Version != v.Version+200 {
		t.Errorf("after 200 renames: rev %d, version %d, %v", got.Rev, got.Version, err)
	}
}

// Each writer adds something of its own; nobody's may be overwritten.
func noLostUpdate(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	v := create(t, stores[0], acme)
	race(8, func(writer int) {
		for n := range 10 {
			_, err := stores[writer%2].Advance(ctx, acme, v.ID, func(v *models.Video, _ time.Time) error {
				v.Warnings = append(v.Warnings, models.Warning{Code: fmt.Sprint(writer, ".", n)})
				return nil
			})
			if err != nil {
				t.Errorf("writer %d: %v", writer, err)
			}
		}
	})
	got, err := stores[1].Get(ctx, acme, v.ID)
	seen := map[string]int{}
	for _, w := range got.Warnings {
		seen[w.Code]++
	}
	if err != nil || len(got.Warnings) != 80 || len(seen) != 80 || got.Rev != 1 {
		t.Errorf("%d kept, %d different, rev %d, %v", len(got.Warnings), len(seen), got.Rev, err)
	}
}

// A worker's success, another's failure, a user's cancel and a report from outside
// race: one stands, and it is remembered if it was the report.
func oneOutcome(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	for range 10 {
		v := advance(t, stores[0], create(t, stores[0], acme), models.Claim("w", 1))
		for _, stage := range models.Stages[:2] {
			v = advance(t, stores[0], v, models.FinishStage(v.Fence, stage, func(*models.Video) {}))
		}
		var won atomic.Int32
		ends := []models.Transition{
			models.FinishStage(v.Fence, models.StageSensitivity, func(*models.Video) {}),
			models.Fail(v.Fence, models.Failure{Code: models.CodeStalled}),
			models.Cancel(),
			models.EndOutside(models.Outside{ID: "report", Metadata: &models.Metadata{DurationSeconds: 3}}),
		}
		race(12, func(i int) {
			if _, err := stores[i%2].Advance(ctx, acme, v.ID, ends[i/2%4]); err == nil {
				won.Add(1)
			} else if c := models.CodeOf(err); c != models.CodeStale && c != models.CodeConflict {
				t.Errorf("end %d: %v", i, err)
			}
		})
		got, err := stores[0].Get(ctx, acme, v.ID)
		if won.Load() != 1 || err != nil || got.Rev != v.Rev+1 || !got.Status.Terminal() {
			t.Errorf("%d outcomes; the record is %+v, %v", won.Load(), got, err)
		}
		if outside := got.Status == models.StatusCompleted && got.Metadata != nil; got.ReportedAs("report") != outside {
			t.Errorf("reported %v, but the record is %+v", outside, got)
		}
	}
}

// A call whose context has ended changes nothing and says that it was given up.
func givenUp(t *testing.T, s Stores) {
	store := s.fresh(t)
	v := create(t, store, acme)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := store.Advance(ctx, acme, v.ID, Edit("x"))
	code(t, "advance", err, models.CodeUnavailable)
	_, err = store.Get(ctx, acme, v.ID)
	code(t, "get", err, models.CodeUnavailable)
	_, err = store.Create(ctx, acme, models.Video{ID: "other"})
	code(t, "create", err, models.CodeUnavailable)
	code(t, "purge", store.Purge(ctx, acme, v.ID), models.CodeUnavailable)
	_, err = store.Once(ctx, "name", "value")
	code(t, "once", err, models.CodeUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is hidden: %v", err)
	}
	same(t, store, v)
}

func panicking(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	v := create(t, store, acme)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = store.Advance(ctx, acme, v.ID, func(v *models.Video, _ time.Time) error { v.Title = "half"; panic("transition") })
	}()
	same(t, store, v)
	advance(t, store, v, Edit("whole"))
}

// Edit is a change that clients see and that any record allows, published or
// not; models.Rename asks for more.
func Edit(title string) models.Transition {
	return func(v *models.Video, now time.Time) error {
		v.Title = title
		v.Rev++
		v.UpdatedAt = now
		return nil
	}
}
