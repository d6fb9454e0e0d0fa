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
	// Issuer and Audience are written where set.
	Issuer, Audience string
}

// Token returns a token for the identity's user, organization and role that
// ends after ttl, and when that is. An identity without a TokenID gets one.
func (s Signer) Token(who models.Identity, ttl time.Duration) (token string, expires time.Time, err error) {
	if len(s.Secret) < MinSecretBytes {
		return "", time.Time{}, fmt.Errorf("auth: the secret has %d bytes; at least %d are needed", len(s.Secret), MinSecretBytes)
	}
	claims, expires, err := claimsOf(&who, time.Now(), ttl)
	if err != nil {
		return "", time.Time{}, err
	}
	if s.Issuer != "" {
		claims["iss"] = s.Issuer
	}
	if s.Audience != "" {
		claims["aud"] = s.Audience
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(s.Secret)
	return token, expires, err
}

// claimsOf are those of a token that begins at a time, and when it ends. An
// identity without a TokenID gets one.
func claimsOf(who *models.Identity, from time.Time, ttl time.Duration) (jwt.MapClaims, time.Time, error) {
	if !models.ValidID(who.UserID) || !models.ValidID(who.OrganizationID) || !who.May(models.ActionView) {
		return nil, time.Time{}, models.Errorf(models.CodeInvalid, "User, organization or role cannot stand in a token.")
	}
	expires := from.Add(ttl).Truncate(time.Second)
	if who.TokenID == "" {
		who.TokenID = models.NewID(from)
	}
	return jwt.MapClaims{
		"sub": who.UserID, "userId": who.UserID, "organizationId": who.OrganizationID, "role": string(who.Role),
		"iat": from.Unix(), "exp": expires.Unix(), "jti": who.TokenID,
	}, expires, nil
}

// Mint is [Signer.Token] without issuer and audience.
func Mint(secret []byte, who models.Identity, ttl time.Duration) (string, error) {
	token, _, err := Signer{Secret: secret}.Token(who, ttl)
	return token, err
}
