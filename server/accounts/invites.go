package accounts

import (
	"net/http"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

func inviteOf(i models.Invite) Invite {
	return Invite{ID: i.ID, Role: i.Role, Email: i.Email, CreatedBy: i.CreatedBy, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

var errNoInvite = models.Errorf(models.CodeNotFound, "There is no such invitation.")

// invites answers GET /api/org/invites.
func (a *Accounts) invites(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	out := InviteList{Data: []Invite{}}
	o, err := a.Store.Organization(r.Context(), who.OrganizationID)
	if err != nil && models.CodeOf(err) != models.CodeNotFound {
		return err
	}
	for _, i := range sortedByTime(o.Invites) {
		if time.Now().Before(i.ExpiresAt) {
			out.Data = append(out.Data, inviteOf(i))
		}
	}
	return api.Write(w, http.StatusOK, out)
}

var (
	errInvitesFull = models.Errorf(models.CodeInvalid, "There are %d open invitations; withdraw some first.", models.MaxInvites)
	errNoAccounts  = models.Errorf(models.CodeUnsupported, "The members of this organization come from an issuer of its own; invite them there.")
)

// invite answers POST /api/org/invites.
func (a *Accounts) invite(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var asked InviteOrder
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	if err := checkRole(asked.Role); err != nil {
		return err
	}
	if asked.Email != "" {
		var err error
		if asked.Email, err = normalEmail(asked.Email); err != nil {
			return err
		}
	}
	secret := newSecret()
	made := models.Invite{ID: models.NewID(time.Now()), Hash: hashOf(secret), Role: asked.Role, Email: asked.Email, CreatedBy: who.UserID}
	_, err := a.Store.AdvanceOrganization(r.Context(), who.OrganizationID, asAdmin(who, func(o *models.Organization, now time.Time) error {
		o.Invites = slices.DeleteFunc(slices.Clone(o.Invites), func(i models.Invite) bool { return !now.Before(i.ExpiresAt) })
		if len(o.Invites) >= models.MaxInvites {
			return errInvitesFull
		}
		made.CreatedAt, made.ExpiresAt = now, now.Add(inviteLife)
		o.Invites = append(o.Invites, made)
		return nil
	}))
	if models.CodeOf(err) == models.CodeNotFound {
		return errNoAccounts
	}
	if err != nil {
		return err
	}
	a.audit(r.Context(), who.OrganizationID, models.AuditEntry{By: who.UserID, Action: models.AuditInvite, Target: made.ID, After: models.AuditState{Role: made.Role}})
	out := inviteOf(made)
	out.URL = a.link(r, "/join", ticket{who.OrganizationID, made.ID, secret}.String())
	return api.Write(w, http.StatusCreated, out)
}

// withdraw answers DELETE /api/org/invites/{id}.
func (a *Accounts) withdraw(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	id := r.PathValue("id")
	_, err := a.Store.AdvanceOrganization(r.Context(), who.OrganizationID, func(o *models.Organization, _ time.Time) error {
		kept := slices.DeleteFunc(slices.Clone(o.Invites), func(i models.Invite) bool { return i.ID == id })
		if len(kept) == len(o.Invites) {
			return errNoInvite
		}
		o.Invites = kept
		return nil
	})
	if models.CodeOf(err) == models.CodeNotFound {
		return errNoInvite
	}
	if err != nil {
		return err
	}
	a.audit(r.Context(), who.OrganizationID, models.AuditEntry{By: who.UserID, Action: models.AuditUninvite, Target: id})
	w.WriteHeader(http.StatusNoContent)
	return nil
}
