package main

import (
	"net/http"
	"strings"

	"reelroom/server/api"
)

// root sends each request to what serves its path. Unlike [http.ServeMux] it
// redirects nothing: neither a WebSocket nor the request of a page elsewhere
// follows a redirect.
type root struct {
	sockets http.Handler
	routes  *api.API
	page    http.Handler
}

func (h *root) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/socket.io/":
		h.sockets.ServeHTTP(w, r)
	case path == "/ws/batch": // which the API's mux would redirect
		h.routes.NotFound.ServeHTTP(w, r)
	case first == "api", first == "batch", first == "ws", path == "/healthz", path == "/readyz", path == "/metrics":
		h.routes.ServeHTTP(w, r)
	case wantsPage(r):
		h.page.ServeHTTP(w, r)
	default:
		h.routes.NotFound.ServeHTTP(w, r)
	}
}

// wantsPage reports whether a page can be meant: not by a Socket.IO client that
// has a wrong path, nor by another one that upgrades the connection.
func wantsPage(r *http.Request) bool {
	return r.Header.Get("Upgrade") == "" && !r.URL.Query().Has("EIO")
}

// strictTransport tells browsers to come by https alone, for a year, where
// PUBLIC_URL has it (RFC 6797).
func (c *config) strictTransport(next http.Handler) http.Handler {
	if !strings.HasPrefix(c.PublicURL, "https://") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
