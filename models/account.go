package models

import (
	"context"
	"slices"
	"time"
)

// Organization is the tenant of those who bring no issuer of their own. It
// holds what must be decided in one write: who its admins are, so that there is
// always one, and the invitations and reset links that are open, so that each is
// used once, and ends with the right of the admin who made it.
type Organization struct {
	ID string `json:"id"`
	// Name is what people call it.
	Name string `json:"name"`
	// Admins are the ids of the users whose role is admin; see [Organization.RoleOf].
	Admins    []string  `json:"admins"`
	Invites   []Invite  `json:"invites,omitempty"`
	Resets    []Reset   `json:"resets,omitempty"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
}

// MaxInvites bounds the open invitations of an organization, MaxResets its open
// reset links, MaxAdmins its admins.
const (
	MaxInvites = 100
	MaxResets  = 100
	MaxAdmins  = 100
)

// Invite lets one person join.
type Invite struct {
	ID string `json:"id"`
	// Hash is the SHA-256 of the secret, in hexadecimal; the secret is kept nowhere.
	Hash string `json:"hash"`
	Role Role   `json:"role"`
	// Email is whom it is for; "" for whoever holds it.
	Email     string    `json:"email,omitempty"`
	CreatedBy string    `json:"createdBy"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// User is an account. It belongs to one organization, and its e-mail address to
// nobody else there. Somebody with accounts in several organizations may have
// one address in all of them: otherwise whoever joins one could find out who is
// in the others.
type User struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	// Email is in lower case.
	Email string `json:"email"`
	Name  string `json:"name"`
	// Role is editor or viewer; whether the user is an admin is the organization's to say.
	Role Role `json:"role"`
	// Password is its argon2id hash in the PHC string format.
	Password string `json:"password"`
	// Founder tells that the user made the organization, whose name it then keeps
	// for as long as the record of the organization might not be written yet.
	Founder string `json:"founder,omitempty"`
	// First is the mark of the first account of the installation, of which there
	// is one at most.
	First     bool      `json:"first,omitempty"`
	Sessions  []Session `json:"sessions,omitempty"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	SeenAt    time.Time `json:"seenAt"`
}

// MaxSessions bounds the sessions of a user; the one that was not used for the
// longest time gives way.
const MaxSessions = 32

// Session is a sign-in of a browser, which a cookie stands for.
type Session struct {
	ID string `json:"id"`
	// Hash is the SHA-256, in hexadecimal, of the secret that the cookie holds.
	Hash string `json:"hash"`
	// Former are the secrets before it that were replaced a moment ago, the last
	// one first, at RotatedAt.
	Former []FormerSecret `json:"former,omitempty"`
	// Shown tells that the present secret came back from a browser: then no older
	// one has an excuse.
	Shown     bool      `json:"shown,omitempty"`
	RotatedAt time.Time `json:"rotatedAt"`
	CreatedAt time.Time `json:"createdAt"`
	UsedAt    time.Time `json:"usedAt"`
}

// FormerSecret is one that was replaced.
type FormerSecret struct {
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
}

// LocalOrganization is the organization of a server that made its own secret.
const LocalOrganization = "local"

// Reset is the right of a user to choose a new password once. A user has one at
// most.
type Reset struct {
	UserID string `json:"userId"`
	// Hash is the SHA-256 of the secret, in hexadecimal.
	Hash string `json:"hash"`
	// Password is the SHA-256, in hexadecimal, of the password's hash when the
	// link was made: the link ends with that password.
	Password  string    `json:"password"`
	CreatedBy string    `json:"createdBy"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// RoleOf returns the role of a user of the organization.
func (o *Organization) RoleOf(u *User) Role {
	for _, id := range o.Admins {
		if id == u.ID {
			return RoleAdmin
		}
	}
	if u.Role == RoleAdmin { // promoted, or being so
		return RoleEditor
	}
	return u.Role
}

// OrganizationChange and UserChange change a record in one atomic write, as a
// [Transition] does; an error of theirs is returned as it is, and nothing is written.
type (
	OrganizationChange func(o *Organization, now time.Time) error
	UserChange         func(u *User, now time.Time) error
)

// UserPage asks for part of an organization's users, oldest first.
type UserPage struct {
	// Limit is how many at most: 1 to 100, 100 when 0.
	Limit int
	// After is the id of the last user of the page before, or "".
	After string
}

// Size returns the limit that holds.
func (p UserPage) Size() int {
	if p.Limit == 0 {
		return 100
	}
	return min(max(p.Limit, 1), 100)
}

// Accounts keeps the organizations and users of those who bring no issuer.
type Accounts interface {
	// CreateOrganization adds a record; [ErrConflict] when the id is taken.
	CreateOrganization(ctx context.Context, o Organization) (Organization, error)
	// Organization returns a record; [ErrNoAccount] when there is none.
	Organization(ctx context.Context, org string) (Organization, error)
	// AdvanceOrganization applies c in one atomic write.
	AdvanceOrganization(ctx context.Context, org string, c OrganizationChange) (Organization, error)
	// CreateUser adds a user to the organization. [ErrEmailTaken] when somebody
	// there has the address; [ErrConflict] when the id is taken, or u.First when
	// there is such a user.
	CreateUser(ctx context.Context, org string, u User) (User, error)
	// User returns a record; [ErrNoAccount] when the organization has no such user.
	User(ctx context.Context, org, id string) (User, error)
	// UsersByEmail returns at most limit users who have the address, the oldest
	// first: of one organization, or of all where org is "".
	UsersByEmail(ctx context.Context, email, org string, limit int) ([]User, error)
	// ListUsers returns a page in the order of their ids, which is that of their making.
	ListUsers(ctx context.Context, org string, page UserPage) ([]User, error)
	// AdvanceUser applies c in one atomic write. Id, organization, address and
	// First do not change.
	AdvanceUser(ctx context.Context, org, id string, c UserChange) (User, error)
	// DeleteUser removes a user; [ErrNoAccount] when there is none.
	DeleteUser(ctx context.Context, org, id string) error
	// HasUsers reports whether any account was made and is there, in whichever organization.
	HasUsers(ctx context.Context) (bool, error)
}

// Errors of accounts.
var (
	// ErrNoAccount answers alike for what is absent and what is another's.
	ErrNoAccount = Errorf(CodeNotFound, "There is no such member.")
	// ErrEmailTaken tells that the address belongs to another account of the
	// organization.
	ErrEmailTaken = Errorf(CodeEmailTaken, "There is an account with this e-mail address in the organization already.")
	// ErrLastAdmin keeps an organization from being without an admin.
	ErrLastAdmin = Errorf(CodeLastAdmin, "The organization needs an admin; make somebody else one first.")
)

// Promote makes a user an admin.
func Promote(userID string) OrganizationChange {
	return func(o *Organization, _ time.Time) error {
		for _, id := range o.Admins {
			if id == userID {
				return nil
			}
		}
		if len(o.Admins) >= MaxAdmins {
			return Errorf(CodeInvalid, "An organization has at most %d admins.", MaxAdmins)
		}
		o.Admins = append(o.Admins[:len(o.Admins):len(o.Admins)], userID)
		return nil
	}
}

// Demote makes a user no admin any more, and ends what the user made as one;
// [ErrLastAdmin] for the only one.
func Demote(userID string) OrganizationChange {
	return func(o *Organization, _ time.Time) error {
		kept := make([]string, 0, len(o.Admins))
		for _, id := range o.Admins {
			if id != userID {
				kept = append(kept, id)
			}
		}
		if len(kept) == 0 {
			return ErrLastAdmin
		}
		o.Admins = kept
		o.endGrants(userID)
		return nil
	}
}

// Leave takes a user out, whether or not an admin, with what the user made and
// the reset link that the user has; [ErrLastAdmin] for the only admin.
func Leave(userID string) OrganizationChange {
	return func(o *Organization, now time.Time) error {
		o.Resets = slices.DeleteFunc(slices.Clone(o.Resets), func(r Reset) bool { return r.UserID == userID })
		if slices.Contains(o.Admins, userID) {
			return Demote(userID)(o, now)
		}
		o.endGrants(userID)
		return nil
	}
}

// endGrants ends the invitations and reset links that a user made.
func (o *Organization) endGrants(by string) {
	o.Invites = slices.DeleteFunc(slices.Clone(o.Invites), func(i Invite) bool { return i.CreatedBy == by })
	o.Resets = slices.DeleteFunc(slices.Clone(o.Resets), func(r Reset) bool { return r.CreatedBy == by })
}
