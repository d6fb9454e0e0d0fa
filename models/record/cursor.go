package record

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
)

// Cursor is a place in a trail that is ordered by (CreatedAt, ID).
type Cursor struct {
	CreatedAt time.Time
	ID        string
}

// maxCursorBytes bounds what a client may send: 20 digits, a dot and an id, in
// base 64.
const maxCursorBytes = 256

// String writes the cursor as clients carry it. They must not look inside.
func (c Cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.CreatedAt.UnixMilli(), 10) + "." + c.ID))
}

// ParseCursor reads what a client sent back. It returns an error with
// [models.CodeInvalid] for anything that [Cursor.String] cannot write.
func ParseCursor(s string) (Cursor, error) {
	bad := models.Errorf(models.CodeInvalid, "This is not a cursor of this list.")
	if len(s) > maxCursorBytes {
		return Cursor{}, bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return Cursor{}, bad
	}
	digits, id, ok := strings.Cut(string(raw), ".")
	ms, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || strconv.FormatInt(ms, 10) != digits || !models.ValidID(id) {
		return Cursor{}, bad
	}
	c := Cursor{time.UnixMilli(ms).UTC(), id}
	if c.String() != s {
		return Cursor{}, bad
	}
	return c, nil
}

// Limit bounds how many records one call of a backlog returns: 1 to 1000.
func Limit(n int) int { return min(max(n, 1), 1000) }
