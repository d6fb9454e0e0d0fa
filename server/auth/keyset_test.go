package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"reelroom/models"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

type keys struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
	ed  ed25519.PrivateKey
}

func newKeys(t testing.TB) keys {
	t.Helper()
	var k keys
	var errs [4]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.ec, errs[1] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, k.ed, errs[2] = ed25519.GenerateKey(rand.Reader)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// set writes the public keys, and two that must never be taken.
func (k keys) set(t testing.TB) []byte {
	t.Helper()
	point, err := k.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"keys": []map[string]any{
		{"kty": "RSA", "kid": "rsa", "n": b64(k.rsa.N.Bytes()), "e": b64(big.NewInt(int64(k.rsa.E)).Bytes())},
		{"kty": "EC", "kid": "ec", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": b64(k.ed.Public().(ed25519.PublicKey))},
		{"kty": "oct", "kid": "oct", "k": b64(secret)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestKeySet(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	var fetches atomic.Int32
	var body atomic.Pointer[[]byte]
	first := k.set(t)
	body.Store(&first)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		_, _ = w.Write(*body.Load())
	}))
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections(); issuer.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v, err := New(ctx, Config{JWKSURL: issuer.URL, Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	kid := func(id string) map[string]any { return map[string]any{"kid": id} }
	for name, token := range map[string]string{
		"RS256": signed(t, jwt.SigningMethodRS256, k.rsa, kid("rsa"), claims(nil)),
		"ES256": signed(t, jwt.SigningMethodES256, k.ec, kid("ec"), claims(nil)),
		"EdDSA": signed(t, jwt.SigningMethodEdDSA, k.ed, kid("ed"), claims(nil)),
	} {
		if who, err := v.Verify(ctx, token); err != nil || who.UserID != "ann" {
			t.Errorf("%s: got %+v, %v", name, who, err)
		}
	}
	other := newKeys(t)
	public, err := x509.MarshalPKIXPublicKey(&k.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"RSA key as HMAC secret":   signed(t, jwt.SigningMethodHS256, public, kid("rsa"), claims(nil)),
		"symmetric key in the set": signed(t, jwt.SigningMethodHS256, secret, kid("oct"), claims(nil)),
		"PS256":                    signed(t, jwt.SigningMethodPS256, k.rsa, kid("rsa"), claims(nil)),
		"RS512":                    signed(t, jwt.SigningMethodRS512, k.rsa, kid("rsa"), claims(nil)),
		"another key's kid":        signed(t, jwt.SigningMethodRS256, k.rsa, kid("ec"), claims(nil)),
		"no kid":                   signed(t, jwt.SigningMethodRS256, k.rsa, nil, claims(nil)),
		"kid is a number":          signed(t, jwt.SigningMethodRS256, k.rsa, map[string]any{"kid": 1}, claims(nil)),
		"known kid, other key":     signed(t, jwt.SigningMethodRS256, other.rsa, kid("rsa"), claims(nil)),
		"own key in the header": signed(t, jwt.SigningMethodEdDSA, other.ed, map[string]any{
			"kid": "ed", "jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(other.ed.Public().(ed25519.PublicKey))},
		}, claims(nil)),
	} {
		if who, err := v.Verify(ctx, token); models.CodeOf(err) != models.CodeTokenInvalid {
			t.Errorf("%s: got %+v, %v", name, who, err)
		}
	}
	before := fetches.Load()
	for range 200 {
		if _, err := v.Verify(ctx, signed(t, jwt.SigningMethodEdDSA, other.ed, kid("unknown"), claims(nil))); models.CodeOf(err) != models.CodeTokenInvalid {
			t.Fatal("an unknown kid:", err)
		}
	}
	if n := fetches.Load() - before; n > 1 {
		t.Errorf("200 unknown kids made %d fetches", n)
	}
}

func TestKeySetThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	var up atomic.Bool
	body := k.set(t)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			http.Error(w, "not yet", http.StatusBadGateway)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections(); issuer.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v, err := New(ctx, Config{JWKSURL: issuer.URL, Now: atNoon})
	if err != nil {
		t.Fatal("an issuer that is away must not stop the start:", err)
	}
	up.Store(true)
	token := signed(t, jwt.SigningMethodES256, k.ec, map[string]any{"kid": "ec"}, claims(nil))
	if who, err := v.Verify(ctx, token); err != nil || who.UserID != "ann" {
		t.Errorf("after the issuer came up: %+v, %v", who, err)
	}

	up.Store(false)
	v, err = New(ctx, Config{JWKSURL: issuer.URL, Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(ctx, token); models.CodeOf(err) != models.CodeUnavailable {
		t.Error("with an issuer that is away:", err)
	}
}

func TestRSAKeysThatAreNotTaken(t *testing.T) {
	t.Parallel()
	modulus := func(bits int) string { return b64(new(big.Int).SetBit(big.NewInt(1), bits-1, 1).Bytes()) }
	for name, c := range map[string]struct {
		n, e string
		good bool
	}{
		"2048 bits": {modulus(2048), "AQAB", true}, "8192 bits": {modulus(8192), "AQAB", true}, "padded": {modulus(2048) + "==", "AQAB", true}, "e is 3": {modulus(2048), "Aw", true},
		"2047 bits": {modulus(2047), "AQAB", false}, "1024 bits": {modulus(1024), "AQAB", false}, "8193 bits": {modulus(8193), "AQAB", false}, "no n": {"", "AQAB", false},
		"e is 1": {modulus(2048), "AQ", false}, "e is even": {modulus(2048), "BA", false}, "e is large": {modulus(2048), "AQAAAAAB", false}, "no e": {modulus(2048), "", false},
	} {
		raw, err := json.Marshal(map[string]string{"kty": "RSA", "kid": "k", "n": c.n, "e": c.e})
		if err != nil {
			t.Fatal(err)
		}
		if _, key, err := parseKey(raw); (err == nil) != c.good || c.good && key.alg != algRS256 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
