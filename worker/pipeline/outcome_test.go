package pipeline

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// What a stage said and what is still on its way is not heard after the record's
// own word: the next stage, a put-off, an outcome.
func TestNoProgressAfterTheRecordsWord(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]func(fence int64) models.Transition{
		"next stage": func(fence int64) models.Transition {
			return models.FinishStage(fence, models.StageMetadata, func(*models.Video) {})
		},
		"put off":   func(fence int64) models.Transition { return models.PutOff(fence, models.Failure{Message: "Full."}) },
		"failed":    func(fence int64) models.Transition { return models.Fail(fence, models.Failure{}) },
		"cancelled": func(int64) models.Transition { return models.Cancel() },
		"deleted":   func(int64) models.Transition { return models.Delete() },
		"elsewhere": func(int64) models.Transition { return models.EndOutside(models.Outside{ID: "x"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			v := p.must(t, models.Claim("w1", 1))
			p.must(t, word(v.Fence))
			before, err := p.Log.Head(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Publisher.Progress(t.Context(), &v, models.Report{Fraction: 0.9, Message: "late"}, models.ToOrganization); err != nil {
				t.Fatal(err)
			}
			if after, err := p.Log.Head(t.Context(), "acme"); err != nil || after != before {
				t.Errorf("the log went from %v to %v, %v", before, after, err)
			}
		})
	}
}

// fullVideos takes no writes at first.
type fullVideos struct {
	models.Videos
	left atomic.Int32
	err  error
}

func (s *fullVideos) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	if s.left.Add(-1) >= 0 {
		return models.Video{}, s.err
	}
	return s.Videos.Advance(ctx, org, id, t)
}

// A store that is away, or full, for a moment costs neither the stage's result
// nor a crash; any other answer stands.
func TestAdvanceOutlastsTheStore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  *models.Error
		want models.Code
	}{
		{models.Errorf(models.CodeUnavailable, "Away.").Again(time.Second), ""},
		{models.Errorf(models.CodeStorageFull, "Full."), ""},
		{models.ErrStale, models.CodeStale},
		{models.Errorf(models.CodeInternal, "Mistake."), models.CodeInternal},
	} {
		p := newPipeline(t)
		v := p.must(t, models.Claim("w1", 1))
		store := &fullVideos{Videos: p.Videos, err: test.err}
		store.left.Store(2)
		p.Publisher.Videos = store
		next, err := p.advance(t.Context(), &v, models.FinishStage(v.Fence, models.StageMetadata, func(*models.Video) {}))
		if test.want == "" && (err != nil || next.Stage != models.StageThumbnail) || test.want != "" && models.CodeOf(err) != test.want {
			t.Errorf("%v: %s, %v", test.err, next.Stage, err)
		}
	}
}

// longAway is a store that is away until a moment.
type longAway struct {
	models.Videos
	models.Policies
	until time.Time
}

var errLongAway = models.Errorf(models.CodeUnavailable, "Away.").Again(0)

func (s *longAway) Advance(context.Context, string, string, models.Transition) (models.Video, error) {
	if time.Now().Before(s.until) {
		return models.Video{}, errLongAway
	}
	return models.Video{ID: "v"}, nil
}

func (s *longAway) Policy(context.Context, string) (models.PolicyRecord, error) {
	if time.Now().Before(s.until) {
		return models.PolicyRecord{}, errLongAway
	}
	return models.PolicyRecord{}, models.Errorf(models.CodeInternal, "This is far enough.")
}

// A store that is away for many minutes ends neither a stage that has finished
// nor one that has just begun, and its return is noticed before a reconciler of
// another process finds the lease run out.
func TestLongOutagesAreOutlasted(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *Pipeline) error{
		"a stage's end": func(ctx context.Context, p *Pipeline) error {
			_, err := p.advance(ctx, &models.Video{}, models.Heartbeat(1))
			return err
		},
		"the policy": func(ctx context.Context, p *Pipeline) error {
			_, err := p.sensitivity(ctx, &job{video: models.Video{Metadata: &models.Metadata{}}, seen: &seenBefore{}})
			if models.CodeOf(err) == models.CodeInternal {
				return nil
			}
			return err
		},
	}
	for name, call := range calls {
		synctest.Test(t, func(t *testing.T) {
			store := &longAway{until: time.Now().Add(10 * time.Minute)}
			p := &Pipeline{Policies: store, Publisher: &rooms.Publisher{Videos: store, Logger: quiet}}
			if err := call(t.Context(), p); err != nil || time.Since(store.until) > heartbeatAgain {
				t.Errorf("%s: %v, %s after the store's return", name, err, time.Since(store.until))
			}
			store.until = time.Now().Add(24 * time.Hour)
			if err := call(t.Context(), p); models.CodeOf(err) != models.CodeUnavailable {
				t.Errorf("%s waits for ever: %v", name, err)
			}
		})
	}
}
