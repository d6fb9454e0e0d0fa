package record

import (
	"strings"
	"time"

	"reelroom/models"
)

// First returns v as a new record of the organization: queued, first attempt,
// rev 1, nothing published. Its fence is the caller's: one that an earlier
// record of the same id never had keeps that one's workers out. It returns an error with [models.CodeInvalid] for
// ids that cannot name anything.
func First(org string, v models.Video, now time.Time) (models.Video, error) {
	if !models.ValidID(org) || !models.ValidID(v.ID) {
		return models.Video{}, models.Errorf(models.CodeInvalid, "This is not an id.")
	}
	now = Moment(now)
	v.OrganizationID = org
	v.Status, v.Attempt, v.Stage = models.StatusQueued, 1, ""
	v.Rev, v.PublishedRev, v.Version = 1, 0, 1
	v.Lease, v.Lapses, v.Failure = models.Lease{}, nil, nil
	v.CreatedAt, v.UpdatedAt = now, now
	v.StartedAt, v.FinishedAt = time.Time{}, time.Time{}
	v.Story = nil
	v.Tell(&models.Video{}, now)
	tidy(&v)
	return v, nil
}

// Step applies a transition to a record that was just read and raises its
// version. The error is the transition's own. What names a record and places
// it in a list cannot be changed by a transition.
func Step(v models.Video, t models.Transition, now time.Time) (models.Video, error) {
	before := v
	if err := t(&v, Moment(now)); err != nil {
		return models.Video{}, err
	}
	v.ID, v.OrganizationID, v.CreatedAt, v.BatchID = before.ID, before.OrganizationID, before.CreatedAt, before.BatchID
	v.Version = before.Version + 1
	v.Story = before.Story
	v.Tell(&before, Moment(now))
	tidy(&v)
	return v, nil
}

// Unsettled reports whether a record may be one that a backlog returns; only
// a processing one can still be left out, while its lease lives.
func Unsettled(v *models.Video) bool {
	return !v.Status.Terminal() || v.Status == models.StatusDeleted || v.Unpublished()
}

// Moment is t as records keep it: UTC, whole milliseconds, no monotonic part.
func Moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// tidy gives the record the form in which every database returns it: times as
// [Moment], text that strangers typed as valid UTF-8.
func tidy(v *models.Video) {
	for _, t := range []*time.Time{&v.CreatedAt, &v.UpdatedAt, &v.StartedAt, &v.FinishedAt, &v.Lease.Until} {
		*t = Moment(*t)
	}
	for _, s := range []*string{&v.Title, &v.File.Name} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
}
