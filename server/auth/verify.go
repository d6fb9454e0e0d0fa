package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"reelroom/models"
)

// MaxTokenBytes bounds a token before anything in it is read.
const MaxTokenBytes = 8 << 10

// Verifier verifies bearer tokens. It may be used by many goroutines at once.
type Verifier struct {
	config Config
	keys   *keySet // nil without a JWKS URL
}

// New makes a verifier. With a JWKS URL it fetches the set once, for up to
// 5 s, and again from time to time until ctx ends; a set that cannot be fetched
// is no error here, because it may come later.
func New(ctx context.Context, c Config) (*Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &Verifier{config: c}
	if c.JWKSURL != "" {
		v.keys = newKeySet(ctx, c.JWKSURL, http.DefaultTransport, c.Logger)
	}
	return v, nil
}

// The refusals. Their words are the same whatever was wrong with the token; the
// cause is for the log and never holds the token.
var (
	errMissing = models.Errorf(models.CodeTokenMissing, "Authentication required")
	errExpired = models.Errorf(models.CodeTokenExpired, "Invalid token")
	errInvalid = models.Errorf(models.CodeTokenInvalid, "Invalid token")
	errRevoked = models.Errorf(models.CodeTokenRevoked, "Invalid token")
)

// Verify returns who the token speaks for. Its errors are [models.Error] with
// CodeTokenMissing, CodeTokenExpired, CodeTokenRevoked or CodeTokenInvalid, or
// CodeUnavailable when the issuer's keys could not be fetched yet.
func (v *Verifier) Verify(ctx context.Context, token string) (models.Identity, error) {
	who, err := v.Inspect(ctx, token)
	if err == nil && v.config.Revoked != nil && v.config.Revoked(who) {
		return models.Identity{}, errRevoked
	}
	return who, err
}

// Inspect is [Verifier.Verify] without the question whether the token was
// revoked. What it returns permits nothing.
func (v *Verifier) Inspect(ctx context.Context, token string) (models.Identity, error) {
	if token == "" {
		return models.Identity{}, errMissing
	}
	who, err := v.inspect(ctx, token)
	if err != nil {
		return models.Identity{}, v.explain(err)
	}
	return who, nil
}

func (v *Verifier) inspect(ctx context.Context, token string) (models.Identity, error) {
	t, err := parseJWS(token)
	if err != nil {
		return models.Identity{}, err
	}
	keys, err := v.keysOf(ctx, t)
	if err != nil {
		return models.Identity{}, err
	}
	if err := t.verify(keys); err != nil {
		return models.Identity{}, err
	}
	claims, err := parseObject(t.payload)
	if err != nil {
		return models.Identity{}, fmt.Errorf("the claims: the text %w", err)
	}
	own := strings.HasPrefix(t.kid, ownPrefix)
	who, err := v.identityOf(claims, own)
	if err != nil {
		return models.Identity{}, err
	}
	if !own && t.method.Alg() != algHS256 && v.config.Reserved != nil && v.config.Reserved(who.OrganizationID) {
		return models.Identity{}, errors.New("the issuer names an organization of accounts")
	}
	who.Account = own
	if who.TokenID == "" {
		who.TokenID = unnamed(t.signed)
	}
	return who, nil
}

// explain makes of what was wrong the error of [Verifier.Verify].
func (v *Verifier) explain(err error) *models.Error {
	e, ok := errors.AsType[*models.Error](err)
	if !ok {
		e = errInvalid.Because(err)
	}
	if v.config.Explain && e.Cause != nil && e.Code != models.CodeUnavailable {
		e.Reason = e.Cause.Error()
	}
	return e
}

// unnamed is the id of a token without a jti: the hash of what was signed. The
// signature is left out, because one text can have several that are good
// (ECDSA), and another signature must not make another token of it.
func unnamed(signed string) string {
	sum := sha256.Sum256([]byte(signed))
	return "sha256:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// keysOf returns the keys of which one must have signed the token. Every key
// takes one algorithm: the secrets HS256, a key of the set the one that follows
// from its type.
func (v *Verifier) keysOf(ctx context.Context, t *jws) ([]any, error) {
	alg := t.method.Alg()
	if strings.HasPrefix(t.kid, ownPrefix) {
		return v.config.Own.keysOf(alg, t.kid)
	}
	if alg == algHS256 {
		if len(v.config.Secrets) == 0 {
			return nil, errors.New("HS256 tokens are not taken here")
		}
		keys := make([]any, 0, maxSecrets)
		for _, s := range v.config.Secrets {
			keys = append(keys, s)
		}
		return keys, nil
	}
	if v.keys == nil {
		return nil, errors.New("only HS256 tokens are taken here")
	}
	return v.keys.keysOf(ctx, alg, t.kid)
}

// Bearer returns the token of the Authorization header (RFC 6750, section 2.1),
// or "". A request with several such headers has none.
func Bearer(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
