package accounts

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

const (
	inviteLife = 7 * 24 * time.Hour
	resetLife  = 24 * time.Hour
)

// Member is an account as its organization sees it.
type Member struct {
	UserID     string      `json:"userId"`
	Name       string      `json:"name"`
	Email      string      `json:"email"`
	Role       models.Role `json:"role"`
	CreatedAt  time.Time   `json:"createdAt"`
	LastSeenAt time.Time   `json:"lastSeenAt"`
	// You tells that it is who asks.
	You bool `json:"you"`
}

// MemberList is a page of members, in the order in which they came.
type MemberList struct {
	Data []Member `json:"data"`
	// NextCursor is the place of the next page; null on the last.
	NextCursor *string `json:"nextCursor"`
}

// Organization is how its members see it.
type Organization struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// OrganizationEdit renames it.
type OrganizationEdit struct {
	Name string `json:"name"`
}

// MemberEdit changes a role.
type MemberEdit struct {
	Role models.Role `json:"role"`
}

// InviteOrder asks for an invitation.
type InviteOrder struct {
	Role  models.Role `json:"role"`
	Email string      `json:"email,omitempty"`
}

// Invite is an open invitation.
type Invite struct {
	ID   string      `json:"id"`
	Role models.Role `json:"role"`
	// Email is whom it is for; "" for whoever holds the link.
	Email     string    `json:"email"`
	CreatedBy string    `json:"createdBy"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	// URL is the link; it is told once, in the answer to its making.
	URL string `json:"url,omitempty"`
}

// InviteList are the open invitations, the newest first.
type InviteList struct {
	Data []Invite `json:"data"`
}

// ResetLink lets a member choose a new password, once.
type ResetLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

var errNoAdmin = models.Errorf(models.CodeForbidden, "Your role does not allow this.")

func admin(who models.Identity) error {
	if !who.May(models.ActionAdmin) {
		return errNoAdmin
	}
	return nil
}

// asAdmin makes a change that is refused where the account that asks is no admin
// by the time of the write: its token may say so for a moment longer. A token
// that somebody else signed is believed.
func asAdmin(who models.Identity, c models.OrganizationChange) models.OrganizationChange {
	return func(o *models.Organization, now time.Time) error {
		if who.Account && !slices.Contains(o.Admins, who.UserID) {
			return errNoAdmin
		}
		return c(o, now)
	}
}

// role says whether a member can have it: service is for programs.
func checkRole(role models.Role) error {
	if role != models.RoleAdmin && role != models.RoleEditor && role != models.RoleViewer {
		return models.Errorf(models.CodeInvalid, "The role must be admin, editor or viewer.")
	}
	return nil
}

func (a *Accounts) showOrganization(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	o, err := a.Store.Organization(r.Context(), who.OrganizationID)
	if models.CodeOf(err) == models.CodeNotFound { // its issuer is elsewhere, and knows its name
		return api.Write(w, http.StatusOK, Organization{ID: who.OrganizationID})
	}
	if err != nil {
		return err
	}
	return api.Write(w, http.StatusOK, Organization{o.ID, o.Name, o.CreatedAt})
}

func (a *Accounts) renameOrganization(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var asked OrganizationEdit
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	name, err := checkName("name of the organization", asked.Name)
	if err != nil {
		return err
	}
	var before string
	o, err := a.Store.AdvanceOrganization(r.Context(), who.OrganizationID, func(o *models.Organization, _ time.Time) error {
		before, o.Name = o.Name, name
		return nil
	})
	if err != nil {
		return err
	}
	if before != name {
		a.audit(r.Context(), o.ID, models.AuditEntry{By: who.UserID, Action: models.AuditRenamed, Before: models.AuditState{Title: before}, After: models.AuditState{Title: name}})
	}
	return api.Write(w, http.StatusOK, Organization{o.ID, o.Name, o.CreatedAt})
}

// members answers GET /api/org/members, for every member: who may see what one
// does may know who one is.
func (a *Accounts) members(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	page, err := pageOf(r.URL.Query())
	if err != nil {
		return err
	}
	out := MemberList{Data: []Member{}}
	o, err := a.Store.Organization(r.Context(), who.OrganizationID)
	if models.CodeOf(err) == models.CodeNotFound {
		return api.Write(w, http.StatusOK, out)
	}
	if err != nil {
		return err
	}
	users, err := a.Store.ListUsers(r.Context(), who.OrganizationID, page)
	if err != nil {
		return err
	}
	for i := range users {
		out.Data = append(out.Data, memberOf(&o, &users[i], who))
	}
	if n := len(users); n == page.Size() {
		out.NextCursor = &users[n-1].ID
	}
	return api.Write(w, http.StatusOK, out)
}

func pageOf(q url.Values) (p models.UserPage, err error) {
	p.After = q.Get("after")
	if p.After != "" && !models.ValidID(p.After) {
		return p, models.Errorf(models.CodeInvalid, "after is not a cursor of this list.")
	}
	if text := q.Get("limit"); text != "" {
		if p.Limit, err = strconv.Atoi(text); err != nil || p.Limit < 1 || p.Limit > 100 {
			return p, models.Errorf(models.CodeInvalid, "limit is not a number from 1 to 100.")
		}
	}
	return p, nil
}

func memberOf(o *models.Organization, u *models.User, who models.Identity) Member {
	return Member{u.ID, u.Name, u.Email, o.RoleOf(u), u.CreatedAt, u.SeenAt, u.ID == who.UserID}
}

// changeRole answers PATCH /api/org/members/{userId}.
func (a *Accounts) changeRole(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var asked MemberEdit
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	if err := checkRole(asked.Role); err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	u, err := a.Store.User(ctx, who.OrganizationID, r.PathValue("userId"))
	if err != nil {
		return err
	}
	o, err := a.organization(ctx, &u)
	if err != nil {
		return err
	}
	before := o.RoleOf(&u)
	switch {
	case before == asked.Role && u.ID == who.UserID: // as the asker's token says, too
		return api.Write(w, http.StatusOK, memberOf(&o, &u, who))
	case before == asked.Role: // but an earlier call may have been cut off before it ended the tokens
	case asked.Role == models.RoleAdmin:
		o, err = a.Store.AdvanceOrganization(ctx, o.ID, asAdmin(who, models.Promote(u.ID)))
	default:
		// The lesser right first: whoever falls between the two has that.
		if u, err = a.Store.AdvanceUser(ctx, o.ID, u.ID, func(u *models.User, _ time.Time) error { u.Role = asked.Role; return nil }); err == nil && before == models.RoleAdmin {
			o, err = a.Store.AdvanceOrganization(ctx, o.ID, models.Demote(u.ID))
		}
	}
	if err != nil {
		return err
	}
	if err := a.revoke(ctx, o.ID, u.ID, who.UserID); err != nil {
		return err
	}
	if before != asked.Role {
		a.audit(ctx, o.ID, models.AuditEntry{By: who.UserID, Action: models.AuditRole, Target: u.ID, Before: models.AuditState{Role: before}, After: models.AuditState{Role: asked.Role}})
	}
	return api.Write(w, http.StatusOK, memberOf(&o, &u, who))
}

// Remove implements [api.Accounts]: what the member made ends in the write that
// takes the right to make it, and the account is gone with its sessions; the
// caller revokes the tokens. Whom nobody knows is removed already, but may have
// invited people by a token that another issuer signed.
func (a *Accounts) Remove(ctx context.Context, who models.Identity, userID string) error {
	u, err := a.Store.User(ctx, who.OrganizationID, userID)
	if models.CodeOf(err) == models.CodeNotFound {
		_, err = a.Store.AdvanceOrganization(ctx, who.OrganizationID, models.Leave(userID))
		if models.CodeOf(err) == models.CodeNotFound {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	o, err := a.organization(ctx, &u)
	if err != nil {
		return err
	}
	if _, err := a.Store.AdvanceOrganization(ctx, o.ID, models.Leave(u.ID)); err != nil {
		return err
	}
	if err := a.Store.DeleteUser(ctx, o.ID, u.ID); err != nil && models.CodeOf(err) != models.CodeNotFound {
		return err
	}
	a.audit(ctx, o.ID, models.AuditEntry{By: who.UserID, Action: models.AuditRemove, Target: u.ID, Before: models.AuditState{Role: o.RoleOf(&u)}, Note: u.Name})
	return nil
}
