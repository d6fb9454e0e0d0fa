package accounts

import (
	"context"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reelroom/models"
	"reelroom/server/api"
)

// Registration founds an organization, or joins one by an invitation.
type Registration struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
	// OrganizationName names the organization that is founded.
	OrganizationName string `json:"organizationName,omitempty"`
	// Invite is the secret of an invitation; with it nothing is founded.
	Invite string `json:"invite,omitempty"`
	// SetupCode is the one that the server prints at its start, or the secret of
	// the link to sign in locally. Founding the first organization takes it.
	SetupCode string `json:"setupCode,omitempty"`
}

const (
	maxName  = 100
	maxEmail = 254 // RFC 5321, section 4.5.3.1.3, less the brackets
)

// normalEmail returns the address as it is kept: trimmed and in lower case.
func normalEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || len(s) > maxEmail || !plain(s) {
		return "", models.Errorf(models.CodeInvalid, "This is not an e-mail address.")
	}
	return s, nil
}

func checkName(what, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > maxName || !plain(s) {
		return "", models.Errorf(models.CodeInvalid, "The %s must have 1 to %d characters, all of which can be seen.", what, maxName)
	}
	return s, nil
}

// plain reports whether a text is UTF-8 without control characters.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// register answers POST /api/auth/register.
func (a *Accounts) register(w http.ResponseWriter, r *http.Request) error {
	var asked Registration
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	u := models.User{ID: models.NewID(time.Now()), Role: models.RoleEditor}
	var err error
	if u.Email, err = normalEmail(asked.Email); err != nil {
		return err
	}
	if u.Name, err = checkName("name", asked.Name); err != nil {
		return err
	}
	if err := checkPassword(asked.Password, u.Email, u.Name); err != nil {
		return err
	}
	found := asked.Invite == ""
	if found {
		if u.Founder, err = checkName("name of the organization", asked.OrganizationName); err != nil {
			return err
		}
	}
	// Before the work: a stranger's invitation costs nothing.
	if err := a.permit(r, &asked, &u); err != nil {
		return err
	}
	invited := !found || u.First
	if u.Password, err = a.hasher.hash(r.Context(), invited, asked.Password); err != nil {
		return err
	}
	if found {
		u, err = a.found(r.Context(), u)
	} else {
		u, err = a.join(r.Context(), u, asked.Invite)
	}
	if err != nil {
		return err
	}
	return a.begin(w, r, u, http.StatusCreated)
}

var (
	errClosed    = models.Errorf(models.CodeForbidden, "An account is made by invitation here; ask an admin of your organization for one.")
	errSetupCode = models.Errorf(models.CodeSetupCode, "The setup code is not the one that the server printed at its start.")
)

// permit lets in who brings an invitation or the setup code, as often as they
// like, and counts all others.
func (a *Accounts) permit(r *http.Request, asked *Registration, u *models.User) (err error) {
	if asked.Invite != "" {
		_, _, _, err = a.invitation(r.Context(), asked.Invite)
	} else if err = a.mayFound(r, asked.SetupCode, u); err == nil && !u.First {
		_, err = a.Limits.Attempt(r, "") // anybody may
		return err
	}
	switch models.CodeOf(err) {
	case models.CodeInvite, models.CodeSetupCode:
		return a.failed(r, err)
	}
	return err
}

// mayFound decides whether whoever asks may found an organization, and which.
func (a *Accounts) mayFound(r *http.Request, code string, u *models.User) error {
	founded, err := a.Store.HasUsers(r.Context())
	switch {
	case err != nil:
		return err
	case founded && !a.Open:
		return errClosed
	case founded:
		u.OrganizationID = newOrganizationID()
		return nil
	case !a.provesOwner(r, strings.TrimSpace(code)):
		return errSetupCode
	}
	u.First = true
	if u.OrganizationID = a.FirstOrganization; u.OrganizationID == "" {
		u.OrganizationID = newOrganizationID()
	}
	return nil
}

// provesOwner reports whether the code is one that the server gave to whoever
// started it: the setup code, or the secret of the local admin's link, which is
// used up by that.
func (a *Accounts) provesOwner(r *http.Request, code string) bool {
	return same(strings.ToUpper(code), a.setupCode) || code != "" && a.localLink(r, code) == nil
}

