package uploads

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	xslog "golang.org/x/exp/slog"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/connguard"
)

const (
	// version is the one of the protocol that is spoken.
	version = "1.0.0"
	// extensions are those of the protocol that are offered.
	extensions = "creation,creation-with-upload,termination,expiration"
	// lockTime is how long a request waits for the one before it to let go.
	lockTime = 15 * time.Second
	// graceTime is what tusd gives a store after the client has gone; this one
	// does not look at that.
	graceTime = 100 * time.Millisecond
	// maxMeta bounds the Upload-Metadata header, in bytes.
	maxMeta = 8 << 10
	// chunkType is the type of a body that brings bytes.
	chunkType = "application/offset+octet-stream"
)

// silent is for tusd's own log: the API writes a line about each request.
var silent = xslog.New(xslog.NewTextHandler(io.Discard, &xslog.HandlerOptions{Level: xslog.Level(1 << 10)}))

// options tells what is offered. A browser's preflight was answered before.
func (d *Door) options(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Tus-Resumable", version)
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Max-Size", strconv.FormatInt(d.Library.MaxUpload, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// errOverride refuses another method in place of one that makes an upload.
var errOverride = models.Errorf("method_not_allowed", "This address does not take this method.")

// override answers POST with the method named in X-HTTP-Method-Override, for
// clients that cannot send PATCH and DELETE.
func (d *Door) override(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	switch method := r.Header.Get("X-HTTP-Method-Override"); method {
	case http.MethodPatch, http.MethodDelete, http.MethodHead:
		return d.as(method)(w, r, who)
	}
	return errOverride
}

// create answers POST /api/uploads.
func (d *Door) create(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := d.Library.May(who, models.ActionEdit); err != nil {
		return err
	}
	if o := r.Header.Get("X-HTTP-Method-Override"); o != "" && o != http.MethodPost {
		return errOverride
	}
	if len(r.Header.Get("Upload-Metadata")) > maxMeta {
		return models.Errorf(models.CodeInvalid, "Upload-Metadata is longer than %d bytes.", maxMeta)
	}
	if r.Header.Get("Upload-Concat") != "" {
		return models.Errorf(models.CodeUnsupported, "Uploads are not put together of others here.")
	}
	return d.serve(w, r, &session{door: d, who: who, method: http.MethodPost})
}

// as answers a request about one upload. Whose it is, is looked at before tusd
// is asked: already a lock that is asked for would disturb its owner.
func (d *Door) as(method string) api.MemberHandler {
	return func(w http.ResponseWriter, r *http.Request, who models.Identity) error {
		u, err := d.find(who, r.PathValue("id"))
		if err != nil {
			return err
		}
		if d.expired(u) {
			return errAbsent
		}
		return d.serve(w, r, &session{door: d, who: who, method: method, id: u.ID})
	}
}

// serve lets tusd answer, and turns a file that is whole into a video.
func (d *Door) serve(w http.ResponseWriter, r *http.Request, s *session) error {
	connguard.Upload(r.Context())
	brings := s.method == http.MethodPatch || s.method == http.MethodPost && r.Header.Get("Content-Type") == chunkType
	if brings {
		leave, err := d.Limits.Upload(s.who)
		if err != nil {
			return refuse(r, err)
		}
		defer leave()
	}
	a := &answer{ResponseWriter: w}
	if err := s.run(a, r); err != nil {
		return err
	}
	// What follows may take longer than a body may be silent.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if s.body.ended() != nil {
		// net/http takes a deadline that has passed for the end of the connection,
		// and so for that of later requests on it.
		w.Header().Set("Connection", "close")
	}
	err := s.verdict(a)
	videoID := ""
	if s.id != "" && s.method != http.MethodDelete && !errors.Is(err, errAbsent) {
		var refused error
		if videoID, refused = d.settle(r.Context(), s.who.OrganizationID, s.id); refused != nil && err == nil {
			err = refused
		}
	}
	if err != nil {
		if brings {
			return refuse(r, err)
		}
		return err
	}
	return d.reply(w, s, a.status, videoID)
}

// reply sends what tusd answered, and what this server adds.
func (d *Door) reply(w http.ResponseWriter, s *session, status int, videoID string) error {
	h := w.Header()
	h.Del("Content-Length") // of a HEAD, tusd's is the file's
	h.Set("Cache-Control", "no-store")
	if s.method == http.MethodPost {
		h.Set("Location", "/api/uploads/"+url.PathEscape(s.id))
	}
	if videoID != "" {
		h.Set("Reelroom-Video-Id", videoID)
		h.Set("Content-Location", "/api/videos/"+url.PathEscape(videoID))
	} else if s.id != "" && s.method != http.MethodDelete {
		if u, err := d.shelf.load(s.who.OrganizationID, s.id); err == nil && !u.whole() {
			h.Set("Upload-Expires", u.touched.Add(d.Life).UTC().Format(http.TimeFormat))
		}
	}
	w.WriteHeader(status)
	return nil
}

// refuse makes sure that a client which sends first and listens then hears why.
func refuse(r *http.Request, err error) error {
	api.Linger(r, r.Body)
	return err
}

// session is one request. tusd asks it as its store and as its locker, so that
// nothing of another organization can be asked for.
type session struct {
	door   *Door
	who    models.Identity
	method string
	id     string // set by NewUpload for a new one
	body   *stoppable
	// failed is the first error of the store, with its code.
	failed error
}

