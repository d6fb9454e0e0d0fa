package api

import (
	"net/http"

	"reelroom/server/auth"
)

// secure sets what every answer carries. A page made of an answer can do
// nothing, whatever its bytes are.
func (a *api) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// cors is what pages may send to the API and read of its answers: the headers
// that the API speaks of, and those of tus clients.
var cors = auth.CORS{
	Methods: "GET, HEAD, POST, PUT, PATCH, DELETE",
	RequestHeaders: "Authorization, Cache-Control, Content-Type, Idempotency-Key, If-None-Match, If-Range, Last-Event-ID, Range, X-Request-Id, X-Requested-With, " +
		"X-HTTP-Method-Override, Tus-Resumable, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, Upload-Concat",
	ResponseHeaders: "ETag, Location, Content-Location, Retry-After, X-Request-Id, Idempotent-Replayed, Accept-Ranges, Content-Range, " +
		"Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires, Reelroom-Video-Id",
}

// admit lets in the pages that [auth.Origins] admits, and answers preflights.
// What programs ask about the process itself is no page's business.
func (a *api) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		answered, err := a.Origins.Admit(w, r, cors)
		switch {
		case answered:
		case err != nil:
			a.fail(w, r, err)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
