package auth

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"reelroom/models"
)

// Page is what the Origin header of a request says about the web page that sent
// it (RFC 6454). A browser sets the header; no page can change it.
type Page int

const (
	// NoPage: there is no Origin header. The request comes from a program, or a
	// browser reads from the page's own server.
	NoPage Page = iota
	// OwnPage: the page was served here. Its host is that of the request, or of
	// PUBLIC_URL.
	OwnPage
	// AllowedPage: its origin is in FRONTEND_URL.
	AllowedPage
	// LoopbackPage: another page of this machine, which is admitted without
	// cookies: cookies do not tell ports apart (RFC 6265, section 8.5).
	LoopbackPage
	// RefusedPage: any other.
	RefusedPage
)

// OriginConfig is what [NewOrigins] takes.
type OriginConfig struct {
	// PublicURL is the address that browsers see; its path does not count.
	PublicURL string
	// Allowed are origins such as "https://app.example.com".
	Allowed []string
	// Loopback admits every loopback origin as a [LoopbackPage].
	Loopback bool
	// Logger may be nil: then refusals are not logged.
	Logger *slog.Logger
}

// Origins decides which web pages may use the server. It is the one decision
// for the HTTP API, Socket.IO, event streams, raw WebSockets and uploads. A nil
// *Origins admits the server's own pages only. Many goroutines may use it.
type Origins struct {
	own      string
	allowed  map[string]bool
	loopback bool
	refusals refusals
}

// NewOrigins returns the decision for a configuration that was validated.
func NewOrigins(c OriginConfig) *Origins {
	o := &Origins{own: OriginOf(c.PublicURL), allowed: map[string]bool{}, loopback: c.Loopback, refusals: refusals{logger: c.Logger}}
	for _, one := range c.Allowed {
		o.allowed[OriginOf(one)] = true
	}
	return o
}

// OriginOf returns the origin of an http or https URL in lower case, without the
// default port; "" for anything else.
func OriginOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

// Page tells which page sent the request.
func (o *Origins) Page(r *http.Request) Page {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return NoPage
	}
	origin := strings.ToLower(values[0])
	if len(values) > 1 || origin == "" || OriginOf(origin) != origin { // also "null"
		return RefusedPage
	}
	scheme, _, _ := strings.Cut(origin, "://")
	switch {
	case OriginOf(scheme+"://"+r.Host) == origin, o != nil && o.own == origin:
		return OwnPage
	case o != nil && o.allowed[origin]:
		return AllowedPage
	case o != nil && o.loopback && IsLoopbackURL(origin):
		return LoopbackPage
	}
	return RefusedPage
}

// IsLoopbackURL reports whether the host of the URL is this machine for every
// browser: an address in 127.0.0.0/8, ::1, localhost or a name below it (RFC
// 6761, section 6.3).
func IsLoopbackURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// CORS is what pages of other origins may send to a set of routes and read of
// their answers, as the values of the headers of the Fetch standard, section 3.2.
type CORS struct{ Methods, RequestHeaders, ResponseHeaders string }

// Admit writes the CORS headers of the answer and decides whether the request
// may go on. It answers a preflight itself and then reports true. Its error has
// the code [models.CodeOrigin] and is to be answered as a problem, which the
// page may read: so the preflight of a refused page succeeds, as a browser shows
// a page nothing of a preflight's answer. The cookies of a [LoopbackPage] are
// removed from the request.
func (o *Origins) Admit(w http.ResponseWriter, r *http.Request, c CORS) (answered bool, err error) {
	h := w.Header()
	h.Add("Vary", "Origin")
	page := o.Page(r)
	values := r.Header.Values("Origin")
	if len(values) == 1 {
		h.Set("Access-Control-Allow-Origin", values[0])
	}
	switch page {
	case OwnPage, AllowedPage:
		h.Set("Access-Control-Allow-Credentials", "true")
	case LoopbackPage:
		r.Header.Del("Cookie")
	case RefusedPage:
		err = refusal(values)
		if o != nil {
			o.refusals.log(strings.Join(values, ", "), r)
		}
	}
	if page != NoPage && c.ResponseHeaders != "" {
		h.Set("Access-Control-Expose-Headers", c.ResponseHeaders)
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" || len(values) > 1 {
		return false, err
	}
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if len(values) == 1 {
		h.Set("Access-Control-Allow-Methods", c.Methods)
		h.Set("Access-Control-Allow-Headers", c.RequestHeaders)
	}
	if page != RefusedPage {
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
	return true, nil
}

// maxOriginShown bounds what of an origin stands in a refusal and in the log.
const maxOriginShown = 200

func shown(origin string) string {
	if len(origin) > maxOriginShown {
		return strings.ToValidUTF8(origin[:maxOriginShown], "") + "…"
	}
	return origin
}

func refusal(origins []string) error {
	if len(origins) > 1 {
		return models.Errorf(models.CodeOrigin, "The request names more than one origin.")
	}
	return &models.Error{Code: models.CodeOrigin, Message: fmt.Sprintf(
		"Pages of the origin %q may not use this server. To allow them, add the origin to the server's setting FRONTEND_URL and restart it.", shown(origins[0]))}
}
