package models

import (
	"context"
	"time"
)

// RevocationKind says what a [Revocation] ends.
type RevocationKind string

// The kinds.
const (
	// RevokeUser ends every token of a user in one organization that was issued
	// up to that moment, and with them the membership as far as it stands in
	// tokens. A token that is issued later is good again.
	RevokeUser RevocationKind = "user"
	// RevokeToken ends one token.
	RevokeToken RevocationKind = "token"
)

// Forever is the Until of what is never forgotten.
var Forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// MaxRevocations bounds how many revocations of one kind may be in force in an
// organization. The kinds count apart, so that nobody who signs out ever so
// often keeps an admin from revoking a user.
const MaxRevocations = 10_000

// Revocation ends tokens before their time. It never reaches beyond its
// organization: the same user id elsewhere is another member.
type Revocation struct {
	// Seq is its place in the order of [Revocations.Since]; the store's to give.
	Seq            int64          `json:"seq"`
	OrganizationID string         `json:"organizationId"`
	Kind           RevocationKind `json:"kind"`
	// Subject is a user's id, or an [Identity.TokenID].
	Subject string `json:"subject"`
	// At is when it was made, by the store's clock.
	At time.Time `json:"at"`
	// Until is when it may be forgotten, because all that it ends has expired.
	// Where that is not known, which the zero time says, it is [Forever].
	Until time.Time `json:"until"`
	// By is the user who asked for it; it may be empty.
	By string `json:"by"`
}

// Covers reports whether it ends the token that the identity was read from. A
// token without iat counts as issued before. iat has whole seconds: one that
// was issued later, but in the second of the revocation, is ended too.
func (r *Revocation) Covers(who Identity) bool {
	if r.OrganizationID != who.OrganizationID || r.Subject == "" {
		return false
	}
	if r.Kind == RevokeToken {
		return r.Subject == who.TokenID
	}
	return r.Kind == RevokeUser && r.Subject == who.UserID && !who.IssuedAt.After(r.At)
}

// Revocations keeps what was revoked for as long as a token could come back by
// being forgotten. It is in the database, not in Redis, which may be emptied.
type Revocations interface {
	// Revoke adds a revocation to the organization and returns it as kept, when
	// it will outlive this process. One that says no more than an earlier one
	// changes nothing, and that one is returned. [ErrRevocationsFull] when
	// [MaxRevocations] are in force.
	Revoke(ctx context.Context, org string, r Revocation) (Revocation, error)
	// Since returns up to limit (1 to 1000) revocations after the given place,
	// 0 for the beginning, in the order of Seq. It is the order in which they
	// became visible: whoever goes on from the Seq of the last one misses none.
	// What a later one replaced and what is over may be left out.
	//
	// It names no organization: every node must know what is revoked before a
	// token, and with it an organization, is taken at its word.
	Since(ctx context.Context, after int64, limit int) ([]Revocation, error)
}
