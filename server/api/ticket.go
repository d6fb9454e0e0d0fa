package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// Tickets are the one-time tickets of what cannot send a header; see
// [auth.Tickets].
type Tickets interface {
	Issue(ctx context.Context, who models.Identity) (ticket string, until time.Time, err error)
	Redeem(ctx context.Context, ticket string) (models.Identity, error)
	// Pass and Admit let the reconnect of a stream in whose ticket is used up.
	Pass(ticket, path string, who models.Identity) string
	Admit(ticket, path, pass string) (models.Identity, error)
}

// maxPasses bounds the passes that a browser holds for one path: they come with
// each request to it, whose headers are bounded too.
const maxPasses = 16

// Ticket is the answer that brings a one-time ticket.
type Ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// ticket answers POST /api/tickets: 201 and what may stand as ?ticket= in the
// URL of a stream, once and soon.
func (a *api) ticket(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if a.Tickets == nil {
		return models.Errorf(models.CodeUnsupported, "There are no tickets here.")
	}
	ticket, until, err := a.Tickets.Issue(r.Context(), who)
	if err != nil {
		return err
	}
	return Write(w, http.StatusCreated, Ticket{ticket, until.UTC()})
}

// Visitor returns who sends the request: by the bearer token of its header or,
// where it has none, by the one-time ticket in its query, which is used up.
func (g *Gate) Visitor(r *http.Request) (models.Identity, error) {
	ticket, ok := ticketOf(r)
	if !ok {
		return g.Identify(r)
	}
	return g.Redeem(r, ticket)
}

// Redeem uses up a one-time ticket that stood somewhere in the request.
func (g *Gate) Redeem(r *http.Request, ticket string) (models.Identity, error) {
	return g.by(r, func() (models.Identity, error) {
		if g.tickets == nil {
			return models.Identity{}, models.Errorf(models.CodeTokenMissing, "Authentication required")
		}
		return g.tickets.Redeem(r.Context(), ticket)
	})
}

// StreamVisitor is [Gate.Visitor] for a stream that a browser's EventSource
// reads. That one reconnects by itself, with the URL that it has, whose ticket
// is used up by then. So the answer to a ticket sets a cookie, the pass: with
// both, until the token ends, the same browser may come again to the same path
// and to no other. Call it before the answer begins.
func (g *Gate) StreamVisitor(w http.ResponseWriter, r *http.Request) (models.Identity, error) {
	ticket, ok := ticketOf(r)
	if !ok || g.tickets == nil || r.Method != http.MethodGet {
		return g.Identify(r)
	}
	if pass, err := r.Cookie(g.cookies().Name(auth.PassName(ticket))); err == nil {
		who, err := g.by(r, func() (models.Identity, error) { return g.tickets.Admit(ticket, r.URL.Path, pass.Value) })
		if models.CodeOf(err) != models.CodeTokenInvalid {
			return who, err
		}
		// Whatever that was, it says nothing about the ticket.
	}
	who, err := g.Redeem(r, ticket)
	if err != nil {
		return who, err
	}
	if g.origins.Page(r) != auth.LoopbackPage { // whose cookies are not taken
		g.setPass(w, r, ticket, who)
	}
	return who, nil
}

// setPass sets the pass of a ticket. The oldest ones of the same path go.
func (g *Gate) setPass(w http.ResponseWriter, r *http.Request, ticket string, who models.Identity) {
	cookie := g.passCookie(r, auth.PassName(ticket), g.tickets.Pass(ticket, r.URL.Path, who))
	cookie.Expires = who.ExpiresAt
	http.SetCookie(w, cookie)
	var held []string // in the order of their age (RFC 6265, section 5.4)
	for _, c := range g.cookies().Of(r) {
		if strings.HasPrefix(c.Name, auth.PassPrefix) {
			held = append(held, c.Name)
		}
	}
	for _, name := range held[:max(len(held)-maxPasses+1, 0)] {
		gone := g.passCookie(r, name, "")
		gone.MaxAge = -1
		http.SetCookie(w, gone)
	}
}

func (g *Gate) cookies() auth.Cookies { return auth.Cookies(g.publicURL) }

// passCookie is sent to exactly the stream that it is for, and is no script's to
// read. The page of another site gets it only over TLS, where browsers take it,
// and apart from what other sites hold of this one.
func (g *Gate) passCookie(r *http.Request, name, value string) *http.Cookie {
	c := g.cookies().New(name, value, r.URL.EscapedPath(), http.SameSiteLaxMode)
	if c.Secure && g.origins.Page(r) == auth.AllowedPage {
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
	return c
}

// ticketOf returns the ticket in the query, where no header says who asks.
func ticketOf(r *http.Request) (ticket string, ok bool) {
	if len(r.Header.Values("Authorization")) > 0 || !strings.Contains(r.URL.RawQuery, "ticket") {
		return "", false
	}
	q := r.URL.Query()
	if !q.Has("ticket") {
		return "", false
	}
	return q.Get("ticket"), true
}
