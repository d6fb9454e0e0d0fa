package models

import (
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

// ValidID reports whether id can name an organization, a user or a video: 1 to
// [MaxIDBytes] bytes of printable UTF-8 without white space. Outside issuers
// choose their own ids, so nothing narrower is asked; see [Segment].
func ValidID(id string) bool {
	if id == "" || len(id) > MaxIDBytes || !utf8.ValidString(id) {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

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
