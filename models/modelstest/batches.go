package modelstest

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

// createBatch adds a batch whose request is called "r".
func createBatch(t testing.TB, s models.Store, org string) models.Batch {
	t.Helper()
	b, err := s.CreateBatch(within(t), org, models.Batch{ID: models.NewID(time.Now()), CreatedBy: "amy", Receiver: models.Lease{Worker: "r"}})
	if err != nil {
		t.Fatalf("create a batch: %v", err)
	}
	return b
}

func advanceBatch(t testing.TB, s models.Store, b models.Batch, changes ...models.BatchChange) models.Batch {
	t.Helper()
	for i, c := range changes {
		next, err := s.AdvanceBatch(within(t), b.OrganizationID, b.ID, c)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		b = next
	}
	return b
}

// finished ends a batch, and says when.
func finished(at time.Time) models.BatchChange {
	return func(b *models.Batch, _ time.Time) error {
		b.Receiver, b.Outcome, b.FinishedAt = models.Lease{}, models.BatchComplete, at
		return nil
	}
}

func batches(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	given := models.Batch{
		ID: "b1", OrganizationID: globex, CreatedBy: "amy", Receiver: models.Lease{Worker: "r"},
		Outcome: models.BatchComplete, Version: 9, Accepted: 9, RejectedCount: 9, Cut: true, CancelledBy: "bob", FinishedAt: time.Unix(1, 0),
	}
	b, err := stores[0].CreateBatch(ctx, acme, given)
	if err != nil {
		t.Fatal(err)
	}
	if b.OrganizationID != acme || b.Version != 1 || b.Outcome != "" || b.Accepted != 0 || b.RejectedCount != 0 || b.Cut || b.CancelledBy != "" || !b.FinishedAt.IsZero() {
		t.Errorf("a new batch has a past: %+v", b)
	}
	if hold := b.Receiver.Until.Sub(b.CreatedAt); b.Receiver.Worker != "r" || hold != models.LeaseTime || time.Since(b.CreatedAt).Abs() > time.Minute || b.CreatedBy != "amy" {
		t.Errorf("a new batch is %+v", b)
	}
	_, err = stores[1].CreateBatch(ctx, acme, given)
	code(t, "the same id again", err, models.CodeConflict)
	if other, err := stores[1].CreateBatch(ctx, globex, given); err != nil || other.OrganizationID != globex {
		t.Errorf("another organization's batch of this id: %+v, %v", other, err)
	}
	for _, bad := range [][2]string{{"", "b"}, {acme, ""}, {acme, "a b"}, {"a\nb", "b"}} {
		_, err := stores[0].CreateBatch(ctx, bad[0], models.Batch{ID: bad[1], Receiver: models.Lease{Worker: "r"}})
		code(t, "create with a bad id", err, models.CodeInvalid)
		_, err = stores[0].Batch(ctx, bad[0], bad[1])
		code(t, "get with a bad id", err, models.CodeNotFound)
		_, err = stores[0].AdvanceBatch(ctx, bad[0], bad[1], finished(time.Now()))
		code(t, "advance with a bad id", err, models.CodeNotFound)
	}
	_, err = stores[0].CreateBatch(ctx, acme, models.Batch{ID: "b2"})
	code(t, "nobody brings the files", err, models.CodeInvalid)
	for _, org := range []string{"Acme", "evil", "%", `{"$ne":""}`} {
		_, err := stores[0].Batch(ctx, org, "b1")
		code(t, "another's", err, models.CodeNotFound)
		_, err = stores[0].AdvanceBatch(ctx, org, "b1", finished(time.Now()))
		code(t, "change another's", err, models.CodeNotFound)
	}

	rejected := []models.Rejection{{Index: 3, Name: "a \xff 🎬 \x00 <b>.txt", Code: models.CodeUnsupportedMedia, Message: "no"}, {Index: 5}}
	b = advanceBatch(t, stores[1], b, models.BatchReceiving("r", rejected, 1002), models.BatchReceived("r", 7, rejected, 1002, true))
	if b.Version != 3 || b.Accepted != 7 || b.RejectedCount != 1002 || !b.Cut || b.Receiving() || b.Rejected[0].Name != "a \uFFFD 🎬 \x00 <b>.txt" {
		t.Errorf("received: %+v", b)
	}
	if kept, err := stores[0].Batch(ctx, acme, "b1"); err != nil || !reflect.DeepEqual(kept, b) {
		t.Errorf("kept as %+v, %v\nwant %+v", kept, err, b)
	}
	_, err = stores[0].AdvanceBatch(ctx, acme, "b1", models.BatchReceiving("r", nil, 0))
	code(t, "a request that was closed", err, models.CodeStale)
	if _, err := stores[0].AdvanceBatch(ctx, acme, "b1", func(b *models.Batch, _ time.Time) error { b.Accepted = 99; return errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("the change's own error came as %v", err)
	}
	moved := advanceBatch(t, stores[0], b, func(b *models.Batch, now time.Time) error {
		if now.Location() != time.UTC || now.Nanosecond()%1e6 != 0 || time.Since(now).Abs() > time.Minute {
			t.Errorf("the store's time is %v", now)
		}
		b.ID, b.OrganizationID, b.CreatedBy, b.CreatedAt = "x", "x", "x", now.Add(far)
		b.Rejected = make([]models.Rejection, models.MaxRejections+5)
		return nil
	})
	if moved.ID != "b1" || moved.OrganizationID != acme || moved.CreatedBy != "amy" || !moved.CreatedAt.Equal(b.CreatedAt) || moved.Accepted != 7 || len(moved.Rejected) != models.MaxRejections {
		t.Errorf("a change renamed or moved the record, or made it too large: %+v", moved)
	}
}

// Of many who finish one version, one does; no write is lost.
func batchRaced(t *testing.T, s Stores) {
	stores := s.both(t)
	b := createBatch(t, stores[0], acme)
	race(8, func(i int) {
		if _, err := stores[i%2].AdvanceBatch(within(t), acme, b.ID, func(b *models.Batch, _ time.Time) error { b.Accepted++; return nil }); err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	})
	b = advanceBatch(t, stores[0], b, models.BatchReceived("r", 1, nil, 0, false))
	if b.Version != 10 {
		t.Errorf("after 9 writes the version is %d", b.Version)
	}
	var won atomic.Int32
	race(8, func(i int) {
		switch _, err := stores[i%2].AdvanceBatch(within(t), acme, b.ID, models.FinishBatch(b.Version, models.BatchComplete)); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, models.ErrStale):
			t.Errorf("finisher %d: %v", i, err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d finished it", won.Load())
	}
	won.Store(0)
	race(8, func(i int) { // the same for the id of an idempotency key
		switch _, err := stores[i%2].CreateBatch(within(t), acme, models.Batch{ID: "one", Receiver: models.Lease{Worker: fmt.Sprint("r", i)}}); {
		case err == nil:
			won.Add(1)
		case models.CodeOf(err) != models.CodeConflict:
			t.Errorf("maker %d: %v", i, err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d made it", won.Load())
	}
}

// The tally and the list of a batch are of its own videos and nobody else's.
func batchTally(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	add := func(org, batch string, transitions ...models.Transition) models.Video {
		t.Helper()
		v, err := store.Create(ctx, org, models.Video{ID: models.NewID(time.Now()), BatchID: batch})
		if err != nil {
			t.Fatal(err)
		}
		return advance(t, store, v, transitions...)
	}
	failing := func(v *models.Video, now time.Time) error {
		return models.Fail(v.Fence, models.Failure{Code: models.CodeCorrupt})(v, now)
	}
	retried := []models.Transition{models.Claim("w", 1), failing, published, models.Retry(false)}
	want := []string{
		add(acme, "b").ID, add(acme, "b").ID, add(acme, "b", models.Claim("w", 1)).ID, complete(t, store, add(acme, "b", models.Claim("w", 1))).ID,
		add(acme, "b", models.Claim("w", 1), failing).ID, add(acme, "b", models.Cancel()).ID,
		add(acme, "b", retried...).ID, add(acme, "b", append(retried, models.Claim("w", 2))...).ID,
	}
	add(acme, "b", models.Delete())
	add(acme, "B")
	add(acme, "")
	add(globex, "b")
	moved := add(acme, "c", func(v *models.Video, _ time.Time) error { v.BatchID = "b"; return nil })
	if moved.BatchID != "c" {
		t.Errorf("a transition moved a video to batch %s", moved.BatchID)
	}
	tally := models.BatchTally{Waiting: 2, Running: 1, Retrying: 2, Completed: 1, Failed: 1, Cancelled: 1}
	if got, err := store.TallyBatch(ctx, acme, "b"); err != nil || got != tally || got.Present() != 8 || got.Open() != 3 {
		t.Errorf("tally %+v, %v; want %+v", got, err, tally)
	}
	for _, nobody := range [][2]string{{acme, ""}, {acme, "%"}, {"", "b"}, {"ACME", "b"}, {acme, "absent"}} {
		if got, err := store.TallyBatch(ctx, nobody[0], nobody[1]); err != nil || got != (models.BatchTally{}) {
			t.Errorf("%q: %+v, %v", nobody, got, err)
		}
	}
	var listed []string
	page := models.Page{Limit: 3, Batch: "b"}
	for {
		found, err := store.List(ctx, acme, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found.Videos {
			if v.BatchID != "b" || v.OrganizationID != acme {
				t.Errorf("listed %+v", v)
			}
			listed = append(listed, v.ID)
		}
		if page.After = found.NextCursor; page.After == "" {
			break
		}
	}
	if len(listed) != len(want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
	found, err := store.List(ctx, acme, models.Page{Limit: 10, Batch: "b", Status: []models.Status{models.StatusProcessing}})
	if err != nil || len(found.Videos) != 2 {
		t.Errorf("processing: %+v, %v", found, err)
	}
}

// Batches without an outcome are found over all organizations, oldest first.
func batchesUnsettled(t *testing.T, s Stores) {
	store := s.fresh(t)
	read := func(limit int) (found []string) {
		t.Helper()
		for after := (models.BatchRef{}); ; {
			page, err := store.UnsettledBatches(within(t), after, limit)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				found, after = append(found, page[i].OrganizationID+"/"+page[i].ID), page[i].Ref()
			}
			if len(page) < limit {
				return found
			}
		}
	}
	var want []string
	var all []models.Batch
	for i := range 5 {
		b := createBatch(t, store, []string{acme, globex}[i%2])
		all, want = append(all, b), append(want, b.OrganizationID+"/"+b.ID)
		time.Sleep(2 * time.Millisecond) // ids are ordered by time, but random within a millisecond
	}
	for _, limit := range []int{1, 2, 100} {
		if found := read(limit); fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("in pages of %d: %v, want %v", limit, found, want)
		}
	}
	advanceBatch(t, store, all[1], finished(time.Now()))
	again := advanceBatch(t, store, all[2], models.BatchReceived("r", 1, nil, 0, true), finished(time.Now()))
	if found := read(2); fmt.Sprint(found) != fmt.Sprint(append(want[:1:1], want[3:]...)) {
		t.Errorf("after two have ended: %v", found)
	}
	advanceBatch(t, store, again, models.ReceiveAgain("r2"))
	if found := read(2); fmt.Sprint(found) != fmt.Sprint(append(want[:1:1], want[2:]...)) {
		t.Errorf("after one was taken up again: %v", found)
	}
}

func batchesTrimmed(t *testing.T, s Stores) {
	store := s.fresh(t)
	now := time.Now()
	open, old, fresh := createBatch(t, store, acme), createBatch(t, store, globex), createBatch(t, store, acme)
	advanceBatch(t, store, old, finished(now.Add(-far)))
	advanceBatch(t, store, fresh, finished(now))
	if n, err := store.TrimBatches(within(t), now.Add(-far/2)); err != nil || n != 1 {
		t.Errorf("%d went, %v", n, err)
	}
	for b, there := range map[*models.Batch]bool{&open: true, &old: false, &fresh: true} {
		if _, err := store.Batch(within(t), b.OrganizationID, b.ID); (err == nil) != there {
			t.Errorf("%s/%s: %v", b.OrganizationID, b.ID, err)
		}
	}
}
