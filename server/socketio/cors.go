package socketio

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// hostOf reads an origin (RFC 6454): scheme, host and port, nothing else.
func hostOf(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("socketio: %q is not an origin such as https://app.example.org", origin)
	}
	return strings.ToLower(u.Host), nil
}

// origins are those that may connect, in lower case and without a slash.
type origins map[string]struct{}

func newOrigins(list []string) origins {
	o := origins{}
	for _, one := range list {
		o[strings.ToLower(strings.TrimSuffix(one, "/"))] = struct{}{}
	}
	return o
}

// allows reports whether the request's origin may connect. A request without
// one comes from no web page.
func (o origins) allows(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	origin := strings.ToLower(values[0])
	if _, ok := o[origin]; ok {
		return true
	}
	host, err := hostOf(origin)
	return err == nil && host == strings.ToLower(r.Host)
}

// cors tells a browser that the page of an allowed origin may read the answer,
// cookies included (Fetch standard, 3.2).
func cors(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers the question that a browser asks before a request that
// carries a header of its own.
func preflight(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
