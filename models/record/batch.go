package record

import (
	"strings"
	"time"

	"reelroom/models"
)

// FirstBatch returns b as a new record of the organization: its request brings
// files, nothing is known of them. It returns an error with
// [models.CodeInvalid] for ids that cannot name anything.
func FirstBatch(org string, b models.Batch, now time.Time) (models.Batch, error) {
	if !models.ValidID(org) || !models.ValidID(b.ID) || !models.ValidID(b.Receiver.Worker) {
		return models.Batch{}, models.Errorf(models.CodeInvalid, "This is not an id.")
	}
	now = Moment(now)
	return models.Batch{
		ID: b.ID, OrganizationID: org, CreatedBy: b.CreatedBy, Version: 1, CreatedAt: now, UpdatedAt: now,
		Receiver: models.Lease{Worker: b.Receiver.Worker, Until: now.Add(models.LeaseTime)},
	}, nil
}

// StepBatch applies a change to a record that was just read, as [Step] does to a
// video.
func StepBatch(b models.Batch, c models.BatchChange, now time.Time) (models.Batch, error) {
	before := b
	now = Moment(now)
	if err := c(&b, now); err != nil {
		return models.Batch{}, err
	}
	b.ID, b.OrganizationID, b.CreatedBy, b.CreatedAt = before.ID, before.OrganizationID, before.CreatedBy, before.CreatedAt
	b.Version, b.UpdatedAt = before.Version+1, now
	for _, t := range []*time.Time{&b.Receiver.Until, &b.CancelledAt, &b.FinishedAt} {
		*t = Moment(*t)
	}
	if len(b.Rejected) > models.MaxRejections {
		b.Rejected = b.Rejected[:models.MaxRejections]
	}
	for i := range b.Rejected {
		b.Rejected[i].Name = strings.ToValidUTF8(b.Rejected[i].Name, "\uFFFD")
	}
	return b, nil
}