// found makes the founder, of whom the store takes one as the first, and then
// the organization.
func (a *Accounts) found(ctx context.Context, u models.User) (models.User, error) {
	made, err := a.Store.CreateUser(ctx, u.OrganizationID, u)
	if u.First && models.CodeOf(err) == models.CodeConflict {
		return u, errClosed // somebody was faster
	}
	if err != nil {
		return u, err
	}
	if _, err := a.organization(ctx, &made); err != nil {
		return u, err
	}
	if made.OrganizationID == models.LocalOrganization { // who went on without an account does so no longer
		if err := a.end(ctx, made.OrganizationID, api.LocalUser, made.ID, api.LocalTTL+time.Hour); err != nil {
			return u, err
		}
	}
	a.audit(ctx, made.OrganizationID, models.AuditEntry{By: made.ID, Action: models.AuditJoin, Target: made.ID, After: models.AuditState{Role: models.RoleAdmin}})
	return made, nil
}

var errInvite = models.Errorf(models.CodeInvite, "This invitation was used, withdrawn or is too old; ask for another.")

// invitation finds what a link stands for.
func (a *Accounts) invitation(ctx context.Context, secret string) (ticket, models.Organization, models.Invite, error) {
	t, ok := parseTicket(secret)
	if !ok {
		return t, models.Organization{}, models.Invite{}, errInvite
	}
	o, err := a.Store.Organization(ctx, t.org)
	if models.CodeOf(err) == models.CodeNotFound {
		return t, o, models.Invite{}, errInvite
	}
	if err != nil {
		return t, o, models.Invite{}, err
	}
	i := openInvite(&o, t, time.Now())
	if i < 0 {
		return t, o, models.Invite{}, errInvite
	}
	return t, o, o.Invites[i], nil
}

func openInvite(o *models.Organization, t ticket, now time.Time) int {
	hash := hashOf(t.secret)
	return slices.IndexFunc(o.Invites, func(i models.Invite) bool {
		return i.ID == t.owner && same(i.Hash, hash) && now.Before(i.ExpiresAt)
	})
}

// join takes the invitation, which nobody else can take then, and makes the
// member. An invitation whose member could not be made is given back, unless the
// admin who made it is none any more.
func (a *Accounts) join(ctx context.Context, u models.User, secret string) (models.User, error) {
	t, o, invite, err := a.invitation(ctx, secret)
	if err != nil {
		return u, err
	}
	if invite.Email != "" && invite.Email != u.Email {
		return u, models.Errorf(models.CodeInvite, "This invitation is for another e-mail address.")
	}
	switch taken, err := a.Store.UsersByEmail(ctx, u.Email, o.ID, 1); {
	case err != nil:
		return u, err
	case len(taken) > 0:
		return u, models.ErrEmailTaken
	}
	if invite.Role != models.RoleAdmin {
		u.Role = invite.Role
	}
	var byAdmin bool // the one who made it is an account
	_, err = a.Store.AdvanceOrganization(ctx, o.ID, func(o *models.Organization, now time.Time) error {
		i := openInvite(o, t, now)
		if i < 0 {
			return errInvite
		}
		byAdmin = slices.Contains(o.Admins, invite.CreatedBy)
		o.Invites = slices.Delete(slices.Clone(o.Invites), i, i+1)
		return nil
	})
	if err != nil {
		return u, err
	}
	u, err = a.Store.CreateUser(ctx, o.ID, u)
	if err != nil {
		_, _ = a.Store.AdvanceOrganization(context.WithoutCancel(ctx), o.ID, func(o *models.Organization, _ time.Time) error {
			if byAdmin && !slices.Contains(o.Admins, invite.CreatedBy) {
				return errInvite
			}
			o.Invites = append(slices.Clone(o.Invites), invite)
			return nil
		})
		return u, err
	}
	if invite.Role == models.RoleAdmin {
		if _, err := a.Store.AdvanceOrganization(ctx, o.ID, models.Promote(u.ID)); err != nil {
			a.Logger.Warn("a new admin could not be made one", "organization", o.ID, "user", u.ID, "error", err)
		}
	}
	a.audit(ctx, o.ID, models.AuditEntry{By: invite.CreatedBy, Action: models.AuditJoin, Target: u.ID, After: models.AuditState{Role: invite.Role}})
	return u, nil
}

// InviteSecret is what stands in the link of an invitation.
type InviteSecret struct {
	Secret string `json:"secret"`
}

// Invitation is what its holder may know of it.
type Invitation struct {
	OrganizationName string      `json:"organizationName"`
	Role             models.Role `json:"role"`
	// Email is whom it is for; "" for whoever holds it.
	Email string `json:"email"`
}

// look answers POST /api/auth/invite.
func (a *Accounts) look(w http.ResponseWriter, r *http.Request) error {
	var asked InviteSecret
	if err := api.Decode(w, r, &asked, false); err != nil {
		return err
	}
	_, o, invite, err := a.invitation(r.Context(), asked.Secret)
	if models.CodeOf(err) == models.CodeInvite {
		return a.failed(r, err)
	}
	if err != nil {
		return err
	}
	return api.Write(w, http.StatusOK, Invitation{o.Name, invite.Role, invite.Email})
}
