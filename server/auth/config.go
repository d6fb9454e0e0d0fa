package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"reelroom/models"
)

const (
	// MinSecretBytes is the least length of an HS256 secret (RFC 7518, section 3.2).
	MinSecretBytes = 32
	// maxSecrets bounds the secrets that are tried on one token.
	maxSecrets = 4
)

// Config says which tokens count.
type Config struct {
	// Secrets verify HS256 tokens; any of them may have signed, so that a new
	// one can be brought in before the old one goes.
	Secrets [][]byte
	// JWKSURL names the key set of an outside issuer (RFC 7517); its tokens are
	// RS256, ES256 or EdDSA and name their key by "kid".
	JWKSURL string
	// Own verifies the tokens of accounts that are kept here; nil for none.
	Own *Own
	// Reserved tells that an organization is one of accounts, which the issuer of
	// JWKSURL may not name, whatever its own tenants are called. Nil for none.
	Reserved func(organization string) bool
	// Issuer and Audience, where set, must be the token's "iss" and among its "aud".
	Issuer, Audience string
	// MaxLife, where above 0, is how long a token may live, from iat, which it
	// then must have, to exp. It lets a revocation of all tokens of a user end:
	// without it there may be a token somewhere that outlives any memory.
	MaxLife time.Duration
	// Revoked tells whether a token that is good otherwise was revoked, as
	// [Denylist.Revoked] does; nil for none.
	Revoked func(models.Identity) bool
	// Explain writes into the error what was wrong with a token, for the developer
	// of a client; see [models.Error.Reason].
	Explain bool
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Validate reports every mistake at once.
func (c *Config) Validate() error {
	var mistakes []error
	if len(c.Secrets) == 0 && c.JWKSURL == "" {
		mistakes = append(mistakes, errors.New("auth: neither JWT_SECRET nor JWT_JWKS_URL is set"))
	}
	if len(c.Secrets) > maxSecrets {
		mistakes = append(mistakes, fmt.Errorf("auth: JWT_SECRET holds more than %d secrets", maxSecrets))
	}
	for i, s := range c.Secrets {
		if len(s) < MinSecretBytes {
			mistakes = append(mistakes, fmt.Errorf("auth: secret %d of JWT_SECRET has %d bytes; at least %d are needed", i+1, len(s), MinSecretBytes))
		}
	}
	if c.JWKSURL != "" {
		if u, err := url.Parse(c.JWKSURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			mistakes = append(mistakes, errors.New("auth: JWT_JWKS_URL is not an http or https URL"))
		}
	}
	return errors.Join(mistakes...)
}
