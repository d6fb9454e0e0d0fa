package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"reelroom/models"
)

// Problem is an error in the form of RFC 9457.
type Problem struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Detail string      `json:"detail"`
	Code   models.Code `json:"code"`
	// RequestID finds the request in the server's log; it is the answer's
	// X-Request-Id, too.
	RequestID string `json:"requestId"`
	// Reason says what was wrong with a token, for developers: only a server whose
	// PUBLIC_URL is a loopback name tells it.
	Reason string `json:"reason,omitempty"`
}

// Codes that only this door has.
const (
	codeMethod    models.Code = "method_not_allowed"
	codeMediaType models.Code = "unsupported_content_type"
	codeRange     models.Code = "range_not_satisfiable"
	codeCondition models.Code = "precondition_failed"
)

var (
	errNoRoute = models.Errorf(models.CodeNotFound, "There is nothing at this address.")
	errMethod  = models.Errorf(codeMethod, "This address does not take this method.")
)

// statuses maps every code that can reach this door. A code that is not here is
// an internal error: 500, without a word about its cause.
var statuses = map[models.Code]int{
	models.CodeInvalid:          http.StatusBadRequest,
	models.CodeEmptyFile:        http.StatusBadRequest,
	models.CodeUploadIncomplete: http.StatusBadRequest,
	models.CodeTokenMissing:     http.StatusUnauthorized,
	models.CodeTokenExpired:     http.StatusUnauthorized,
	models.CodeTokenInvalid:     http.StatusUnauthorized,
	models.CodeTokenRevoked:     http.StatusUnauthorized,
	models.CodeTicketInvalid:    http.StatusUnauthorized,
	models.CodeCredentials:      http.StatusUnauthorized,
	models.CodeSession:          http.StatusUnauthorized,
	models.CodeForbidden:        http.StatusForbidden,
	models.CodeOrigin:           http.StatusForbidden,
	models.CodeSetupCode:        http.StatusForbidden,
	models.CodeLocalLink:        http.StatusForbidden,
	models.CodeEmailTaken:       http.StatusConflict,
	models.CodeLastAdmin:        http.StatusConflict,
	models.CodeInvite:           http.StatusGone,
	models.CodeNotFound:         http.StatusNotFound,
	codeMethod:                  http.StatusMethodNotAllowed,
	models.CodeConflict:         http.StatusConflict,
	models.CodeRevocationsFull:  http.StatusConflict,
	models.CodePolicyChanged:    http.StatusConflict,
	models.CodeUpgradeRequired:  http.StatusUpgradeRequired,
	models.CodeStale:            http.StatusConflict,
	models.CodeLeased:           http.StatusConflict,
	models.CodeOffset:           http.StatusConflict,
	models.CodeReset:            http.StatusGone,
	models.CodeBatchFull:        http.StatusRequestEntityTooLarge,
	models.CodeUploadVersion:    http.StatusPreconditionFailed,
	models.CodeUploadLocked:     http.StatusLocked,
	models.CodeTooLarge:         http.StatusRequestEntityTooLarge,
	models.CodeUnsupportedMedia: http.StatusUnsupportedMediaType,
	codeMediaType:               http.StatusUnsupportedMediaType,
	codeRange:                   http.StatusRequestedRangeNotSatisfiable,
	codeCondition:               http.StatusPreconditionFailed,
	models.CodeUnsupported:      http.StatusUnprocessableEntity,
	models.CodeRateLimited:      http.StatusTooManyRequests,
	models.CodeUnavailable:      http.StatusServiceUnavailable,
	models.CodeUnsettled:        http.StatusServiceUnavailable,
	models.CodeStorageFull:      http.StatusInsufficientStorage,
	models.CodeDiskFull:         http.StatusInsufficientStorage,
	models.CodeQuota:            http.StatusForbidden,
}

// Statuses returns the status of every code that this door answers with.
func Statuses() map[models.Code]int {
	out := maps.Clone(statuses)
	out[models.CodeInternal] = http.StatusInternalServerError
	return out
}

// defaultRetryAfter is what a client is told to wait, in seconds, where the
// error does not know better.
const defaultRetryAfter = 5

// fail answers with a problem and leaves the cause in the log.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	entry := entryOf(r)
	entry.err = err
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		entry.gone = true // nobody reads the answer
	}
	if entry.wrote() {
		return // too late for a problem: the answer has begun
	}
	writeProblem(w, entry.id, err)
}

// Refuse answers a request that did not come through [New]'s handler, with an
// error as a problem.
func Refuse(w http.ResponseWriter, err error) {
	id := models.NewID(time.Now())
	w.Header().Set("X-Request-Id", id)
	writeProblem(w, id, err)
}

func writeProblem(w http.ResponseWriter, id string, err error) {
	p := problemOf(err)
	p.RequestID = id
	if e, ok := errors.AsType[*models.Error](err); ok {
		setRetryAfter(w.Header(), p.Status, e)
	}
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="reelroom"`
		if p.Code != models.CodeTokenMissing {
			challenge += `, error="invalid_token"` // RFC 6750, section 3.1
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	body, _ := json.Marshal(p) // texts and a number
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Location", "Content-Encoding"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// problemOf says an error in safe words.
func problemOf(err error) Problem {
	p := Problem{Type: "about:blank", Code: models.CodeInternal, Status: http.StatusInternalServerError,
		Detail: "Something went wrong here. The request id helps to find it in the log."}
	if e, ok := errors.AsType[*models.Error](err); ok {
		if status, ok := statuses[e.Code]; ok {
			p.Status, p.Code, p.Detail, p.Reason = status, e.Code, e.Message, e.Reason
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// EncodeProblem returns an error as an answer that was not asked of the API: the
// status, the seconds after which to try again, and the body.
func EncodeProblem(err error) (status, retryAfter int, body []byte) {
	p := problemOf(err)
	p.RequestID = models.NewID(time.Now())
	body, _ = json.Marshal(p) // plain fields
	return p.Status, retryAfterOf(err), body
}

func retryAfterOf(err error) int {
	if e, ok := errors.AsType[*models.Error](err); ok && e.RetryAfter > 0 {
		return int(math.Ceil(e.RetryAfter.Seconds()))
	}
	return defaultRetryAfter
}

func setRetryAfter(h http.Header, status int, e *models.Error) {
	if status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
		return
	}
	h.Set("Retry-After", strconv.Itoa(retryAfterOf(e)))
}
