package rooms

import (
	"strconv"
	"strings"

	"reelroom/models"
)

// Cursor is a place in an organization's log: the events up to and including
// Seq of Epoch were seen. The zero cursor stands before everything.
type Cursor struct {
	Epoch string
	Seq   uint64
}

// maxCursorBytes bounds what a client may send as a cursor.
const maxCursorBytes = 64

// CursorOf returns the place of an event.
func CursorOf(e *models.Event) Cursor { return Cursor{e.Epoch, e.Seq} }

// String writes the cursor as clients carry it: epoch.seq; "" for the zero one.
func (c Cursor) String() string {
	if c.Epoch == "" {
		return ""
	}
	return c.Epoch + "." + strconv.FormatUint(c.Seq, 10)
}

// ParseCursor reads what a client sent; "" is the zero cursor. It returns an
// error with [models.CodeInvalid] for anything that [Cursor.String] cannot write.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	bad := models.Errorf(models.CodeInvalid, "This is not a cursor.")
	if len(s) > maxCursorBytes {
		return Cursor{}, bad
	}
	epoch, digits, ok := strings.Cut(s, ".")
	if !ok || epoch == "" {
		return Cursor{}, bad
	}
	for i := range len(epoch) {
		if c := epoch[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return Cursor{}, bad
		}
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || strconv.FormatUint(seq, 10) != digits {
		return Cursor{}, bad
	}
	return Cursor{epoch, seq}, nil
}
