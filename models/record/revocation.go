package record

import (
	"time"

	"reelroom/models"
)

// RevocationGrace is how long a store keeps a revocation after its end: a
// server whose clock is late must not take the token meanwhile.
const RevocationGrace = time.Hour

// Revocation returns r as the organization's record, given the earlier ones of
// the same subject. needed is false when one of these says as much already;
// then that one is returned. The time and the end never move back. It returns
// an error with [models.CodeInvalid] for what cannot name anything.
func Revocation(org string, r models.Revocation, earlier []models.Revocation, now time.Time) (out models.Revocation, needed bool, err error) {
	if r.Kind != models.RevokeUser && r.Kind != models.RevokeToken {
		return models.Revocation{}, false, models.Errorf(models.CodeInvalid, "Only a user or a token can be revoked.")
	}
	if !models.ValidID(org) || !models.ValidID(r.Subject) || r.By != "" && !models.ValidID(r.By) {
		return models.Revocation{}, false, models.Errorf(models.CodeInvalid, "This is not an id.")
	}
	r.Seq, r.OrganizationID = 0, org
	r.At, r.Until = Moment(now), Moment(r.Until)
	if r.Until.IsZero() || r.Until.After(models.Forever) {
		r.Until = models.Forever
	}
	for _, e := range earlier {
		if !e.Until.Before(r.Until) && (r.Kind == models.RevokeToken || !e.At.Before(r.At)) {
			return e, false, nil
		}
		r.At, r.Until = later(r.At, e.At), later(r.Until, e.Until)
	}
	return r, true, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
