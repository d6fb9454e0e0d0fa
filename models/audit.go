package models

import (
	"context"
	"fmt"
	"time"
)

// AuditAction names what was done.
type AuditAction string

// The actions that leave an entry.
const (
	AuditPolicy   AuditAction = "policy.changed"
	AuditReview   AuditAction = "video.reviewed"
	AuditReassess AuditAction = "video.reassessed" // by the machine, under a new policy
	AuditRename   AuditAction = "video.renamed"
	AuditCancel   AuditAction = "video.cancelled"
	AuditRetry    AuditAction = "video.retried"
	AuditDelete   AuditAction = "video.deleted"
	AuditEnd      AuditAction = "video.ended" // with an outcome from outside
	// AuditAttempt is that of who asked for a video which the organization does
	// not have: there is none, or it is another one's, which nobody can tell.
	AuditAttempt AuditAction = "video.not_found"
	// AuditRevokeUser and AuditRevokeToken ended tokens before their time.
	AuditRevokeUser  AuditAction = "user.revoked"
	AuditRevokeToken AuditAction = "token.revoked"

	AuditJoin     AuditAction = "member.joined"
	AuditRole     AuditAction = "member.role_changed"
	AuditRemove   AuditAction = "member.removed"
	AuditPassword AuditAction = "password.changed"
	AuditReset    AuditAction = "password.reset_offered"
	AuditInvite   AuditAction = "invite.created"
	AuditUninvite AuditAction = "invite.withdrawn"
	AuditRenamed  AuditAction = "organization.renamed"
	AuditReused   AuditAction = "session.reused" // by who had copied its cookie
)

// AuditEntry says who did what to what, and when. Entries are never changed.
//
// None of a change is missing, because the entry is part of the write that it
// tells of: it stands on the record until the trail has it, and the record counts
// as untold until then. What ends a process between the two makes the entry late,
// which shows in nothing: its place is that of its time. A revocation's is
// written right after it, and those of attempts are bounded.
type AuditEntry struct {
	// ID is unique in the organization; adding it twice adds it once. Among
	// entries of the same time it gives the order.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// By is a user's id; "" for what the product did of itself.
	By     string      `json:"by"`
	Action AuditAction `json:"action"`
	// VideoID is "" for what concerns the whole organization; Rev is the video's
	// revision that was made.
	VideoID string `json:"videoId,omitempty"`
	Rev     int64  `json:"rev,omitempty"`
	// Target is what was named, where that is no video of the organization: the
	// id that was asked for, the user or the token that was ended.
	Target string `json:"target,omitempty"`
	// Count is how many attempts the entry stands for, the last of which named
	// the target; 0 for what is no attempt.
	Count int `json:"count,omitempty"`
	// Before and After hold what changed, and nothing else.
	Before AuditState `json:"before"`
	After  AuditState `json:"after"`
	// Note is what the person added.
	Note string `json:"note,omitempty"`
}

// AuditState is the part of a video or an organization that entries tell of.
type AuditState struct {
	Status         Status   `json:"status,omitempty"`
	Attempt        int      `json:"attempt,omitempty"`
	Title          string   `json:"title,omitempty"`
	Verdict        Verdict  `json:"verdict,omitempty"`
	MachineVerdict Verdict  `json:"machineVerdict,omitempty"`
	PolicyVersion  int      `json:"policyVersion,omitempty"`
	Decision       Decision `json:"decision,omitempty"`
	Policy         *Policy  `json:"policy,omitempty"`
	Role           Role     `json:"role,omitempty"`
}

// maxPendingAudit bounds the entries that wait on a record.
const maxPendingAudit = 16

// AuditKept and AuditTime bound what is kept of an organization: the newest
// entries, and none older.
const (
	AuditKept = 100_000
	AuditTime = 400 * 24 * time.Hour
)

// Audited adds an entry to a transition: one that clients can see leaves it on
// the record, from where it is brought to the trail before the revision counts
// as published. The entry's time, video, revision and states are filled in here,
// and its place among others of the same millisecond.
func Audited(t Transition, e AuditEntry) Transition {
	return func(v *Video, now time.Time) error {
		before, rev := auditStateOf(v), v.Rev
		if err := t(v, now); err != nil || v.Rev == rev {
			return err
		}
		if len(v.Audit) >= maxPendingAudit {
			return ErrUnsettled
		}
		e := e
		e.ID, e.At, e.VideoID, e.Rev = inOrder(v.Rev, e.ID), now, v.ID, v.Rev
		e.Before, e.After = changed(before, auditStateOf(v))
		v.Audit = append(v.Audit[:len(v.Audit):len(v.Audit)], e)
		return nil
	}
}

// inOrder makes entries of one millisecond sort as they were made.
func inOrder(n int64, id string) string { return fmt.Sprintf("%08d-%s", n, id) }

func auditStateOf(v *Video) AuditState {
	s := AuditState{Status: v.Status, Attempt: v.Attempt, Title: v.Title}
	if x := v.Sensitivity; x != nil {
		s.Verdict, s.MachineVerdict, s.PolicyVersion = x.Verdict, x.Machine(), x.PolicyVersion
		if x.Review != nil {
			s.Decision = x.Review.Decision
		}
	}
	return s
}

// changed empties what two states have in common.
func changed(a, b AuditState) (before, after AuditState) {
	drop(&a.Status, &b.Status)
	drop(&a.Attempt, &b.Attempt)
	drop(&a.Title, &b.Title)
	drop(&a.Verdict, &b.Verdict)
	drop(&a.MachineVerdict, &b.MachineVerdict)
	drop(&a.PolicyVersion, &b.PolicyVersion)
	drop(&a.Decision, &b.Decision)
	return a, b
}

func drop[T comparable](a, b *T) {
	if *a == *b {
		*a, *b = *new(T), *new(T)
	}
}

// Audit keeps the trail of an organization.
type Audit interface {
	// AppendAudit adds an entry, when it will outlive this process. One whose id
	// is there changes nothing. [CodeInvalid] for one that names nothing.
	AppendAudit(ctx context.Context, org string, e AuditEntry) error
	// ListAudit returns a page, newest first.
	ListAudit(ctx context.Context, org string, page AuditPage) (AuditList, error)
	// TrimAudit removes, in every organization, what is older than the given
	// time, and all but the newest keep entries. It returns how many went.
	TrimAudit(ctx context.Context, before time.Time, keep int) (int, error)
}

// AuditPage asks for part of a trail; Limit and After are as in [Page].
type AuditPage struct {
	Limit int
	After string
	// VideoID keeps only the entries of one video, Action those of one action, By
	// those of one user; all when empty.
	VideoID string
	Action  AuditAction
	By      string
}

// Size returns the limit that holds.
func (p AuditPage) Size() int { return Page{Limit: p.Limit}.Size() }

// AuditList is part of a trail; NextCursor is "" on the last page.
type AuditList struct {
	Entries    []AuditEntry
	NextCursor string
}
