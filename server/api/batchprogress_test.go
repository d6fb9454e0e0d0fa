package api

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"reelroom/models"
)

// between is a store at which something happens before the next list is read.
type between struct {
	models.Videos
	once sync.Once
	then func()
}

func (s *between) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	s.once.Do(s.then)
	return s.Videos.List(ctx, org, page)
}

// A video that ends while the state is read is counted as ended or as running,
// and not as neither: progress would fall.
func TestBatchProgressWhileAVideoEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ctx, editor := t.Context(), token(t, "acme", models.RoleEditor)
	var s models.BatchState
	b.batch(editor, nil, clips(2)...).into(t, http.StatusAccepted, &s)
	task := b.queue.all[0]
	v, err := b.library.Publisher.Advance(ctx, "acme", task.VideoID, models.Claim("w", 1))
	for _, stage := range models.Stages[:2] {
		if err == nil {
			v, err = b.library.Publisher.Advance(ctx, "acme", v.ID, models.FinishStage(v.Fence, stage, func(*models.Video) {}))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	before := b.status(editor, s.JobID)
	b.library.Store = &between{Videos: b.library.Store, then: func() {
		for _, stage := range models.Stages[2:] {
			if v, err = b.library.Publisher.Advance(ctx, "acme", v.ID, models.FinishStage(v.Fence, stage, func(*models.Video) {})); err != nil {
				t.Error(err)
			}
		}
	}}
	if now := b.status(editor, s.JobID); before.Progress != 35 || now.Progress != 50 || now.Processed != 1 {
		t.Errorf("%v, and then %v with %d that have ended", before.Progress, now.Progress, now.Processed)
	}
}
