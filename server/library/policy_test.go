package library

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"reelroom/models"
)

// ownPolicy is the default one for everybody.
type ownPolicy struct{ models.Policies }

func (ownPolicy) Policy(_ context.Context, org string) (models.PolicyRecord, error) {
	return models.PolicyRecord{OrganizationID: org, Policy: models.DefaultPolicy()}, nil
}

// slowScores is a store of files that answers when the caller has given up.
type slowScores struct{ models.Blobs }

func (slowScores) Open(ctx context.Context, _, _ string) (models.Blob, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A preview looks at so many videos and no more, one at a time for each
// organization, and tells what it knows when its time is over.
func TestPreviewIsBounded(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	l.Policies = ownPolicy{}
	for i := range 120 {
		id := fmt.Sprintf("v%03d", i)
		f.videos[at("acme", id)] = models.Video{ID: id, OrganizationID: "acme", Status: models.StatusCompleted}
	}
	half := 0.5
	edit := PolicyEdit{ReviewAt: &half, FlagAt: &half, SuggestiveAt: &half}
	p, err := l.PreviewPolicy(t.Context(), admin, edit)
	if err != nil || p.Videos != maxPreview || !p.More || p.Unknown != maxPreview || p.Changes == nil {
		t.Errorf("%+v, %v", p, err)
	}
	l.previews.Store("acme", true)
	_, err = l.PreviewPolicy(t.Context(), admin, edit)
	if e, ok := errors.AsType[*models.Error](err); !ok || e.Code != models.CodeRateLimited || e.RetryAfter == 0 {
		t.Errorf("a second at the same time: %v", err)
	}
	if p, err := l.PreviewPolicy(t.Context(), foreign, edit); err != nil || p.Videos != 0 || p.More {
		t.Errorf("another organization's: %+v, %v", p, err)
	}
	l.previews.Delete("acme")

	f.videos[at("acme", "w")] = models.Video{
		ID: "w", OrganizationID: "acme", Status: models.StatusCompleted, Sensitivity: &models.Sensitivity{ScoresKey: "k"},
	}
	l.Blobs = slowScores{l.Blobs}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if p, err := l.PreviewPolicy(ctx, admin, edit); err != nil || !p.More || p.Videos >= maxPreview {
		t.Errorf("when the time is over: %+v, %v", p, err)
	}
	if _, busy := l.previews.Load("acme"); busy {
		t.Error("the organization still counts as having one")
	}
}
