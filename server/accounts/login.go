package accounts

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

// Credentials are those of an account.
type Credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	// OrganizationID chooses among the accounts of an address; without it the
	// password does, and of several that have it the one that was used last.
	OrganizationID string `json:"organizationId,omitempty"`
}

// maxTried is how many accounts of an address a sign-in without an organization
// tries, the oldest first: nobody is locked out by accounts that others make
// later under the same address.
const maxTried = 3

var errCredentials = models.Errorf(models.CodeCredentials, "E-mail address or password is wrong.")

// attempt reads the body of somebody who may try so often only: by address, and
// by the account that is tried, where one is named.
func (a *Accounts) attempt(w http.ResponseWriter, r *http.Request, into any, email *string) error {
	if err := a.Limits.LoginFrom(r); err != nil {
		return err
	}
	if err := api.Decode(w, r, into, false); err != nil {
		return err
	}
	if email == nil || *email == "" {
		return nil
	}
	return a.Limits.LoginAs(strings.ToLower(strings.TrimSpace(*email)))
}

// login answers POST /api/auth/login. An unknown address takes the same work and
// has the same answer as a wrong password, and as an address with several
// accounts.
func (a *Accounts) login(w http.ResponseWriter, r *http.Request) error {
	var asked Credentials
	if err := a.attempt(w, r, &asked, &asked.Email); err != nil {
		return err
	}
	if len(asked.Password) > 4*maxPassword {
		return errCredentials
	}
	var known []models.User
	if email, err := normalEmail(asked.Email); err == nil {
		if known, err = a.Store.UsersByEmail(r.Context(), email, asked.OrganizationID, maxTried); err != nil {
			return err
		}
	}
	var kept [maxTried]string
	for i := range known {
		kept[i] = known[i].Password
	}
	fits, err := a.hasher.matches(r.Context(), asked.Password, kept[:]...)
	if err != nil {
		return err
	}
	if len(fits) == 0 {
		return errCredentials
	}
	u := known[fits[0]]
	for _, i := range fits[1:] {
		if known[i].SeenAt.After(u.SeenAt) {
			u = known[i]
		}
	}
	return a.begin(w, r, u, http.StatusOK)
}

// PasswordChange replaces the asker's own password.
type PasswordChange struct {
	Current string `json:"current"`
	Next    string `json:"next"`
}

// changePassword answers POST /api/auth/password. Every other session and every
// token of the user ends; the one that asks goes on with the new ones.
func (a *Accounts) changePassword(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	var asked PasswordChange
	if err := a.attempt(w, r, &asked, nil); err != nil {
		return err
	}
	u, err := a.Store.User(r.Context(), who.OrganizationID, who.UserID)
	if err != nil {
		return err
	}
	if err := a.Limits.LoginAs(u.Email); err != nil {
		return err
	}
	if fits, err := a.hasher.matches(r.Context(), asked.Current, u.Password); err != nil {
		return err
	} else if len(fits) == 0 {
		return models.Errorf(models.CodeInvalid, "The present password is wrong.")
	}
	if err := checkPassword(asked.Next, u.Email, u.Name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(r.Context(), asked.Next)
	if err != nil {
		return err
	}
	if u, err = a.setPassword(r.Context(), u, u.Password, hash, who.UserID); err != nil {
		return err
	}
	return a.begin(w, r, u, http.StatusOK)
}

// setPassword replaces one hash by another, and ends what the old one had let in.
func (a *Accounts) setPassword(ctx context.Context, u models.User, old, hash, by string) (models.User, error) {
	u, err := a.Store.AdvanceUser(ctx, u.OrganizationID, u.ID, func(u *models.User, _ time.Time) error {
		if u.Password != old {
			return models.Errorf(models.CodeConflict, "The password was changed meanwhile.")
		}
		u.Password, u.Sessions = hash, nil
		return nil
	})
	if err != nil {
		return u, err
	}
	if err := a.revoke(ctx, u.OrganizationID, u.ID, by); err != nil {
		return u, err
	}
	a.audit(ctx, u.OrganizationID, models.AuditEntry{By: by, Action: models.AuditPassword, Target: u.ID})
	return u, nil
}

// revoke ends every access token of a user.
func (a *Accounts) revoke(ctx context.Context, org, user, by string) error {
	return a.end(ctx, org, user, by, TokenLife+time.Hour)
}

// end ends every token of a user of which none lives longer than so long.
func (a *Accounts) end(ctx context.Context, org, user, by string, life time.Duration) error {
	_, err := a.Revoker.Revoke(context.WithoutCancel(ctx), org, models.Revocation{Kind: models.RevokeUser, Subject: user, By: by, Until: time.Now().Add(life)})
	return err
}

// sortedByTime returns invitations, the newest first.
func sortedByTime(list []models.Invite) []models.Invite {
	return slices.SortedFunc(slices.Values(list), func(a, b models.Invite) int { return b.CreatedAt.Compare(a.CreatedAt) })
}
