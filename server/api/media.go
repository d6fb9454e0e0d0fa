package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
	"reelroom/server/connguard"
	"reelroom/server/library"
)

// caching is how long a browser may take a file for what it was, by the URL that
// was signed for it.
type caching int

const (
	// asked: its bytes may be replaced under the same URL, and a page shows the
	// new ones at once. Asking costs a look at the record.
	asked caching = iota
	// briefly: they may be replaced, which a player notices by their tag.
	briefly
	// forGood: they never change, for as long as the URL is good.
	forGood
)

const briefTime = time.Minute

// file answers GET and HEAD of a file of the video, with byte ranges, by token
// or by a URL that was signed for this kind.
func (a *api) file(kind string, find finder, kept caching) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := a.viewer(r, kind)
		if err != nil {
			return err
		}
		file, err := find(r.Context(), v.who, r.PathValue("id"))
		if err != nil {
			return err
		}
		return a.serve(w, r, v, file, kept)
	}
}

type finder func(ctx context.Context, who models.Identity, id string) (*library.File, error)

// evidence answers GET and HEAD of the picture of a moment that a segment
// names. Who may see the thumbnail may see it.
func (a *api) evidence(w http.ResponseWriter, r *http.Request) error {
	at, err := strconv.ParseInt(r.PathValue("ms"), 10, 64)
	if err != nil || at < 0 || strconv.FormatInt(at, 10) != r.PathValue("ms") {
		at = -1 // no moment, so that it is answered like one without a picture
	}
	return a.file(models.LinkEvidence(at), func(ctx context.Context, who models.Identity, id string) (*library.File, error) {
		return a.Library.Evidence(ctx, who, id, at)
	}, briefly)(w, r)
}

// viewer is who reads a file.
type viewer struct {
	who models.Identity
	// until is when the signed URL ends; zero for who has shown a token.
	until time.Time
}

// viewer returns who may read a file: by the signature in the URL, where there
// is one, else by token. A signature speaks for its organization, read only,
// whoever asked for it: it stays good when that member has left.
func (a *api) viewer(r *http.Request, kind string) (viewer, error) {
	q := r.URL.Query()
	if !q.Has("signature") {
		who, err := a.gate.Identify(r)
		if err == nil {
			err = a.Limits.Request(who)
		}
		return viewer{who: who}, err
	}
	org, until, err := a.Links.Verify(kind, r.PathValue("id"), q)
	if err != nil {
		return viewer{}, err
	}
	v := viewer{models.Identity{UserID: "signed-link", OrganizationID: org, Role: models.RoleViewer}, until}
	entryOf(r).who = v.who
	connguard.Verified(r.Context())
	return v, nil
}

// cacheControl never lets a proxy keep a file, nor a browser one for longer than
// its URL is good. What was shown to a token is asked for each time, so that it
// ends with the token.
func (v viewer) cacheControl(kept caching) string {
	left := max(time.Until(v.until), 0).Truncate(time.Second)
	switch {
	case v.until.IsZero() || kept == asked:
		return "private, no-cache"
	case kept == forGood:
		return "private, max-age=" + strconv.Itoa(int(left.Seconds())) + ", immutable"
	}
	return "private, max-age=" + strconv.Itoa(int(min(left, briefTime).Seconds()))
}

// serve sends the file or a part of it (RFC 9110, sections 13 and 14).
func (a *api) serve(w http.ResponseWriter, r *http.Request, v viewer, file *library.File, kept caching) error {
	tag := `"` + file.Tag + `"`
	h := w.Header()
	describe := func() {
		h.Set("ETag", tag)
		h.Set("Cache-Control", v.cacheControl(kept))
		if v.until.IsZero() {
			h.Add("Vary", "Authorization")
		} else {
			// A page of another allowed site shows these by their signed URL.
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
	}
	if r.Header.Get("If-Match") == "" && matches(r.Header.Get("If-None-Match"), tag) {
		describe()
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	leave, err := a.Limits.Download(v.who)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithCancel(r.Context())
	blob, err := file.Open(ctx)
	if err != nil {
		cancel()
		return err
	}
	content := &content{blob: blob}
	defer content.Close()
	defer cancel() // first, so that nothing is waited for
	kind := file.MediaType
	if kind == "" {
		if kind, err = pictureType(content); err != nil {
			return err
		}
	}
	describe()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox")
	h.Set("Content-Disposition", disposition(r, file.Name))
	out := &refusable{ResponseWriter: w}
	http.ServeContent(out, fewRanges(r), "", blob.ModTime(), content)
	if out.refused == http.StatusRequestedRangeNotSatisfiable {
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(blob.Size(), 10))
	}
	return out.refusal()
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

// disposition names the file for a person who saves it (RFC 6266), which
// ?download=1 asks for. The name is quoted or percent-encoded, never taken as it
// is.
func disposition(r *http.Request, name string) string {
	way := "inline"
	if r.URL.Query().Get("download") == "1" {
		way = "attachment"
	}
	if name == "" {
		return way
	}
	if s := mime.FormatMediaType(way, map[string]string{"filename": name}); s != "" {
		return s
	}
	return way
}
