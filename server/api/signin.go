package api

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
)

// localTTL is how long a local sign-in holds.
const localTTL = 12 * time.Hour

// User is how an identity is shown to its owner.
type User struct {
	UserID         string      `json:"userId"`
	OrganizationID string      `json:"organizationId"`
	Role           models.Role `json:"role"`
	ExpiresAt      time.Time   `json:"expiresAt"`
}

func userOf(who models.Identity) User {
	return User{who.UserID, who.OrganizationID, who.Role, who.ExpiresAt.UTC()}
}

// SignInOptions tells which ways to sign in a request has.
type SignInOptions struct {
	// Local tells that this machine may sign in as the local admin.
	Local bool `json:"local"`
}

// LocalSession is what a local sign-in gives.
type LocalSession struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	User      User      `json:"user"`
}

func (a *api) me(w http.ResponseWriter, _ *http.Request, who models.Identity) error {
	return Write(w, http.StatusOK, userOf(who))
}

// options tells the page which ways to sign in this request has.
func (a *api) options(w http.ResponseWriter, r *http.Request) error {
	return Write(w, http.StatusOK, SignInOptions{Local: a.local(r)})
}

// signInLocal gives the person at this machine a token of the local admin.
func (a *api) signInLocal(w http.ResponseWriter, r *http.Request) error {
	if !a.local(r) {
		return models.Errorf(models.CodeForbidden, "Signing in without a token is possible only on the machine that runs the server, and only while no issuer is configured.")
	}
	who := models.Identity{UserID: "admin", OrganizationID: "local", Role: models.RoleAdmin}
	token, expires, err := a.Local.Signer.Token(who, localTTL)
	if err != nil {
		return err
	}
	who.ExpiresAt = expires
	entryOf(r).who = who
	a.Logger.Info("the local admin signed in", "requestId", entryOf(r).id, "address", r.RemoteAddr)
	return Write(w, http.StatusOK, LocalSession{Token: token, ExpiresAt: expires.UTC(), User: userOf(who)})
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
