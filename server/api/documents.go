package api

import (
	"net/http"
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
		w.Header().Set("Cache-Control", "public, no-cache")
		return writeBody(w, r, body, tag)
	}
}

// asyncAPI is for the address under which clients know the server.
func (a *api) asyncAPI() []byte {
	if a.Links == nil {
		return documents.AsyncAPI("")
	}
	return documents.AsyncAPI(a.Links.Base)
}
