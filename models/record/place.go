package record

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"reelroom/models"
)

// Place is where a list of videos goes on: behind what the field holds, and the
// id. Number is the field's value when it is one, Text when it is text.
type Place struct {
	Number float64
	Text   string
	ID     string
}

// placeOf returns the place of a record in the order of a field. Times in
// milliseconds and sizes are whole in a float64 up to 2^53, which no time and no
// file reaches.
func placeOf(v *models.Video, field string) Place {
	p := Place{ID: v.ID}
	switch field {
	case "title":
		p.Text = models.TitleKey(v.Title)
	case "size":
		p.Number = float64(v.File.Size)
	case "duration":
		p.Number = v.Duration()
	default:
		p.Number = float64(v.CreatedAt.UnixMilli())
	}
	return p
}

// maxPlaceBytes bounds what a client may send: of a query, of 200 characters and
// of an id, in base 64.
const maxPlaceBytes = 2048

// String writes the place as clients carry it, bound to what was asked. They
// must not look inside: the sum is 8 bytes, the number 8, the text has its
// length before it, and the id is the rest.
func (p Place) String(sum [8]byte) string {
	raw := append([]byte{}, sum[:]...)
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(p.Number))
	raw = binary.AppendUvarint(raw, uint64(len(p.Text)))
	raw = append(raw, p.Text...)
	return base64.RawURLEncoding.EncodeToString(append(raw, p.ID...))
}

// parsePlace reads what a client sent back. It returns an error with
// [models.CodeInvalid] for anything that [Place.String] cannot have written for
// the same query.
func parsePlace(s string, sum [8]byte) (Place, error) {
	bad := models.Errorf(models.CodeInvalid, "after is no cursor of this list: one belongs to the query (q, status, verdict, batch, sort) that gave it.")
	if len(s) > maxPlaceBytes {
		return Place{}, bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) < 17 || [8]byte(raw[:8]) != sum {
		return Place{}, bad
	}
	p := Place{Number: math.Float64frombits(binary.BigEndian.Uint64(raw[8:16]))}
	size, n := binary.Uvarint(raw[16:])
	if n <= 0 || size > uint64(len(raw)-16-n) {
		return Place{}, bad
	}
	p.Text, p.ID = string(raw[16+n:16+n+int(size)]), string(raw[16+n+int(size):])
	if math.IsNaN(p.Number) || math.Abs(p.Number) > math.MaxInt64/2 || !utf8.ValidString(p.Text) || !models.ValidID(p.ID) || p.String(sum) != s {
		return Place{}, bad
	}
	return p, nil
}

// sum names a query, so that its cursors can be told from another's.
func (s *Selection) sum() (sum [8]byte) {
	h := sha256.New()
	part := func(text string) { h.Write([]byte(strconv.Itoa(len(text)) + ":" + text)) }
	for _, text := range append(append([]string{s.Field, strconv.FormatBool(s.Down), s.Batch, s.Text, strconv.Itoa(len(s.Statuses))}, s.Statuses...), s.Verdicts...) {
		part(text)
	}
	copy(sum[:], h.Sum(nil))
	return sum
}
