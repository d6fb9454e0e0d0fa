package pipeline

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// batch adds a batch of acme with so many queued videos; its request is "r".
func (p *Pipeline) batch(t *testing.T, videos int) models.Batch {
	t.Helper()
	store := p.Policies.(models.Store)
	b, err := store.CreateBatch(t.Context(), "acme", models.Batch{ID: models.NewID(time.Now()), Receiver: models.Lease{Worker: "r"}})
	if err != nil {
		t.Fatal(err)
	}
	for range videos {
		if _, err := p.Publisher.Create(t.Context(), "acme", models.Video{ID: models.NewID(time.Now()), BatchID: b.ID}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (p *Pipeline) change(t *testing.T, b models.Batch, changes ...models.BatchChange) models.Batch {
	t.Helper()
	for _, c := range changes {
		next, err := p.Policies.(models.Store).AdvanceBatch(t.Context(), "acme", b.ID, c)
		if err != nil {
			t.Fatal(err)
		}
		b = next
	}
	return b
}

func (p *Pipeline) batchNow(t *testing.T, b models.Batch) (models.Batch, models.BatchTally) {
	t.Helper()
	store := p.Policies.(models.Store)
	b, err := store.Batch(t.Context(), "acme", b.ID)
	if err != nil {
		t.Fatal(err)
	}
	tally, err := store.TallyBatch(t.Context(), "acme", b.ID)
	if err != nil {
		t.Fatal(err)
	}
	return b, tally
}

// died lets the hold of the request run out.
func died(b *models.Batch, now time.Time) error { b.Receiver.Until = now; return nil }

// A batch whose server died is closed with what had come; it ends with its
// videos, though nobody looks at it.
func TestBatchOfADeadServer(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	u := p.upkeep()
	keep := func() {
		t.Helper()
		if err := u.batches(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b := p.batch(t, 3)
	empty := p.batch(t, 0)
	keep()
	if b, _ = p.batchNow(t, b); !b.Receiving() {
		t.Fatal("a request that lives lost its batch")
	}
	p.change(t, b, models.BatchReceiving("r", []models.Rejection{{Index: 1}}, 1), died)
	p.change(t, empty, died)
	keep()
	if b, _ = p.batchNow(t, b); b.Receiving() || !b.Cut || b.Accepted != 3 || b.RejectedCount != 1 || b.Outcome != "" {
		t.Fatalf("closed: %+v", b)
	}
	if empty, _ = p.batchNow(t, empty); empty.Outcome != models.BatchFailed {
		t.Errorf("nothing had come: %+v", empty)
	}
	page, err := p.Policies.(models.Store).List(t.Context(), "acme", models.Page{Batch: b.ID})
	if err != nil || len(page.Videos) != 3 {
		t.Fatal(page, err)
	}
	for i, v := range page.Videos {
		if keep(); i == 2 {
			if b, _ = p.batchNow(t, b); b.Outcome != "" {
				t.Errorf("ended before its last video: %+v", b)
			}
		}
		change := models.Cancel()
		if i == 0 {
			change = func(v *models.Video, now time.Time) error {
				if err := models.Claim("w", 1)(v, now); err != nil {
					return err
				}
				for _, stage := range models.Stages {
					if err := models.FinishStage(v.Fence, stage, func(*models.Video) {})(v, now); err != nil {
						return err
					}
				}
				return nil
			}
		}
		if _, err := p.Publisher.Advance(t.Context(), "acme", v.ID, change); err != nil {
			t.Fatal(err)
		}
	}
	keep()
	if b, _ = p.batchNow(t, b); b.Outcome != models.BatchComplete || b.FinishedAt.IsZero() {
		t.Errorf("in the end: %+v", b)
	}
	version := b.Version
	keep()
	if b, _ = p.batchNow(t, b); b.Version != version {
		t.Error("an ended batch was written again")
	}
}

// Who cancels a batch may die at any video: another process carries it through,
// and each video ends once.
func TestCancellingSurvives(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	const videos = 24
	b := p.batch(t, videos)
	b = p.change(t, b, models.BatchReceived("r", videos, nil, 0, false), models.CancelBatch("amy"))
	ctx, die := context.WithCancel(t.Context())
	defer die()
	var n atomic.Int32
	settler := rooms.Batches{Store: p.Policies.(models.Store), Publisher: p.Publisher, Cancelled: func(context.Context, *models.Video) {
		if n.Add(1) == 7 {
			die()
		}
	}}
	if _, _, err := settler.Settle(ctx, b); err == nil {
		t.Error("it did not die")
	}
	var tally models.BatchTally
	if b, tally = p.batchNow(t, b); b.Outcome != "" || tally.Cancelled == 0 || tally.Waiting == 0 {
		t.Fatalf("half way: %+v, %+v", b, tally)
	}
	done := make(chan error, 3)
	for range cap(done) {
		go func() { done <- p.upkeep().batches(t.Context()) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if b, tally = p.batchNow(t, b); b.Outcome != models.BatchCancelled || tally.Cancelled != videos {
		t.Fatalf("in the end: %+v, %+v", b, tally)
	}
	events, err := p.Log.After(t.Context(), "acme", rooms.Cursor{}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	ended := map[string]int{}
	for _, e := range events {
		if e.Name == models.EventCancelled {
			ended[e.VideoID]++
		}
	}
	for id, n := range ended {
		if trail := p.trail(t, id); n != 1 || len(trail) != 1 || trail[0].By != "amy" || trail[0].Action != models.AuditCancel {
			t.Errorf("video %s was cancelled %d times; the trail says %+v", id, n, trail)
		}
	}
	if len(ended) != videos {
		t.Errorf("%d of %d were cancelled", len(ended), videos)
	}
}
