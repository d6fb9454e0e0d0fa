package library

import (
	"context"
	"errors"
	"time"

	"reelroom/models"
)

const (
	// maxPreview bounds how many videos a preview looks at, previewTime how long
	// it does, and maxChanges how many it names. An organization has one at a time.
	maxPreview  = 500
	previewTime = 10 * time.Second
	maxChanges  = 50
)

// PolicyEdit is what an admin asks for. The thresholds are needed; a minimum run
// that is left out stays as it is.
type PolicyEdit struct {
	// Version is the one that was looked at; SetPolicy needs it.
	Version      *int     `json:"version,omitempty"`
	ReviewAt     *float64 `json:"reviewAt"`
	FlagAt       *float64 `json:"flagAt"`
	SuggestiveAt *float64 `json:"suggestiveAt"`
	MinimumRun   *int     `json:"minimumRun,omitempty"`
}

// over returns the policy that the edit makes of p.
func (e *PolicyEdit) over(p models.Policy) (models.Policy, error) {
	if e.ReviewAt == nil || e.FlagAt == nil || e.SuggestiveAt == nil {
		return p, models.Errorf(models.CodeInvalid, "reviewAt, flagAt and suggestiveAt are needed.")
	}
	p.ReviewAt, p.FlagAt, p.SuggestiveAt = *e.ReviewAt, *e.FlagAt, *e.SuggestiveAt
	if e.MinimumRun != nil {
		p.MinimumRun = *e.MinimumRun
	}
	return p, p.Validate()
}

// Policy returns the organization's policy.
func (l *Library) Policy(ctx context.Context, who models.Identity) (models.Policy, error) {
	if err := may(who, models.ActionView); err != nil {
		return models.Policy{}, err
	}
	r, err := l.Policies.Policy(ctx, who.OrganizationID)
	return r.Policy, err
}

// SetPolicy changes the policy, if it still is at the version that was looked
// at; [models.ErrPolicyChanged] when it is not. Videos that are completed are
// assessed again by the workers' upkeep.
func (l *Library) SetPolicy(ctx context.Context, who models.Identity, e PolicyEdit) (models.Policy, error) {
	if err := may(who, models.ActionAdmin); err != nil {
		return models.Policy{}, err
	}
	if e.Version == nil {
		return models.Policy{}, models.Errorf(models.CodeInvalid, "version is needed: the one that was looked at.")
	}
	now, err := l.Policies.Policy(ctx, who.OrganizationID)
	if err != nil {
		return models.Policy{}, err
	}
	next, err := e.over(now.Policy)
	if err != nil {
		return models.Policy{}, err
	}
	r, err := l.Policies.ChangePolicy(ctx, who.OrganizationID, models.SetPolicy(*e.Version, next, who.UserID, models.NewID(l.now())))
	if err != nil {
		return models.Policy{}, err
	}
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := models.SettlePolicy(settling, l.Policies, l.Audit, r); err != nil {
		l.Logger.Warn("the audit entry of a policy is late; the upkeep will add it", "organization", who.OrganizationID, "error", err)
	}
	return r.Policy, nil
}

// PreviewPolicy tells what the edit would make of the newest completed videos.
func (l *Library) PreviewPolicy(ctx context.Context, who models.Identity, e PolicyEdit) (models.PolicyPreview, error) {
	if err := may(who, models.ActionAdmin); err != nil {
		return models.PolicyPreview{}, err
	}
	now, err := l.Policies.Policy(ctx, who.OrganizationID)
	if err != nil {
		return models.PolicyPreview{}, err
	}
	p, err := e.over(now.Policy)
	if err != nil {
		return models.PolicyPreview{}, err
	}
	if _, busy := l.previews.LoadOrStore(who.OrganizationID, true); busy {
		return models.PolicyPreview{}, models.Errorf(models.CodeRateLimited, "Another preview is being made; try again in a moment.").Again(time.Second)
	}
	defer l.previews.Delete(who.OrganizationID)
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	out := models.PolicyPreview{Before: map[string]int{}, After: map[string]int{}, Changes: []models.PreviewChange{}}
	page := models.Page{Limit: 100, Status: []models.Status{models.StatusCompleted}}
	for out.More = true; out.More && out.Videos < maxPreview; {
		found, err := l.Store.List(ctx, who.OrganizationID, page)
		for i := 0; err == nil && i < len(found.Videos); i++ {
			err = l.preview(ctx, &out, &found.Videos[i], p)
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			break // there are more than there was time for
		}
		if err != nil {
			return models.PolicyPreview{}, err
		}
		page.After = found.NextCursor
		out.More = page.After != ""
	}
	return out, nil
}

// preview adds one video to a preview.
func (l *Library) preview(ctx context.Context, out *models.PolicyPreview, v *models.Video, p models.Policy) error {
	s := v.Sensitivity
	if s == nil || s.ScoresKey == "" {
		out.Videos, out.Unknown = out.Videos+1, out.Unknown+1
		return nil
	}
	if s.Review != nil {
		out.Videos, out.Reviewed = out.Videos+1, out.Reviewed+1
		return nil
	}
	_, frames, err := models.ReadScores(ctx, l.Blobs, v.OrganizationID, s.ScoresKey)
	if errors.Is(err, models.ErrScoresDamaged) || errors.Is(err, models.ErrNotFound) {
		out.Videos, out.Unknown = out.Videos+1, out.Unknown+1
		return nil
	}
	if err != nil {
		return err
	}
	from, to := s.Verdict, models.Assess(frames, v.DurationMs(), p).Verdict
	out.Videos++
	out.Before[string(from)]++
	out.After[string(to)]++
	if from != to {
		if out.Changed++; len(out.Changes) < maxChanges {
			out.Changes = append(out.Changes, models.PreviewChange{ID: v.ID, Title: v.Title, From: from, To: to})
		}
	}
	return nil
}
