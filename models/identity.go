package models

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Role is what a member may do in an organization.
type Role string

// The roles, in the words of the token's claim.
const (
	RoleViewer  Role = "viewer"
	RoleEditor  Role = "editor"
	RoleAdmin   Role = "admin"
	RoleService Role = "service"
)

// Identity is who a verified token speaks for. There is no ambient identity:
// it is passed as an argument.
type Identity struct {
	UserID         string
	OrganizationID string
	Role           Role
	// ExpiresAt is the token's exp claim; every stream ends by then.
	ExpiresAt time.Time
	// IssuedAt is the token's iat claim, in whole seconds; zero when it has none.
	IssuedAt time.Time
	// TokenID is the jti claim, or what auth makes of a token without one.
	TokenID string
	// Account tells that the token was given to an account of this installation,
	// so that the records say what the user may do now. It is known where a token
	// was verified, and not of tickets.
	Account bool
}

// Action is something that a role permits.
type Action string

// The actions that are checked.
const (
	ActionView    Action = "view"    // read videos, listen to events
	ActionEdit    Action = "edit"    // upload, rename, cancel, retry, delete
	ActionPublish Action = "publish" // publish events as an outside worker
	ActionAdmin   Action = "admin"   // manage the organization
)

// May reports whether the identity's role permits the action.
func (i Identity) May(a Action) bool {
	switch a {
	case ActionView:
		return i.Role == RoleViewer || i.Role == RoleEditor || i.Role == RoleAdmin || i.Role == RoleService
	case ActionEdit:
		return i.Role == RoleEditor || i.Role == RoleAdmin
	case ActionPublish:
		return i.Role == RoleService || i.Role == RoleAdmin
	case ActionAdmin:
		return i.Role == RoleAdmin
	}
	return false
}

// MaxIDBytes bounds an organization, user or video id.
const MaxIDBytes = 128

// The reasons of [CheckID].
var (
	errIDEmpty       = errors.New("it is empty")
	errIDLong        = fmt.Errorf("it is longer than %d bytes", MaxIDBytes)
	errIDEncoding    = errors.New("it is not UTF-8")
	errIDReplacement = errors.New("it holds U+FFFD, the character that replaces invalid text")
	errIDSpace       = errors.New("it holds white space")
	errIDPrintable   = errors.New("it holds a character that cannot be printed")
)

// CheckID returns why a text cannot be the id of an organization, a user or a
// video, or nil. An id is 1 to [MaxIDBytes] bytes of printable UTF-8 without
// white space and without U+FFFD: decoders put that character in the place of
// every invalid byte and of every lone surrogate, so that texts which differ
// would become one id. Outside issuers choose their own ids, so nothing
// narrower is asked; see [Segment].
func CheckID(id string) error {
	switch {
	case id == "":
		return errIDEmpty
	case len(id) > MaxIDBytes:
		return errIDLong
	case !utf8.ValidString(id):
		return errIDEncoding
	}
	for _, r := range id {
		switch {
		case r == utf8.RuneError:
			return errIDReplacement
		case unicode.IsSpace(r):
			return errIDSpace
		case !unicode.IsPrint(r):
			return errIDPrintable
		}
	}
	return nil
}

// ValidID reports whether [CheckID] has nothing against id.
func ValidID(id string) bool { return CheckID(id) == nil }

// Segment writes an id so that it can stand in a room name, a Redis key or a
// path: bytes outside [A-Za-z0-9_-] become %XX. It is injective, so two ids
// never share a segment, and no segment holds ':', '/', '{' or is "..".
func Segment(id string) string {
	const hex = "0123456789ABCDEF"
	plain := true
	for i := range len(id) {
		if !segmentByte(id[i]) {
			plain = false
			break
		}
	}
	if plain {
		return id
	}
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; segmentByte(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// Unsegment is the way back from [Segment]; ok is false for what it never writes.
func Unsegment(s string) (id string, ok bool) {
	id, err := url.PathUnescape(s)
	return id, err == nil && Segment(id) == s
}

func segmentByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
