package models

import (
	"errors"
	"fmt"
	"time"
)

// Code names one kind of failure. Codes are part of the outside contract:
// they may be added, never renamed.
type Code string

// The codes that every storey may use. A door maps them to its own status.
const (
	CodeInternal         Code = "internal"
	CodeInvalid          Code = "invalid"
	CodeNotFound         Code = "not_found"
	CodeConflict         Code = "conflict"
	CodeForbidden        Code = "forbidden"
	CodeOrigin           Code = "origin_not_allowed"
	CodeTokenMissing     Code = "token_missing"
	CodeTokenExpired     Code = "token_expired"
	CodeTokenInvalid     Code = "token_invalid"
	CodeTokenRevoked     Code = "token_revoked"
	CodeTicketInvalid    Code = "ticket_invalid"
	CodeRateLimited      Code = "rate_limited"
	CodeUnavailable      Code = "unavailable"
	CodeUnsupported      Code = "unsupported"
	CodeTooLarge         Code = "too_large"
	CodeEmptyFile        Code = "empty_file"
	CodeUnsupportedMedia Code = "unsupported_media"
	CodeUploadIncomplete Code = "upload_incomplete"
	CodeStorageFull      Code = "storage_full"
	CodeDiskFull         Code = "disk_full"
	CodeQuota            Code = "quota_exceeded"
	CodeOffset           Code = "offset_mismatch"
	CodeUploadLocked     Code = "upload_locked"
	CodeUploadVersion    Code = "upload_version"
	CodeReset            Code = "reset"
	CodeStale            Code = "stale"
	CodeLeased           Code = "leased"
	CodeUnsettled        Code = "unsettled"
	CodeRevocationsFull  Code = "revocations_full"
	CodePolicyChanged    Code = "policy_changed"
	CodeBatchFull        Code = "batch_full"
	CodeUpgradeRequired  Code = "upgrade_required"

	// The codes below are those of accounts.

	CodeCredentials Code = "credentials_invalid"
	CodeSession     Code = "session_ended"
	CodeInvite      Code = "invite_invalid"
	CodeEmailTaken  Code = "email_taken"
	CodeSetupCode   Code = "setup_code_invalid"
	CodeLocalLink   Code = "local_link_invalid"
	CodeLastAdmin   Code = "last_admin"

	// The codes below are those of ends that are nobody's failure, for clients
	// that know no other than failed.

	CodeCancelled Code = "cancelled"
	CodeDeleted   Code = "deleted"

	// The codes below end a video as failed.

	CodeCorrupt     Code = "corrupt"
	CodeTruncated   Code = "truncated"
	CodeNoVideo     Code = "no_video"
	CodeDimensions  Code = "dimensions_too_large"
	CodeDuration    Code = "duration_too_long"
	CodeStalled     Code = "stalled"
	CodeTimeout     Code = "timeout"
	CodeResource    Code = "resource"
	CodePoison      Code = "poison"
	CodeSourceLost  Code = "source_lost"
	CodeToolMissing Code = "tool_missing"
	CodeExternal    Code = "external" // said by a worker outside, in a code of its own
)

// FailureCodes are those with which processing a video may end; see CODES.md.
var FailureCodes = []Code{
	CodeCorrupt, CodeEmptyFile, CodeNoVideo, CodeUnsupportedMedia, CodeDimensions, CodeDuration, CodeStalled, CodeTimeout, CodeResource,
	CodePoison, CodeSourceLost, CodeToolMissing, CodeStorageFull, CodeUnavailable, CodeInternal, CodeTruncated, CodeExternal,
}

// PermanentCodes are those of FailureCodes that stand for the file itself:
// another attempt at the same file ends alike. CODES.md and the React package
// say the same.
var PermanentCodes = []Code{
	CodeCorrupt, CodeEmptyFile, CodeNoVideo, CodeUnsupportedMedia, CodeDimensions, CodeDuration,
}

// Error is a failure with a code for programs, safe words for people, and the
// cause for the log. Message never holds a path, a command line or a token.
type Error struct {
	Code    Code
	Message string
	// Retry tells that the same call may succeed later.
	Retry bool
	// RetryAfter is how long a caller should wait first; 0 when unknown.
	RetryAfter time.Duration
	// Cause is for the log only.
	Cause error
	// Reason says what was wrong with a token, for the developer of a client; a
	// server in production leaves it empty.
	Reason string
}

// Errorf makes an [Error] whose message is shown to people. A cause is added
// with [Error.Because].
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Because returns a copy of e that carries the cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Again returns a copy of e that says that a later try may succeed.
func (e *Error) Again(after time.Duration) *Error {
	c := *e
	c.Retry, c.RetryAfter = true, after
	return &c
}

// Error is for the log: code, message and cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports two errors of the same code as the same, so that
// errors.Is(err, ErrNotFound) holds whatever the message.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf returns the code of err, and [CodeInternal] for an error without one.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Errors that callers compare with errors.Is.
var (
	// ErrNotFound answers alike for what is absent, what was deleted and what
	// belongs to another organization.
	ErrNotFound = Errorf(CodeNotFound, "There is no such video.")
	// ErrStale tells a worker that another one holds the video now.
	ErrStale = Errorf(CodeStale, "Another worker has taken over this video.")
	// ErrLeased tells a worker that the video is being worked on.
	ErrLeased = Errorf(CodeLeased, "Another worker is processing this video.")
	// ErrAlone tells a worker that the video may have crashed its workers: it may
	// be claimed again by a worker that processes nothing else.
	// It never leaves the worker, so it has no code.
	ErrAlone = errors.New("the video must be processed alone")
	// ErrUnsettled asks to publish the record's present revision first.
	ErrUnsettled = Errorf(CodeUnsettled, "The last change has not been told to everybody yet; try again in a moment.").Again(time.Second)
	// ErrReset tells a reader that the events after its cursor are gone.
	ErrReset = Errorf(CodeReset, "Events after this cursor are no longer kept; fetch the present state.")
	// ErrRevocationsFull tells that no more can be revoked for now.
	ErrRevocationsFull = Errorf(CodeRevocationsFull, "The organization has as many revocations in force as are kept; change the signing key, or wait until some are over.")
	// ErrPolicyChanged tells that the policy is at another version than was
	// thought.
	ErrPolicyChanged = Errorf(CodePolicyChanged, "The policy was changed meanwhile; look at it as it is now.")
	// ErrConflict tells that the video's present status does not allow the call.
	ErrConflict = Errorf(CodeConflict, "The video's present status does not allow this.")
)
