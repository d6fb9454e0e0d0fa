package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"reelroom/models"
)

// The algorithms that are taken.
const (
	algHS256 = "HS256"
	algRS256 = "RS256"
	algES256 = "ES256"
	algEdDSA = "EdDSA"
)

const (
	// fetchTime bounds one fetch of the key set, refreshEvery is how often it
	// is fetched anyway, refreshUnknown how often at most for an unknown kid.
	fetchTime      = 5 * time.Second
	refreshEvery   = 15 * time.Minute
	refreshUnknown = 30 * time.Second
	// maxKeySetBytes bounds the answer of the issuer.
	maxKeySetBytes = 512 << 10
	// minRSABits is the least length of an RSA key (RFC 7518, section 3.3).
	minRSABits = 2048
)

// keySet is the issuer's keys, by kid.
type keySet struct {
	keyfunc keyfunc.Keyfunc
	fetched *atomic.Bool
}

func newKeySet(ctx context.Context, url string, logger *slog.Logger) (*keySet, error) {
	fetched := &atomic.Bool{}
	client := &http.Client{
		Timeout:   fetchTime,
		Transport: &limited{next: http.DefaultTransport, fetched: fetched},
		// The keys come from the address that the operator gave, from no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	remote, err := jwkset.NewStorageFromHTTP(url, jwkset.HTTPClientStorageOptions{
		Client: client, Ctx: ctx, HTTPTimeout: fetchTime, RefreshInterval: refreshEvery,
		NoErrorReturnFirstHTTPReq: true,
		RefreshErrorHandler: func(_ context.Context, err error) {
			logger.Warn("the key set of the token issuer could not be fetched", "error", err)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("auth: JWT_JWKS_URL: %w", err)
	}
	storage, err := jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs: map[string]jwkset.Storage{url: remote},
		// A wait longer than this gives up at once, so that made-up kids cost
		// the issuer two fetches a minute and this server nothing.
		RateLimitWaitMax:  fetchTime,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(refreshUnknown), 1),
	})
	if err != nil {
		return nil, fmt.Errorf("auth: JWT_JWKS_URL: %w", err)
	}
	k, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: storage})
	if err != nil {
		return nil, fmt.Errorf("auth: JWT_JWKS_URL: %w", err)
	}
	return &keySet{k, fetched}, nil
}

// key returns the public key that the token names, if the token's algorithm is
// the one that the key is for.
func (s *keySet) key(ctx context.Context, t *jwt.Token) (any, error) {
	if kid, ok := t.Header["kid"].(string); !ok || kid == "" {
		return nil, errors.New("the token names no key")
	}
	key, err := s.keyfunc.KeyfuncCtx(ctx)(t)
	if err != nil {
		if !s.fetched.Load() {
			return nil, models.Errorf(models.CodeUnavailable, "The keys of the token issuer are not known yet.").Again(fetchTime).Because(err)
		}
		return nil, err
	}
	if alg := algorithmOf(key); alg == "" || alg != t.Method.Alg() {
		return nil, errors.New("the key is for another algorithm")
	}
	return key, nil
}

// algorithmOf pins a key to one algorithm; "" for a key that is not taken, such
// as a symmetric one: a public set must not hold any.
func algorithmOf(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= minRSABits {
			return algRS256
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return algES256
		}
	case ed25519.PublicKey:
		return algEdDSA
	}
	return ""
}

// limited bounds what an answer may hold and notes the first good one.
type limited struct {
	next    http.RoundTripper
	fetched *atomic.Bool
}

func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		l.fetched.Store(true)
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxKeySetBytes), res.Body}
	return res, nil
}
