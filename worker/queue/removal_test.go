package queue

import (
	"context"
	"testing"
	"time"

	"reelroom/models"
)

// stuckBlobs lets nothing be removed of one video.
type stuckBlobs struct {
	models.Blobs
	stuck string
	tried int
}

func (b *stuckBlobs) Delete(ctx context.Context, org, prefix string) error {
	b.tried++
	if prefix == b.stuck {
		return models.Errorf(models.CodeUnavailable, "The storage of files does not answer.").Again(0)
	}
	return b.Blobs.Delete(ctx, org, prefix)
}

// Files that cannot be removed hold nothing else up: neither work, nor what is
// to be told, nor other removals.
func TestFilesThatStayHoldNothingUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	blobs := &stuckBlobs{Blobs: r.Blobs}
	r.Reconciler.Blobs = blobs
	key := func(v *models.Video, _ time.Time) error { v.File.Key = models.SourceKey(v.ID, "n"); return nil }
	for _, id := range []string{"stuck", "gone"} {
		r.create(t, id)
		v := r.advance(t, id, key, models.Delete())
		if id == "stuck" {
			blobs.stuck = v.Folder()
		}
	}
	r.create(t, "failed")
	failed := r.advance(t, "failed", models.Claim("w", 1), models.Fail(1, models.Failure{Code: models.CodeCorrupt}))
	queued := r.create(t, "queued")
	if err := r.Pass(t.Context(), true); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("the pass says %v", err)
	}
	if v, err := r.Store.Get(t.Context(), "acme", failed.ID); err != nil || v.Unpublished() {
		t.Errorf("an outcome was not told: %v", err)
	}
	if _, some, err := r.client.order.waiting(t.Context(), 10); err != nil || len(some) != 1 || some[0] != models.TaskOf(&queued) {
		t.Errorf("waiting: %+v, %v", some, err)
	}
	left, err := r.Store.Unsettled(t.Context(), models.VideoRef{}, 10)
	if err != nil || len(left) != 2 || blobs.tried != 2 { // the stuck one, and the queued one
		t.Errorf("%d records left, %d removals tried, %v", len(left), blobs.tried, err)
	}
}
