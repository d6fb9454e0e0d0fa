package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"reelroom/models"
)

// maxJSON bounds a JSON body, in bytes.
const maxJSON = 64 << 10

// decode reads a JSON body of at most [maxJSON]; an absent one leaves into as it
// is where optional.
func decode(w http.ResponseWriter, r *http.Request, into any, optional bool, types ...string) error {
	if r.ContentLength == 0 && optional {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if types = append(types, "application/json"); err != nil || !slices.Contains(types, kind) {
		return models.Errorf(codeMediaType, "The body must be application/json.")
	}
	moving := &movingBody{r.Body, http.NewResponseController(w)}
	defer moving.stop()
	body, err := io.ReadAll(http.MaxBytesReader(w, moving, maxJSON))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return models.Errorf(models.CodeTooLarge, "The body is larger than %d bytes.", maxJSON)
	}
	if err != nil {
		return models.Errorf(models.CodeInvalid, "The body ended before its end.").Because(err)
	}
	if len(body) == 0 && optional {
		return nil
	}
	if !utf8.Valid(body) {
		return models.Errorf(models.CodeInvalid, "The body is not UTF-8.")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return models.Errorf(models.CodeInvalid, "The body is not the JSON object that is asked for.").Because(err)
	}
	return nil
}

// movingBody is a body whose read deadline moves with what arrives, so that a
// slow one may take its time and a silent one may not.
type movingBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *movingBody) Read(p []byte) (int, error) {
	// A writer without deadlines, as in tests, has no silent clients either.
	_ = b.control.SetReadDeadline(time.Now().Add(bodyIdle))
	return b.ReadCloser.Read(p)
}

// stop takes the deadline away: net/http goes on reading, to notice a client
// that leaves.
func (b *movingBody) stop() { _ = b.control.SetReadDeadline(time.Time{}) }

// write answers with JSON.
func write(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

// writeTagged answers a GET with JSON and an ETag of its bytes, or with 304. The
// tag is not the record's rev: percent and links change without it.
func writeTagged(w http.ResponseWriter, r *http.Request, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	return err
}

// matches compares weakly (RFC 9110, section 13.1.2).
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
