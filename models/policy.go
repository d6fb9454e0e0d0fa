package models

import (
	"context"
	"math"
	"time"
)

// Policy says from which scores on an organization wants a video to be looked
// at. It is versioned: what was assessed under an older one is assessed again.
type Policy struct {
	// Version is 1 for [DefaultPolicy], and raised by each change.
	Version int `json:"version"`
	// ReviewAt and FlagAt are the explicit scores, 0 to 1, from which a video is
	// for a person to look at, and flagged. ReviewAt is at most FlagAt.
	ReviewAt float64 `json:"reviewAt"`
	FlagAt   float64 `json:"flagAt"`
	// SuggestiveAt is from when a span is shown as suggestive; it decides
	// nothing.
	SuggestiveAt float64 `json:"suggestiveAt"`
	// MinimumRun is how many frames in a row must show it: 1 to [MaxRun].
	MinimumRun int `json:"minimumRun"`
	// UpdatedAt and UpdatedBy tell who changed it last, and when; the default
	// has neither.
	UpdatedAt *time.Time `json:"updatedAt"`
	UpdatedBy string     `json:"updatedBy"`
}

// MaxRun bounds [Policy.MinimumRun].
const MaxRun = 10

// DefaultPolicy is an organization's until it chooses another. On 182 harmless
// pictures two single ones stood above 0.6, hence the second frame, and a
// person's look between the two thresholds.
func DefaultPolicy() Policy {
	return Policy{Version: 1, ReviewAt: 0.6, FlagAt: 0.85, SuggestiveAt: 0.8, MinimumRun: 2}
}

// Validate returns an [Error] with [CodeInvalid] for thresholds that decide
// nothing that can be understood.
func (p *Policy) Validate() error {
	for _, t := range []struct {
		name  string
		value float64
	}{{"reviewAt", p.ReviewAt}, {"flagAt", p.FlagAt}, {"suggestiveAt", p.SuggestiveAt}} {
		if math.IsNaN(t.value) || t.value < 0 || t.value > 1 {
			return Errorf(CodeInvalid, "%s must be a number from 0 to 1.", t.name)
		}
	}
	if p.ReviewAt > p.FlagAt {
		return Errorf(CodeInvalid, "reviewAt must not be above flagAt.")
	}
	if p.MinimumRun < 1 || p.MinimumRun > MaxRun {
		return Errorf(CodeInvalid, "minimumRun must be a whole number from 1 to %d.", MaxRun)
	}
	return nil
}

// same reports whether two policies decide alike.
func (p *Policy) same(q *Policy) bool {
	return p.ReviewAt == q.ReviewAt && p.FlagAt == q.FlagAt && p.SuggestiveAt == q.SuggestiveAt && p.MinimumRun == q.MinimumRun
}

// PolicyRecord is how a store keeps an organization's policy.
type PolicyRecord struct {
	OrganizationID string `json:"organizationId"`
	Policy         Policy `json:"policy"`
	// Audit holds the entries of changes that the trail may lack.
	Audit []AuditEntry `json:"audit,omitempty"`
	// Writes counts every write; stores compare and set on it.
	Writes int64 `json:"writes"`
}

// PolicyChange changes an organization's policy, as a [Transition] does a video.
type PolicyChange func(r *PolicyRecord, now time.Time) error

// SetPolicy replaces version by p, whose own version, time and name are given
// here; entry becomes part of its audit entry's id. [ErrPolicyChanged] when another
// version stands there. What decides alike changes nothing.
func SetPolicy(version int, p Policy, by, entry string) PolicyChange {
	return func(r *PolicyRecord, now time.Time) error {
		if r.Policy.Version != version {
			return ErrPolicyChanged
		}
		if r.Policy.same(&p) {
			return nil
		}
		if len(r.Audit) >= maxPendingAudit {
			return ErrUnsettled
		}
		before := r.Policy
		next := p
		next.Version, next.UpdatedAt, next.UpdatedBy = version+1, &now, by
		r.Policy = next
		r.Audit = append(r.Audit[:len(r.Audit):len(r.Audit)], AuditEntry{
			ID: inOrder(int64(next.Version), entry), At: now, By: by, Action: AuditPolicy,
			Before: AuditState{Policy: &before}, After: AuditState{Policy: &next},
		})
		return nil
	}
}

// PolicyAudited notes that the trail has the entries up to the given version.
func PolicyAudited(version int) PolicyChange {
	return func(r *PolicyRecord, _ time.Time) error {
		var left []AuditEntry
		for _, e := range r.Audit {
			if e.After.Policy != nil && e.After.Policy.Version > version {
				left = append(left, e)
			}
		}
		r.Audit = left
		return nil
	}
}

// SettlePolicy brings the audit entries of a policy's changes to the trail. It
// is safe to call many times.
func SettlePolicy(ctx context.Context, policies Policies, trail Audit, r PolicyRecord) error {
	for i := range r.Audit {
		if err := trail.AppendAudit(ctx, r.OrganizationID, r.Audit[i]); err != nil {
			return err
		}
	}
	if len(r.Audit) == 0 {
		return nil
	}
	_, err := policies.ChangePolicy(ctx, r.OrganizationID, PolicyAudited(r.Policy.Version))
	return err
}

// Policies keeps what organizations have chosen, and finds the videos that were
// assessed before.
type Policies interface {
	// Policy returns the organization's; [DefaultPolicy] where none was chosen.
	Policy(ctx context.Context, org string) (PolicyRecord, error)
	// ChangePolicy applies c in one atomic write and returns the record as
	// written. An error of c is returned as it is, and nothing is written. c is
	// given the store's time, in UTC and whole milliseconds, and must be pure.
	ChangePolicy(ctx context.Context, org string, c PolicyChange) (PolicyRecord, error)
	// ChosenPolicies returns up to limit (1 to 1000) records that were ever
	// written, of the organizations after the given one, in the order of their
	// ids. It looks over all organizations, as [Backlog] does.
	ChosenPolicies(ctx context.Context, after string, limit int) ([]PolicyRecord, error)
	// Outdated returns up to limit (1 to 1000) completed videos of the
	// organization that have stored scores and were assessed under a policy older
	// than version, in the order of [AssessedRef], after the given place.
	Outdated(ctx context.Context, org string, version int, after AssessedRef, limit int) ([]Video, error)
}

// AssessedRef names a video of an organization in the order of
// [Policies.Outdated]: by the version, then by the id.
type AssessedRef struct {
	Version int
	VideoID string
}

// AssessedRef is the record's own.
func (v *Video) AssessedRef() AssessedRef { return AssessedRef{v.AssessedUnder(), v.ID} }

// AssessedUnder is the version of the policy under which a completed video with
// stored scores was assessed, and 0 for a video that cannot be assessed again.
func (v *Video) AssessedUnder() int {
	if s := v.Sensitivity; v.Status == StatusCompleted && s != nil && s.ScoresKey != "" {
		return max(s.PolicyVersion, 1)
	}
	return 0
}
