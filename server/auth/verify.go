package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// MaxTokenBytes bounds a token before anything in it is read.
const MaxTokenBytes = 8 << 10

// Verifier verifies bearer tokens. It may be used by many goroutines at once.
type Verifier struct {
	config Config
	parser *jwt.Parser
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
	v := &Verifier{config: c, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{algHS256, algRS256, algES256, algEdDSA}),
		jwt.WithStrictDecoding(), jwt.WithJSONNumber(),
		jwt.WithoutClaimsValidation(), // identityOf checks them: the library's leeway would reach exp
	)}
	if c.JWKSURL != "" {
		keys, err := newKeySet(ctx, c.JWKSURL, c.Logger)
		if err != nil {
			return nil, err
		}
		v.keys = keys
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
	if len(token) > MaxTokenBytes {
		return models.Identity{}, errInvalid.Because(errors.New("the token is longer than 8 KiB"))
	}
	claims := jwt.MapClaims{}
	parsed, err := v.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) { return v.key(ctx, t) })
	if e, ok := errors.AsType[*models.Error](err); ok {
		return models.Identity{}, e
	}
	if err != nil {
		return models.Identity{}, errInvalid.Because(err)
	}
	_, own := ownKid(parsed)
	who, err := v.identityOf(claims, own)
	if err == nil && !own && parsed.Method.Alg() != algHS256 && v.config.Reserved != nil && v.config.Reserved(who.OrganizationID) {
		return models.Identity{}, errInvalid.Because(errors.New("the issuer names an organization of accounts"))
	}
	if err == nil && who.TokenID == "" {
		who.TokenID = unnamed(token)
	}
	return who, err
}

// unnamed is the id of a token without a jti: the hash of what was signed. The
// signature is left out, because one text can have several that are good
// (ECDSA), and another signature must not make another token of it.
func unnamed(token string) string {
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	return "sha256:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// key chooses the key by the token's header, of which alg, kid, typ and crit
// are read and nothing else: keys or addresses of keys in it (jwk, jku, x5u,
// x5c) are never looked at. Every key takes one algorithm: the secrets HS256,
// a key of the set the one that follows from its type.
func (v *Verifier) key(ctx context.Context, t *jwt.Token) (any, error) {
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("the header names critical extensions") // RFC 7515, section 4.1.11
	}
	if !validType(t.Header["typ"]) {
		return nil, errors.New("the token is of another type")
	}
	if kid, ok := ownKid(t); ok {
		return v.config.Own.key(t, kid)
	}
	if t.Method.Alg() == algHS256 {
		if len(v.config.Secrets) == 0 {
			return nil, errors.New("HS256 tokens are not taken here")
		}
		set := jwt.VerificationKeySet{}
		for _, s := range v.config.Secrets {
			set.Keys = append(set.Keys, s)
		}
		return set, nil
	}
	if v.keys == nil {
		return nil, errors.New("only HS256 tokens are taken here")
	}
	return v.keys.key(ctx, t)
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
