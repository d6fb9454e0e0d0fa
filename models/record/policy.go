package record

import (
	"time"

	"reelroom/models"
)

// FirstPolicy is an organization's before it has chosen: nothing was written.
func FirstPolicy(org string) models.PolicyRecord {
	return models.PolicyRecord{OrganizationID: org, Policy: models.DefaultPolicy()}
}

// StepPolicy applies a change to a record that was just read, as [Step] does to
// a video. It returns an error with [models.CodeInvalid] for what cannot name
// an organization.
func StepPolicy(r models.PolicyRecord, c models.PolicyChange, now time.Time) (models.PolicyRecord, error) {
	if !models.ValidID(r.OrganizationID) {
		return models.PolicyRecord{}, models.Errorf(models.CodeInvalid, "This is not an id.")
	}
	org, writes := r.OrganizationID, r.Writes
	if err := c(&r, Moment(now)); err != nil {
		return models.PolicyRecord{}, err
	}
	r.OrganizationID, r.Writes = org, writes+1
	return r, nil
}