// run lets tusd answer into a.
func (s *session) run(a *answer, r *http.Request) error {
	composer := handler.NewStoreComposer()
	composer.UseCore(s)
	composer.UseTerminater(s)
	composer.UseLocker(s)
	tusd, err := handler.NewUnroutedHandler(handler.Config{
		StoreComposer: composer, MaxSize: s.door.Library.MaxUpload, BasePath: "/api/uploads/", DisableDownload: true,
		Cors: &handler.CorsConfig{Disable: true}, Logger: silent,
		GracefulRequestCompletionTimeout: graceTime, AcquireLockTimeout: lockTime,
	})
	if err != nil {
		return err
	}
	s.body = &stoppable{ReadCloser: r.Body, control: http.NewResponseController(a.ResponseWriter)}
	defer context.AfterFunc(s.door.leaving, func() { s.body.stop(errLeaving) })()
	r = r.Clone(r.Context())
	r.Body = s.body
	r.Method, r.URL.Path = s.method, "/"+s.id
	r.Header.Del("X-HTTP-Method-Override")
	answer := map[string]http.HandlerFunc{
		http.MethodPost: tusd.PostFile, http.MethodHead: tusd.HeadFile, http.MethodPatch: tusd.PatchFile, http.MethodDelete: tusd.DelFile,
	}
	tusd.Middleware(answer[s.method]).ServeHTTP(a, r)
	return nil
}

// answer keeps what tusd answers, beside the headers.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// SetReadDeadline does nothing: [connguard.Upload] bounds the body.
func (*answer) SetReadDeadline(time.Time) error { return nil }

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// verdict is the error of an answer, in this server's words.
func (s *session) verdict(a *answer) error {
	if s.failed != nil {
		return s.failed
	}
	if a.status < 400 {
		return nil
	}
	if reason := s.body.ended(); reason != nil {
		return reason
	}
	code, words, _ := strings.Cut(strings.TrimSpace(a.body.String()), ": ")
	if a.body.Len() == 0 {
		code = bodiless[a.status]
	}
	if known, ok := verdicts[code]; ok {
		return known
	}
	return models.Errorf(models.CodeInternal, "The upload failed.").Because(errors.New(strconv.Itoa(a.status) + " " + code + " " + words))
}

// bodiless are the errors that answer a HEAD, which has no body.
var bodiless = map[int]string{
	http.StatusNotFound: "ERR_UPLOAD_NOT_FOUND", http.StatusInternalServerError: "ERR_LOCK_TIMEOUT",
}

// verdicts are the errors of tusd.
var verdicts = map[string]error{
	"ERR_UNSUPPORTED_VERSION":         models.Errorf(models.CodeUploadVersion, "The header Tus-Resumable must be %s.", version),
	"ERR_MAX_SIZE_EXCEEDED":           models.Errorf(models.CodeTooLarge, "The file is larger than what is taken."),
	"ERR_INVALID_CONTENT_TYPE":        models.Errorf(models.CodeInvalid, "The body must be %s.", chunkType),
	"ERR_INVALID_UPLOAD_LENGTH":       models.Errorf(models.CodeInvalid, "Upload-Length must be the file's size in bytes."),
	"ERR_AMBIGUOUS_UPLOAD_LENGTH":     models.Errorf(models.CodeInvalid, "Upload-Length must be the file's size in bytes."),
	"ERR_INVALID_UPLOAD_LENGTH_DEFER": models.Errorf(models.CodeInvalid, "Upload-Length must be the file's size in bytes."),
	"ERR_NOT_IMPLEMENTED":             models.Errorf(models.CodeUnsupported, "The file's size must be known from the start: Upload-Length."),
	"ERR_INVALID_OFFSET":              models.Errorf(models.CodeInvalid, "Upload-Offset must be the number of bytes that are there."),
	"ERR_UPLOAD_NOT_FOUND":            errAbsent,
	"ERR_UPLOAD_LOCKED":               errLocked,
	"ERR_LOCK_TIMEOUT":                errLocked,
	"ERR_MISMATCHED_OFFSET":           models.Errorf(models.CodeOffset, "The upload stands at another byte. Ask with HEAD and go on from there."),
	"ERR_UPLOAD_SIZE_EXCEEDED":        models.Errorf(models.CodeTooLarge, "The body is longer than what is left of the announced size."),
	"ERR_READ_TIMEOUT":                models.Errorf(models.CodeUnavailable, "The body was silent for too long. What came is kept; go on from there.").Again(time.Second),
	"ERR_UNEXPECTED_EOF":              errCut,
	"ERR_CONNECTION_RESET":            errCut,
}

var (
	errLocked = models.Errorf(models.CodeUploadLocked, "Another request has the upload at the moment.").Again(time.Second)
	// errTaken tells a request that its client has come again by another one.
	errTaken   = models.Errorf(models.CodeUploadLocked, "Another request has taken the upload over. What came is kept.").Again(time.Second)
	errLeaving = models.Errorf(models.CodeUnavailable, "The server is stopping. What came is kept; go on at the next one.").Again(time.Second)
	errCut     = models.Errorf(models.CodeUploadIncomplete, "The body ended before its end. What came is kept; go on from there.")
)
