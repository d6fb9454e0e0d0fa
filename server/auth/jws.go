package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// jws is a token in the compact serialization (RFC 7515, section 7.1). Its
// header was read; its signature was not verified.
type jws struct {
	method jwt.SigningMethod
	// kid is "" where the header has none.
	kid string
	// signed is the part of the token that the signature is of.
	signed             string
	payload, signature []byte
}

// parseJWS takes a token apart. Of its header alg, kid, typ, crit and b64 are
// read and nothing else: keys or addresses of keys in it (jwk, jku, x5u, x5c)
// are never looked at.
func parseJWS(token string) (*jws, error) {
	if len(token) > MaxTokenBytes {
		return nil, fmt.Errorf("the token is longer than %d bytes", MaxTokenBytes)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("the token has %d parts, not 3", len(parts))
	}
	decode := base64.RawURLEncoding.Strict().DecodeString
	raw, err := decode(parts[0])
	if err != nil || strings.ContainsAny(parts[0], "\r\n") {
		return nil, errors.New("the header is not base64url")
	}
	t := &jws{signed: token[:len(parts[0])+1+len(parts[1])]}
	if err := t.readHeader(raw); err != nil {
		return nil, err
	}
	if t.payload, err = decode(parts[1]); err != nil || strings.ContainsAny(parts[1], "\r\n") {
		return nil, errors.New("the claims are not base64url")
	}
	if t.signature, err = decode(parts[2]); err != nil || strings.ContainsAny(parts[2], "\r\n") {
		return nil, errors.New("the signature is not base64url")
	}
	return t, nil
}

func (t *jws) readHeader(raw []byte) error {
	header, err := parseObject(raw)
	if err != nil {
		return fmt.Errorf("the header %w", err)
	}
	if _, critical := header["crit"]; critical {
		return errors.New("the header names critical extensions") // RFC 7515, section 4.1.11
	}
	if encoded, ok := header["b64"]; ok && encoded != true {
		return errors.New("the header says that the claims are not base64url") // RFC 7797
	}
	if !validType(header["typ"]) {
		return errors.New("the header's typ is of another kind of token")
	}
	if kid := header["kid"]; kid != nil {
		var ok bool
		if t.kid, ok = kid.(string); !ok {
			return errors.New("the header's kid is not a text")
		}
	}
	alg, ok := header["alg"].(string)
	if !ok {
		return errors.New("the header has no alg")
	}
	switch alg {
	case algHS256, algRS256, algES256, algEdDSA:
		t.method = jwt.GetSigningMethod(alg)
		return nil
	}
	return errors.New("the header's alg is none of HS256, RS256, ES256 and EdDSA")
}

// validType keeps out tokens that the same issuer made for another use (RFC
// 8725, section 3.11): absent, "JWT" and "at+jwt" (RFC 9068) pass.
func validType(typ any) bool {
	if typ == nil {
		return true
	}
	s, ok := typ.(string)
	s = strings.TrimPrefix(strings.ToLower(s), "application/")
	return ok && (s == "jwt" || s == "at+jwt")
}

// verify checks the signature: one of the keys must have made it.
func (t *jws) verify(keys []any) error {
	for _, key := range keys {
		if t.method.Verify(t.signed, t.signature, key) == nil {
			return nil
		}
	}
	return errors.New("the signature does not fit")
}
