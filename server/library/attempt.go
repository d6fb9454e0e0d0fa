package library

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

// Who tries ids leaves entries in the trail of the own organization, but cannot
// push the others out of it: of a user a few at once, then one in ten minutes
// that counts the rest, and of all users of an organization together so few that
// a year of them fits in beside what was done.
const (
	attemptsAtOnce    = 5
	attemptsEvery     = 10 * time.Minute
	orgAttemptsAtOnce = 60
	orgAttemptsEvery  = 5 * time.Minute
	// maxAttempters bounds the users whose untold attempts are counted.
	maxAttempters = 4096
	// auditTime bounds the writing of an entry that no record carries.
	auditTime = 2 * time.Second
)

// attempter is a user of an organization.
type attempter struct{ org, user string }

// attempts says which of them are told.
type attempts struct {
	mu     sync.Mutex
	users  *limits.Rate[attempter]
	orgs   *limits.Rate[string]
	untold map[attempter]int
}

// take counts an attempt and returns for how many an entry is to be written now;
// 0 for none.
func (a *attempts) take(who attempter) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users == nil {
		a.users = limits.NewRate[attempter](1/attemptsEvery.Seconds(), attemptsAtOnce)
		a.orgs = limits.NewRate[string](1/orgAttemptsEvery.Seconds(), orgAttemptsAtOnce)
		a.untold = map[attempter]int{}
	}
	n := a.untold[who] + 1
	if a.users.Look(who) > 0 || a.orgs.Take(who.org) > 0 {
		a.keep(who, n)
		return 0
	}
	a.users.Take(who)
	delete(a.untold, who)
	return n
}

// put returns attempts whose entry could not be written.
func (a *attempts) put(who attempter, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keep(who, a.untold[who]+n)
}

func (a *attempts) keep(who attempter, n int) {
	if _, known := a.untold[who]; !known && len(a.untold) >= maxAttempters {
		for other := range a.untold { // any: it begins at one again
			delete(a.untold, other)
			break
		}
	}
	a.untold[who] = n
}

// attempted leaves an entry when a member asks for a video that the organization
// does not have, and returns the error as it is. Nothing is asked of other
// organizations, so that an id of theirs and one that nobody has are the same
// here, in what is kept and in the time that it takes. A signed link is no
// member's word.
func (l *Library) attempted(ctx context.Context, who models.Identity, id string, err error) error {
	if !errors.Is(err, models.ErrNotFound) || who.ExpiresAt.IsZero() || !models.ValidID(who.UserID) {
		return err
	}
	from := attempter{who.OrganizationID, who.UserID}
	n := l.asked.take(from)
	if n == 0 {
		return err
	}
	now := l.now()
	if wrong := l.note(ctx, who, models.AuditEntry{ID: models.NewID(now), At: now, Action: models.AuditAttempt, Target: id, Count: n}); wrong != nil {
		l.asked.put(from, n)
	}
	return err
}

// Revoked leaves an entry of what a member has ended, in the own organization.
func (l *Library) Revoked(ctx context.Context, who models.Identity, r models.Revocation) {
	action := models.AuditRevokeToken
	if r.Kind == models.RevokeUser {
		action = models.AuditRevokeUser
	}
	// One that said no more than an earlier one leaves no other entry.
	_ = l.note(ctx, who, models.AuditEntry{ID: fmt.Sprintf("revocation-%d", r.Seq), At: r.At, Action: action, Target: r.Subject})
}

// note writes an entry that no record carries. It goes on when the caller has
// gone; what cannot be written stands in the log.
func (l *Library) note(ctx context.Context, who models.Identity, e models.AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
	defer cancel()
	e.By = who.UserID
	err := l.Audit.AppendAudit(ctx, who.OrganizationID, e)
	if err != nil {
		l.Logger.Error("an entry could not be added to the audit trail", "organization", who.OrganizationID, "by", e.By, "action", e.Action, "target", e.Target, "error", err)
	}
	return err
}
