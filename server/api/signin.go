package api

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
)

const (
	// LocalUser is the user of a local sign-in, and LocalTTL how long it holds.
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
	// Local tells that this machine may sign in as the local admin.
	Local bool `json:"local"`
	// Accounts tells that there are accounts here.
	Accounts bool `json:"accounts"`
	// Setup tells that nobody has one yet: the first visitor founds the
	// organization. SetupCode tells that this takes the code which the server told
	// at its start, as the request does not come from its own machine.
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

// options tells the page which ways to sign in this request has.
func (a *api) options(w http.ResponseWriter, r *http.Request) error {
	options := SignInOptions{Local: a.local(r)}
	if a.Accounts != nil {
		setup, registration, err := a.Accounts.Options(r.Context())
		if err != nil {
			return err
		}
		options = SignInOptions{options.Local && setup, true, setup, setup && !options.Local, registration && !setup}
	}
	return Write(w, http.StatusOK, options)
}

// signInLocal gives the person at this machine a token of the local admin.
func (a *api) signInLocal(w http.ResponseWriter, r *http.Request) error {
	if !a.local(r) {
		return models.Errorf(models.CodeForbidden, "Signing in without a token is possible only on the machine that runs the server, and only while no issuer is configured.")
	}
	if a.Accounts != nil {
		if setup, _, err := a.Accounts.Options(r.Context()); err != nil || !setup {
			return models.Errorf(models.CodeForbidden, "There are accounts here: sign in with yours.").Because(err)
		}
	}
	who := models.Identity{UserID: LocalUser, OrganizationID: models.LocalOrganization, Role: models.RoleAdmin}
	token, expires, err := a.Local.Signer.Token(who, LocalTTL)
	if err != nil {
		return err
	}
	who.ExpiresAt = expires
	entryOf(r).who = who
	a.Logger.Info("the local admin signed in", "requestId", entryOf(r).id, "address", r.RemoteAddr)
	return Write(w, http.StatusOK, LocalSession{Token: token, ExpiresAt: expires.UTC(), User: UserOf(who)})
}

// local reports whether the request comes from this very machine, from a page
// of this server or an allowed one, and through no proxy. The address alone
// does not say so: a page anywhere can make the browser here send requests, and
// with a name of its own that points to 127.0.0.1 even read the answers. Such a
// request has another Host or another Origin.
func (a *api) local(r *http.Request) bool {
	if a.Local == nil || proxied(r.Header) {
		return false
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(address); err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	host := strings.ToLower(r.Host)
	if !slices.Contains(a.Local.hosts(), host) {
		return false
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 { // not a browser, or a GET of the same origin
		return r.Header.Get("Sec-Fetch-Site") != "cross-site"
	}
	origin := strings.ToLower(origins[0])
	return len(origins) == 1 && (origin == "http://"+host || a.origins[origin])
}

// hosts are the names under which a browser on this machine reaches the server.
func (l *Local) hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "[::1]"}
	if l.Port != 80 {
		for i := range hosts {
			hosts[i] += ":" + strconv.Itoa(l.Port)
		}
	}
	return hosts
}

// proxied reports whether somebody has passed the request on: then its address
// is not its sender's.
func proxied(h http.Header) bool {
	for name := range h {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded") {
			return true
		}
	}
	return false
}
