package auth

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// Signer makes HS256 tokens that [Verifier] takes.
type Signer struct {
	// Secret is the first of JWT_SECRET.
	Secret []byte
	// Issuer, Audience and KeyID are written where set.
	Issuer, Audience, KeyID string
}

// Token returns a token for the identity's user, organization and role that
// ends after ttl, and when that is. An identity without a TokenID gets one, and
// one without IssuedAt is issued now.
func (s Signer) Token(who models.Identity, ttl time.Duration) (token string, expires time.Time, err error) {
	if len(s.Secret) < MinSecretBytes {
		return "", time.Time{}, fmt.Errorf("auth: the secret has %d bytes; at least %d are needed", len(s.Secret), MinSecretBytes)
	}
	if !models.ValidID(who.UserID) || !models.ValidID(who.OrganizationID) || !who.May(models.ActionView) {
		return "", time.Time{}, models.Errorf(models.CodeInvalid, "User, organization or role cannot stand in a token.")
	}
	now := time.Now()
	issued := who.IssuedAt
	if issued.IsZero() {
		issued = now
	}
	expires = now.Add(ttl).Truncate(time.Second)
	if who.TokenID == "" {
		who.TokenID = models.NewID(now)
	}
	claims := jwt.MapClaims{
		"sub": who.UserID, "userId": who.UserID, "organizationId": who.OrganizationID, "role": string(who.Role),
		"iat": issued.Unix(), "exp": expires.Unix(), "jti": who.TokenID,
	}
	if s.Issuer != "" {
		claims["iss"] = s.Issuer
	}
	if s.Audience != "" {
		claims["aud"] = s.Audience
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	if s.KeyID != "" {
		unsigned.Header["kid"] = s.KeyID
	}
	token, err = unsigned.SignedString(s.Secret)
	return token, expires, err
}

// Mint is [Signer.Token] without issuer and audience.
func Mint(secret []byte, who models.Identity, ttl time.Duration) (string, error) {
	token, _, err := Signer{Secret: secret}.Token(who, ttl)
	return token, err
}
