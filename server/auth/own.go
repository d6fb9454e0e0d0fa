package auth

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

const (
	// ownIssuer is the iss and the aud of the tokens that accounts get.
	ownIssuer = "reelroom-accounts"
	// ownPrefix begins the kid of their keys. A token whose kid begins like that
	// is verified by them alone, and no other token is.
	ownPrefix = ownIssuer + "."
)

// Own are the keys of the tokens that accounts get here. They are apart from
// those of other issuers, so that JWT_ISSUER and JWT_AUDIENCE, which say what an
// outside issuer writes, do not reach them. Each takes HS256 alone.
type Own struct {
	signs ownKey
	all   map[string]ownKey // by kid
}

type ownKey struct {
	kid             string
	sealing, secret []byte
}

// NewOwn derives the keys from secrets (RFC 5869), of which the first signs and
// the others still verify. Who reads a token cannot tell that it came of one.
func NewOwn(secrets ...[]byte) (*Own, error) {
	o := &Own{all: map[string]ownKey{}}
	for _, secret := range secrets {
		if len(secret) < MinSecretBytes {
			return nil, fmt.Errorf("auth: a secret has %d bytes; at least %d are needed", len(secret), MinSecretBytes)
		}
		derive := func(use string) []byte {
			key, err := hkdf.Key(sha256.New, secret, nil, ownPrefix+use, sha256.Size)
			if err != nil {
				panic(err) // only of lengths, which are constants
			}
			return key
		}
		key := ownKey{secret: derive("tokens"), sealing: derive("sealing")}
		sum := sha256.Sum256(key.secret)
		key.kid = ownPrefix + base64.RawURLEncoding.EncodeToString(sum[:9])
		if o.signs.kid == "" {
			o.signs = key
		}
		o.all[key.kid] = key
	}
	if o.signs.kid == "" {
		return nil, errors.New("auth: no secret")
	}
	return o, nil
}

// Token returns a token that begins at a time and ends after ttl, and when that
// is.
func (o *Own) Token(who models.Identity, from time.Time, ttl time.Duration) (token string, expires time.Time, err error) {
	claims, expires, err := claimsOf(&who, from, ttl)
	if err != nil {
		return "", time.Time{}, err
	}
	claims["iss"], claims["aud"] = ownIssuer, ownIssuer
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	unsigned.Header["kid"] = o.signs.kid
	token, err = unsigned.SignedString(o.signs.secret)
	return token, expires, err
}

// Seal returns 32 bytes that nobody can make who has not the keys, and that are
// the same for the same parts.
func (o *Own) Seal(parts ...string) []byte {
	mac := hmac.New(sha256.New, o.signs.sealing)
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:%s", len(p), p)
	}
	return mac.Sum(nil)
}

// keysOf returns the key of a kid.
func (o *Own) keysOf(alg, kid string) ([]any, error) {
	if o == nil {
		return nil, errors.New("there are no accounts here")
	}
	key, ok := o.all[kid]
	if !ok {
		return nil, errUnknownKey
	}
	if alg != algHS256 {
		return nil, errOtherAlgorithm
	}
	return []any{key.secret}, nil
}
