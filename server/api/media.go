package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"reelroom/models"
	"reelroom/server/library"
)

// How long a client may take a file for what it was: one that never changes, and
// one that another attempt makes anew.
const (
	fileKept    = "private, max-age=3600"
	derivedKept = "private, max-age=60"
)

// file answers GET and HEAD of a file of the video, with byte ranges, by token
// or by a URL that was signed for this kind.
func (a *api) file(kind string, open opener, cache string) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := a.viewer(r, kind)
		if err != nil {
			return err
		}
		return serve(w, r, who, open, cache)
	}
}

// evidence answers GET and HEAD of the picture of a moment that a segment
// names. Who may see the thumbnail may see it.
func (a *api) evidence(w http.ResponseWriter, r *http.Request) error {
	at, err := strconv.ParseInt(r.PathValue("ms"), 10, 64)
	if err != nil || at < 0 || strconv.FormatInt(at, 10) != r.PathValue("ms") {
		at = -1 // no moment, so that it is answered like one without a picture
	}
	return a.file(models.LinkEvidence(at), func(ctx context.Context, who models.Identity, id string) (*library.Content, error) {
		return a.Library.OpenEvidence(ctx, who, id, at)
	}, fileKept)(w, r)
}

// viewer returns who may read a file: by the signature in the URL, where there
// is one, else by token. A signature speaks for its organization, read only.
func (a *api) viewer(r *http.Request, kind string) (models.Identity, error) {
	q := r.URL.Query()
	if !q.Has("signature") {
		return a.gate.Identify(r)
	}
	org, err := a.Links.Verify(kind, r.PathValue("id"), q)
	if err != nil {
		return models.Identity{}, err
	}
	who := models.Identity{UserID: "signed-link", OrganizationID: org, Role: models.RoleViewer}
	entryOf(r).who = who
	return who, nil
}

type opener func(ctx context.Context, who models.Identity, id string) (*library.Content, error)

func serve(w http.ResponseWriter, r *http.Request, who models.Identity, open opener, cache string) error {
	content, err := open(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	defer content.Close()
	kind := content.MediaType
	if kind == "" {
		if kind, err = pictureType(content); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("ETag", `"`+content.Tag+`"`)
	h.Set("Cache-Control", cache)
	// A page of another allowed site shows these by their signed URL.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox")
	h.Set("Content-Disposition", disposition(content.Name))
	http.ServeContent(w, r, "", content.ModTime(), content)
	return nil
}

// pictureType tells the picture by its bytes, and lets no other kind through.
func pictureType(content io.ReadSeeker) (string, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(content, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	kind := http.DetectContentType(head[:n])
	if !slices.Contains([]string{"image/webp", "image/jpeg", "image/png"}, kind) {
		kind = "application/octet-stream"
	}
	return kind, nil
}

// disposition names the file for a person who saves it (RFC 6266). The name is
// quoted or percent-encoded, never taken as it is.
func disposition(name string) string {
	if name == "" {
		return "inline"
	}
	if s := mime.FormatMediaType("inline", map[string]string{"filename": name}); s != "" {
		return s
	}
	return "inline"
}
