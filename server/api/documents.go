package api

import (
	"net/http"
	"strconv"
	"sync"

	"reelroom/server/documents"
)

// describe answers with a document of this server, made at the first call. It
// says nothing of any organization, and anybody may read it.
func (a *api) describe(document func() []byte) Handler {
	whole := sync.OnceValues(func() ([]byte, string) {
		body := document()
		return body, tagOf(body)
	})
	return func(w http.ResponseWriter, r *http.Request) error {
		body, tag := whole()
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "public, no-cache")
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, err := w.Write(body)
		return err
	}
}

// asyncAPI is for the address under which clients know the server.
func (a *api) asyncAPI() []byte {
	if a.Links == nil {
		return documents.AsyncAPI("")
	}
	return documents.AsyncAPI(a.Links.Base)
}
