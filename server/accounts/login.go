package accounts

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/limits"
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

// failed counts a secret that lets nobody in against the address that sent it,
// and returns err, or that too many came from there. Good secrets are not
// refused for the bad ones of the same address.
func (a *Accounts) failed(r *http.Request, err error) error {
	if _, limited := a.Limits.Attempt(r, ""); limited != nil {
		return limited
	}
	return err
}

// login answers POST /api/auth/login. An unknown address takes the same work and
// has the same answer as a wrong password, and as an address with several
// accounts.
func (a *Accounts) login(w http.ResponseWriter, r *http.Request) error {
	var asked Credentials
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	account := strings.ToLower(strings.TrimSpace(asked.Email))
	stranger, limited := a.Limits.Attempt(r, account)
	if limited != nil && !a.hasDevice(r) {
		return limited
	}
	if len(asked.Password) > 4*maxPassword {
		return errCredentials
	}
	var users []models.User
	if email, err := normalEmail(asked.Email); err == nil {
		if users, err = a.Store.UsersByEmail(r.Context(), email, asked.OrganizationID, maxTried); err != nil {
			return err
		}
	}
	tries := []limits.Attempt{stranger}
	var kept [maxTried]string
	known := false
	for i := range users {
		device, ok := a.Limits.AttemptKnown(a.deviceOf(r, &users[i]))
		if ok {
			known, tries = true, append(tries, device)
		}
		if ok || limited == nil {
			kept[i] = users[i].Password
		}
	}
	if limited != nil && !known {
		return limited
	}
	fits, err := a.hasher.matches(r.Context(), known, asked.Password, kept[:]...)
	if err == nil && len(fits) == 0 {
		return errCredentials
	}
	for i := range tries {
		tries[i].Succeeded() // or nothing was learnt
	}
	if err != nil {
		return err
	}
	u := users[fits[0]]
	for _, i := range fits[1:] {
		if users[i].SeenAt.After(u.SeenAt) {
			u = users[i]
		}
	}
	return a.begin(w, r, u, http.StatusOK)
}

var errTries = models.Errorf(models.CodeRateLimited, "The present password was wrong too often; try again in a minute.").Again(time.Minute)

// PasswordChange replaces the asker's own password.
type PasswordChange struct {
	Current string `json:"current"`
	Next    string `json:"next"`
}

// changePassword answers POST /api/auth/password. Every other session and every
// token of the user ends; the one that asks goes on with the new ones.
func (a *Accounts) changePassword(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	var asked PasswordChange
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	u, err := a.Store.User(r.Context(), who.OrganizationID, who.UserID)
	if err != nil {
		return err
	}
	attempt, ok := a.Limits.AttemptKnown("user " + ticket{u.OrganizationID, u.ID, ""}.String())
	if !ok {
		return errTries
	}
	if fits, err := a.hasher.matches(r.Context(), true, asked.Current, u.Password); err != nil {
		attempt.Succeeded()
		return err
	} else if len(fits) == 0 {
		return models.Errorf(models.CodeInvalid, "The present password is wrong.")
	}
	attempt.Succeeded()
	if err := checkPassword(asked.Next, u.Email, u.Name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(r.Context(), true, asked.Next)
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
