package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/documents"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/worker/health"
)

// Config is what the door needs.
type Config struct {
	Library *library.Library
	// Verify returns who a bearer token speaks for.
	Verify func(ctx context.Context, token string) (models.Identity, error)
	// Inspect is Verify that takes a revoked token, too: what it returns permits
	// nothing.
	Inspect func(ctx context.Context, token string) (models.Identity, error)
	Revoker Revoker
	// Links checks the signed URLs of media and thumbnails.
	Links *models.SignedLinks
	// Tickets may be nil: then there are none.
	Tickets Tickets
	// PublicURL is the address that browsers see, such as "https://host/path".
	PublicURL string
	// Origins decides which pages may call; nil for the server's own alone.
	Origins *auth.Origins
	// Local lets who has the link that the server printed sign in as the local
	// admin; nil refuses it. PublicURL must be a loopback one.
	Local *Local
	// Accounts are those of people who bring no issuer; nil for none.
	Accounts Accounts
	// OperatorToken is the bearer token of the operator of the installation; ""
	// for none.
	OperatorToken string
	// Health answers /readyz.
	Health *health.Checker
	// Metrics serves GET /metrics; nil for none.
	Metrics http.Handler
	// Limits may be nil: then nobody asks too often.
	Limits *limits.Limits
	// Doors stand beside the entries of this package, behind the same gate.
	Doors []Door
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
}

// Local is the sign-in of the embedded default, which made its key itself.
type Local struct {
	Signer auth.Signer
	Link   *auth.LocalLink
}

type api struct {
	Config
	gate *Gate
	mux  *http.ServeMux
	// patterns are those of all entries, as the mux has them.
	patterns []string
}

// API is the handler of all entries.
type API struct {
	http.Handler
	// NotFound answers a request for what is not there, whatever its path, as the
	// API does.
	NotFound http.Handler
	patterns []string
}

// Patterns lists the entries, as patterns of [http.ServeMux]. Each is described
// in the served documents.
func (a *API) Patterns() []string { return slices.Clone(a.patterns) }

// New returns the handler of /api/, /healthz, /readyz and /metrics, and of what
// [Config.Doors] add.
//
// The server that runs it sets ReadHeaderTimeout, IdleTimeout and
// MaxHeaderBytes, but no ReadTimeout and no WriteTimeout: files take as long as
// they take. Bodies and answers have deadlines here that move with their bytes.
func New(c Config) *API {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	a := &api{Config: c, mux: http.NewServeMux()}
	a.gate = &Gate{c.Verify, c.Limits, c.Tickets, c.PublicURL, c.Origins, a.useLocalLink}
	a.routes()
	wrap := func(h http.Handler) http.Handler { return a.observe(a.secure(a.admit(h))) }
	return &API{wrap(a.mux), wrap(a.handle(a.notFound)), a.patterns}
}

// routes lists every entry. A member's entry is reached only with a verified
// identity; which role it takes is the library's to say.
func (a *api) routes() {
	serve := func(pattern string, h http.Handler) {
		a.patterns = append(a.patterns, pattern)
		a.mux.Handle(pattern, h)
	}
	open := func(pattern string, h Handler) { serve(pattern, a.handle(h)) }
	member := func(pattern string, h MemberHandler) {
		open(pattern, a.gate.Member(h))
	}

	member("POST /api/videos", a.upload)
	member("GET /api/videos", a.list)
	member("GET /api/videos/counts", a.count)
	member("GET /api/videos/{id}", a.get)
	member("PATCH /api/videos/{id}", a.rename)
	member("DELETE /api/videos/{id}", a.remove)
	member("POST /api/videos/{id}/cancel", a.cancel)
	member("POST /api/videos/{id}/retry", a.retry)
	member("POST /api/videos/{id}/review", a.review)
	member("GET /api/videos/{id}/scores", a.scores)
	member("GET /api/videos/{id}/audit", a.videoTrail)
	member("GET /api/org/policy", a.policy)
	member("PUT /api/org/policy", a.setPolicy)
	member("POST /api/org/policy/preview", a.previewPolicy)
	member("GET /api/org/audit", a.auditTrail)
	member("GET /api/auth/me", a.me)
	member("POST /api/tickets", a.ticket)
	open("POST /api/auth/logout", a.logout)
	member("POST /api/auth/revocations", a.revoke)
	member("DELETE /api/org/members/{userId}", a.removeMember)
	open("POST /api/events", a.gate.Limited(a.mayPublish, a.publish))
	open("POST /api/chat", a.gate.Limited(a.Limits.Message, a.chat))
	member("POST /api/announcements", a.announce)
	member("POST /api/notifications", a.notify)
	open("POST /api/operator/announcements", a.announceEverywhere)

	member("POST /batch/upload", a.uploadBatch)
	member("GET /batch/{id}/status", a.batch)
	member("POST /batch/{id}/cancel", a.cancelBatch)

	file := func(kind string, find finder, kept caching) { // by token or signed URL
		open("GET /api/videos/{id}/"+kind, a.file(kind, find, kept))
	}
	file(models.LinkMedia, a.Library.Media, forGood)
	file(models.LinkPlayback, a.Library.Playback, briefly)
	file(models.LinkThumbnail, a.Library.Thumbnail, asked)
	file(models.LinkStoryboard, a.Library.Storyboard, briefly)
	file(models.LinkStoryboardPicture, a.Library.StoryboardPicture, briefly)
	open("GET /api/videos/{id}/evidence/{ms}", a.evidence)
	open("GET /api/auth/options", a.options)
	open("POST /api/auth/local", a.signInLocal)

	for _, d := range a.Doors {
		for _, r := range d.Routes(a.gate) {
			open(r.Pattern, r.Handle)
		}
	}
	open("GET /api/openapi.json", a.describe(documents.OpenAPI))
	open("GET /api/asyncapi.json", a.describe(a.asyncAPI))
	open("GET /healthz", a.healthz)
	open("GET /readyz", a.readyz)
	if a.Metrics != nil {
		serve("GET /metrics", a.Metrics)
	}
	a.mux.Handle("/", a.handle(a.fallback))
}

func (a *api) handle(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			a.fail(w, r, err)
		}
	})
}

// mayPublish is the limit of an outside worker, which its organization shares.
// Who may not publish has no part in it.
func (a *api) mayPublish(who models.Identity) error {
	if who.May(models.ActionPublish) {
		return a.Limits.Event(who)
	}
	return a.Limits.Request(who)
}

// notFound answers a path that is none of the API's: 405 where the page could
// have been read, else 404.
func (a *api) notFound(w http.ResponseWriter, r *http.Request) error {
	if w.Header().Get("Allow") != "" {
		return errMethod
	}
	return errNoRoute
}

// fallback answers what no pattern took: 405 where another method would have
// been, else 404.
func (a *api) fallback(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return errNoRoute
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return errMethod
}
