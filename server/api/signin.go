package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

const (
	// LocalUser is the user of a local sign-in, and LocalTTL the life of its token.
	LocalUser = "admin"
	LocalTTL  = 12 * time.Hour
)

// User is how an identity is shown to its owner.
type User struct {
	UserID         string      `json:"userId"`
	OrganizationID string      `json:"organizationId"`
	Role           models.Role `json:"role"`
	ExpiresAt      time.Time   `json:"expiresAt"`
	Profile
}

// Profile is what an account tells beyond its token.
type Profile struct {
	Name             string `json:"name,omitempty"`
	Email            string `json:"email,omitempty"`
	OrganizationName string `json:"organizationName,omitempty"`
	// Account tells that there is an account here; without one the token comes
	// from another issuer.
	Account bool `json:"account,omitempty"`
}

// UserOf shows an identity without an account.
func UserOf(who models.Identity) User {
	return User{UserID: who.UserID, OrganizationID: who.OrganizationID, Role: who.Role, ExpiresAt: who.ExpiresAt.UTC()}
}

// Accounts are those of people who bring no issuer. A nil one stands for none.
type Accounts interface {
	// Options tells whether the first organization is still to be founded, and
	// whether anybody may found another.
	Options(ctx context.Context) (setup, registration bool, err error)
	// Profile returns what is known of a member; nothing of one who has no account.
	Profile(ctx context.Context, who models.Identity) (Profile, error)
	// Remove deletes the account of a member, if there is one;
	// [models.ErrLastAdmin] for the only admin. The caller revokes the tokens.
	Remove(ctx context.Context, who models.Identity, userID string) error
	// SignOut ends the session that the request's cookie stands for, and reports
	// whether there was one.
	SignOut(w http.ResponseWriter, r *http.Request) bool
}

// SignInOptions tells which ways to sign in a request has.
type SignInOptions struct {
	// Local tells that the link which the server prints at its start signs in
	// without an account.
	Local bool `json:"local"`
	// Accounts tells that there are accounts here.
	Accounts bool `json:"accounts"`
	// Setup tells that nobody has one yet: the first visitor founds the
	// organization. SetupCode tells that this takes the code which the server
	// prints at its start.
	Setup     bool `json:"setup"`
	SetupCode bool `json:"setupCode"`
	// Registration tells that anybody may found an organization.
	Registration bool `json:"registration"`
}

// LocalSession is what a local sign-in gives.
type LocalSession struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	User      User      `json:"user"`
}

func (a *api) me(w http.ResponseWriter, r *http.Request, who models.Identity) (err error) {
	user := UserOf(who)
	if a.Accounts != nil {
		if user.Profile, err = a.Accounts.Profile(r.Context(), who); err != nil {
			return err
		}
	}
	return Write(w, http.StatusOK, user)
}

// options tells the page which ways to sign in there are.
func (a *api) options(w http.ResponseWriter, r *http.Request) error {
	options := SignInOptions{Local: a.Local != nil}
	if a.Accounts != nil {
		setup, registration, err := a.Accounts.Options(r.Context())
		if err != nil {
			return err
		}
		options = SignInOptions{options.Local && setup, true, setup, setup, registration && !setup}
	}
	return Write(w, http.StatusOK, options)
}

// LocalSecret is what stands behind #local= in the link that the server prints
// at its start.
type LocalSecret struct {
	Secret string `json:"secret"`
}

// signInLocal gives who has the link of the local admin a token, once.
func (a *api) signInLocal(w http.ResponseWriter, r *http.Request) error {
	var asked LocalSecret
	if err := Decode(w, r, &asked, false); err != nil {
		return err
	}
	if a.Accounts != nil && a.Local != nil {
		if setup, _, err := a.Accounts.Options(r.Context()); err != nil {
			return err
		} else if !setup {
			return models.Errorf(models.CodeForbidden, "There are accounts here: sign in with yours.")
		}
	}
	if err := a.useLocalLink(r, asked.Secret); err != nil {
		return err
	}
	who := models.Identity{UserID: LocalUser, OrganizationID: models.LocalOrganization, Role: models.RoleAdmin}
	token, expires, err := a.Local.Signer.Token(who, LocalTTL)
	if err != nil {
		return err
	}
	who.ExpiresAt = expires
	entryOf(r).who = who
	a.Logger.Info("the local admin signed in", "requestId", entryOf(r).id, "address", a.Limits.Client(r))
	return Write(w, http.StatusOK, LocalSession{Token: token, ExpiresAt: expires.UTC(), User: UserOf(who)})
}

// useLocalLink uses up the secret of the local admin's link, which is all that
// gives a right here: neither the address nor the Host of a request does. The
// page that sends it must be the server's own, and opened on this machine.
func (a *api) useLocalLink(r *http.Request, secret string) error {
	if a.Local == nil {
		return models.Errorf(models.CodeForbidden, "Nobody signs in here without an account or a token.")
	}
	if !a.localPage(r) {
		return models.Errorf(models.CodeForbidden, "Only the server's own page, opened on the machine that runs it, signs in by a link.")
	}
	return a.Local.Link.Use(secret)
}

// localPage reports whether the server's own page sent the request, under a
// loopback name that a page elsewhere cannot have.
func (a *api) localPage(r *http.Request) bool {
	if a.Origins.Page(r) != auth.OwnPage {
		return false
	}
	origin := r.Header.Get("Origin")
	scheme, _, _ := strings.Cut(a.PublicURL, "://")
	site := r.Header.Get("Sec-Fetch-Site")
	return auth.IsLoopbackURL(origin) && strings.HasPrefix(origin, scheme+"://") && (site == "" || site == "same-origin")
}
