package accounts

import (
	"context"
	"net/http"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

var (
	errReset      = models.Errorf(models.CodeInvite, "This link was used or is too old; ask an admin for another.")
	errResetsFull = models.Errorf(models.CodeInvalid, "There are %d open reset links; wait until some were used.", models.MaxResets)
)

// offerReset answers POST /api/org/members/{userId}/reset. A link that the member
// has already ends.
func (a *Accounts) offerReset(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	u, err := a.Store.User(r.Context(), who.OrganizationID, r.PathValue("userId"))
	if err != nil {
		return err
	}
	if _, err := a.organization(r.Context(), &u); err != nil {
		return err
	}
	secret := newSecret()
	made := models.Reset{UserID: u.ID, Hash: hashOf(secret), Password: hashOf(u.Password), CreatedBy: who.UserID}
	_, err = a.Store.AdvanceOrganization(r.Context(), u.OrganizationID, asAdmin(who, func(o *models.Organization, now time.Time) error {
		o.Resets = slices.DeleteFunc(slices.Clone(o.Resets), func(r models.Reset) bool { return r.UserID == u.ID || !now.Before(r.ExpiresAt) })
		if len(o.Resets) >= models.MaxResets {
			return errResetsFull
		}
		made.ExpiresAt = now.Add(resetLife)
		o.Resets = append(o.Resets, made)
		return nil
	}))
	if err != nil {
		return err
	}
	a.audit(r.Context(), u.OrganizationID, models.AuditEntry{By: who.UserID, Action: models.AuditReset, Target: u.ID})
	return api.Write(w, http.StatusCreated, ResetLink{a.link(r, "/reset", ticket{u.OrganizationID, u.ID, secret}.String()), made.ExpiresAt})
}

// NewPassword is chosen by whoever holds a link that an admin made.
type NewPassword struct {
	Secret   string `json:"secret"`
	Password string `json:"password"`
}

// resetPassword answers POST /api/auth/reset and signs in.
func (a *Accounts) resetPassword(w http.ResponseWriter, r *http.Request) error {
	var asked NewPassword
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	u, t, err := a.resetOf(r.Context(), asked.Secret)
	if models.CodeOf(err) == models.CodeInvite {
		return a.failed(r, err)
	}
	if err != nil {
		return err
	}
	if err := checkPassword(asked.Password, u.Email, u.Name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(r.Context(), true, asked.Password)
	if err != nil {
		return err
	}
	_, err = a.Store.AdvanceOrganization(r.Context(), t.org, func(o *models.Organization, now time.Time) error {
		i := openReset(o, &u, t, now)
		if i < 0 {
			return errReset
		}
		o.Resets = slices.Delete(slices.Clone(o.Resets), i, i+1)
		return nil
	})
	if err != nil {
		return err
	}
	if u, err = a.setPassword(r.Context(), u, u.Password, hash, u.ID); err != nil {
		return err
	}
	return a.begin(w, r, u, http.StatusOK)
}

// resetOf finds whose link it is.
func (a *Accounts) resetOf(ctx context.Context, secret string) (u models.User, t ticket, err error) {
	t, ok := parseTicket(secret)
	if !ok {
		return u, t, errReset
	}
	o, err := a.Store.Organization(ctx, t.org)
	if err != nil {
		return u, t, resetFailure(err)
	}
	if u, err = a.Store.User(ctx, t.org, t.owner); err != nil {
		return u, t, resetFailure(err)
	}
	if openReset(&o, &u, t, time.Now()) < 0 {
		return u, t, errReset
	}
	return u, t, nil
}

// resetFailure answers for what is absent as for a link that was used.
func resetFailure(err error) error {
	if models.CodeOf(err) == models.CodeNotFound {
		return errReset
	}
	return err
}

// openReset finds the link among those of the organization; -1 where it is over.
func openReset(o *models.Organization, u *models.User, t ticket, now time.Time) int {
	hash, password := hashOf(t.secret), hashOf(u.Password)
	return slices.IndexFunc(o.Resets, func(r models.Reset) bool {
		return r.UserID == u.ID && same(r.Hash, hash) && same(r.Password, password) && now.Before(r.ExpiresAt)
	})
}
