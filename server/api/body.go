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
	"unicode/utf8"

	"reelroom/models"
)

// maxJSON bounds a JSON body, in bytes.
const maxJSON = 64 << 10

// Decode reads a JSON body of at most [maxJSON]; an absent one leaves into as it
// is where optional.
func Decode(w http.ResponseWriter, r *http.Request, into any, optional bool, types ...string) error {
	if r.ContentLength == 0 && optional {
		return nil
	}
	body, _, err := read(w, r, maxJSON, append(types, "application/json")...)
	if err != nil || len(body) == 0 && optional {
		return err
	}
	return unmarshal(body, into)
}

// unmarshal reads JSON that a client sent.
func unmarshal(raw []byte, into any) error {
	if models.DeeperThan(raw, models.MaxJSONDepth) {
		return models.ErrJSONDepth
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errNoObject.Because(err)
	}
	return nil
}

var errNoObject = models.Errorf(models.CodeInvalid, "The body is not the JSON object that is asked for.")

// read reads a body of at most limit bytes and one of the types, and tells which
// one it is.
func read(w http.ResponseWriter, r *http.Request, limit int, types ...string) (body []byte, kind string, err error) {
	kind, _, err = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, kind) {
		return nil, "", models.Errorf(codeMediaType, "The body must be %s.", types[len(types)-1])
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, "", models.Errorf(models.CodeTooLarge, "The body is larger than %d bytes.", limit)
	}
	if err != nil {
		return nil, "", models.Errorf(models.CodeInvalid, "The body ended before its end.").Because(err)
	}
	if !utf8.Valid(body) {
		return nil, "", models.Errorf(models.CodeInvalid, "The body is not UTF-8.")
	}
	return body, kind, nil
}

// Write answers with JSON.
func Write(w http.ResponseWriter, status int, value any) error {
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

// WriteTagged answers a GET with JSON and an ETag of its bytes, or with 304. The
// tag is not the record's rev: percent and links change without it.
func WriteTagged(w http.ResponseWriter, r *http.Request, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization")
	return writeBody(w, r, body, tagOf(body))
}

// writeBody answers a GET with these bytes of JSON and their tag, or with 304.
func writeBody(w http.ResponseWriter, r *http.Request, body []byte, tag string) error {
	h := w.Header()
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
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
