package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"reelroom/models"
)

// maxPassBytes bounds a pass before anything in it is read.
const maxPassBytes = 2 << 10

// pass is what lets a stream's reconnect in, whose ticket is used up. Nothing
// of it is kept here: it says all, and is signed together with the ticket and
// the stream that it is for.
type pass struct {
	UserID  string      `json:"u"`
	Role    models.Role `json:"r"`
	Token   string      `json:"t,omitempty"`
	Issued  int64       `json:"i,omitempty"` // iat, in Unix seconds
	Expires int64       `json:"x"`           // exp, in Unix seconds
}

// Pass makes the pass of a ticket that was just redeemed as who, for the stream
// at a path.
func (t *Tickets) Pass(ticket, path string, who models.Identity) string {
	p := pass{UserID: who.UserID, Role: who.Role, Token: who.TokenID, Expires: who.ExpiresAt.Unix()}
	if !who.IssuedAt.IsZero() {
		p.Issued = who.IssuedAt.Unix()
	}
	body, _ := json.Marshal(p) // texts and numbers
	encode := base64.RawURLEncoding.EncodeToString
	return encode(append(t.sealed(ticket, path, body), body...))
}

// Admit returns who the pass was made for, if it was made for this ticket and
// this path. Its errors are those of [Verifier.Verify].
func (t *Tickets) Admit(ticket, path, value string) (models.Identity, error) {
	org, _, err := t.read(ticket)
	if err != nil {
		return models.Identity{}, err
	}
	if len(value) > maxPassBytes {
		return models.Identity{}, errInvalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], t.sealed(ticket, path, raw[sha256.Size:])) {
		return models.Identity{}, errInvalid
	}
	var p pass
	if err := json.Unmarshal(raw[sha256.Size:], &p); err != nil {
		return models.Identity{}, errInvalid.Because(err)
	}
	who := models.Identity{UserID: p.UserID, OrganizationID: org, Role: p.Role, TokenID: p.Token, ExpiresAt: time.Unix(p.Expires, 0)}
	if p.Issued != 0 {
		who.IssuedAt = time.Unix(p.Issued, 0)
	}
	return t.stillGood(who)
}

// PassName is the name of the ticket's pass among those of one page.
func PassName(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return PassPrefix + base64.RawURLEncoding.EncodeToString(sum[:9])
}

// PassPrefix begins the name of every pass.
const PassPrefix = "reelroom_stream_"

func (t *Tickets) sealed(ticket, path string, body []byte) []byte {
	sum := sha256.Sum256([]byte(ticket))
	return t.mac("stream", string(sum[:]), path, string(body))
}
