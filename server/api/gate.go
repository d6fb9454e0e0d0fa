package api

import (
	"context"
	"net/http"
	"net/url"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/limits"
)

// Handler answers a request or returns why not; an error becomes a problem
// (RFC 9457), unless the answer has begun.
type Handler func(w http.ResponseWriter, r *http.Request) error

// MemberHandler is a [Handler] for somebody known. What the role permits is
// the library's to say.
type MemberHandler func(w http.ResponseWriter, r *http.Request, who models.Identity) error

// Door is a set of entries of another package.
type Door interface {
	// Routes returns the entries, which ask the gate who sends a request.
	Routes(g *Gate) []Route
}

// Route is one entry: a pattern of [http.ServeMux] with its method, and what
// answers.
type Route struct {
	Pattern string
	Handle  Handler
}

// Gate says who sends a request. It counts bad tokens against their address and
// names the member in the access log.
type Gate struct {
	verify  func(ctx context.Context, token string) (models.Identity, error)
	limits  *limits.Limits
	tickets Tickets
	// publicURL and origins are those of the answers' cookies.
	publicURL string
	origins   *auth.Origins
	localLink func(r *http.Request, secret string) error
}

// UseLocalLink uses up the secret of the local admin's link, once, for a request
// of the server's own page on the machine itself.
func (g *Gate) UseLocalLink(r *http.Request, secret string) error { return g.localLink(r, secret) }

// PageAddress returns PUBLIC_URL with the origin at which the server's own page
// that sends the request was opened. It is for what the asker alone is told, after
// the token was verified: a browser sets Origin and Host itself, and no page
// elsewhere has the token.
func (g *Gate) PageAddress(r *http.Request) string {
	own := auth.OriginOf(r.Header.Get("Origin"))
	public, err := url.Parse(g.publicURL)
	if err != nil || own == "" || g.origins.Page(r) != auth.OwnPage {
		return g.publicURL
	}
	return own + public.EscapedPath()
}

// Ours reports whether a page that may use cookies has sent the request, which
// is one of this server or an allowed one, or something that is no browser.
func (g *Gate) Ours(r *http.Request) bool {
	switch g.origins.Page(r) {
	case auth.NoPage:
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	case auth.OwnPage, auth.AllowedPage:
		return true
	}
	return false
}

// Member lets in who has a bearer token and does not ask too often.
func (g *Gate) Member(h MemberHandler) Handler { return g.Limited(g.limits.Request, h) }

// Limited is [Gate.Member] with a limit of its own.
func (g *Gate) Limited(limit func(models.Identity) error, h MemberHandler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := g.Identify(r)
		if err != nil {
			return err
		}
		if err := limit(who); err != nil {
			return err
		}
		return h(w, r, who)
	}
}

// Identify verifies the bearer token of the request's header.
func (g *Gate) Identify(r *http.Request) (models.Identity, error) {
	return g.Admit(r, auth.Bearer(r))
}

// Admit verifies a token that stood elsewhere in the request.
func (g *Gate) Admit(r *http.Request, token string) (models.Identity, error) {
	return g.by(r, func() (models.Identity, error) { return g.verify(r.Context(), token) })
}

// by lets in whom verify names, and counts what it refuses.
func (g *Gate) by(r *http.Request, verify func() (models.Identity, error)) (models.Identity, error) {
	who, err := verify()
	if err != nil {
		return models.Identity{}, g.limits.Failed(r, err)
	}
	entryOf(r).who = who
	connguard.Verified(r.Context())
	return who, nil
}
