package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"reelroom/models"
)

// maxSecret bounds a cookie or a link before anything in it is read: two ids in
// the form of a segment, and the rest.
const maxSecret = 2*3*models.MaxIDBytes + 128

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (Go 1.24 and later)
	return b
}

// newSecret returns 256 bits of chance as text.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(randomBytes(32)) }

// codeOf makes of bytes that nobody can guess 80 bits that a person can type:
// "ABCD-EFGH-IJKL-MNOP".
func codeOf(raw []byte) string {
	text := base32.StdEncoding.EncodeToString(raw)
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

// hashOf is what is kept of a secret.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// ticket is what a cookie or a link holds: whose it is, its id, and the secret.
type ticket struct{ org, owner, secret string }

// String writes it as "org.owner.secret"; a segment has no dot.
func (t ticket) String() string {
	return models.Segment(t.org) + "." + models.Segment(t.owner) + "." + t.secret
}

// parseTicket reads what a stranger sent.
func parseTicket(s string) (t ticket, ok bool) {
	if len(s) > maxSecret {
		return t, false
	}
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[2] == "" {
		return t, false
	}
	org, one := models.Unsegment(parts[0])
	owner, two := models.Unsegment(parts[1])
	if !one || !two || !models.ValidID(org) || !models.ValidID(owner) {
		return t, false
	}
	return ticket{org, owner, parts[2]}, true
}
