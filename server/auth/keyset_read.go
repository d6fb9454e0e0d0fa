package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/MicahParks/jwkset"
)

// The algorithms that are taken.
const (
	algHS256 = "HS256"
	algRS256 = "RS256"
	algES256 = "ES256"
	algEdDSA = "EdDSA"
)

const (
	// maxKeySetBytes and maxKeys bound the answer of the issuer.
	maxKeySetBytes = 512 << 10
	maxKeys        = 256
	// minRSABits is the least length of an RSA key (RFC 7518, section 3.3),
	// maxRSABits the length beyond which verifying takes too long.
	minRSABits = 2048
	maxRSABits = 8192
)

// setKey is a public key and the one algorithm that it is for.
type setKey struct {
	alg string
	key any
}

// fetch asks the issuer for the set.
func (s *keySet) fetch(ctx context.Context) (map[string][]setKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the issuer answered with status %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySetBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxKeySetBytes {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxKeySetBytes)
	}
	return s.parse(raw)
}

// parse reads a key set (RFC 7517, section 5). A key that cannot be used here is
// left out.
func (s *keySet) parse(raw []byte) (map[string][]setKey, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, errors.New("the answer is not a JSON object")
	}
	if set.Keys == nil {
		return nil, errors.New("the answer has no list of keys")
	}
	if len(*set.Keys) > maxKeys {
		return nil, fmt.Errorf("the answer has more than %d keys", maxKeys)
	}
	keys := map[string][]setKey{}
	for i, one := range *set.Keys {
		kid, key, err := parseKey(one)
		if err != nil {
			s.logger.Debug("a key of the token issuer is not used", "index", i, "reason", err)
			continue
		}
		keys[kid] = append(keys[kid], key)
	}
	return keys, nil
}

// parseKey reads one key, of which its kid, its type, use, key_ops and alg
// count. Certificates are not looked at.
func parseKey(raw []byte) (kid string, key setKey, err error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", key, err
	}
	switch {
	case m.KID == "":
		return "", key, errors.New("it has no kid")
	case m.USE != "" && m.USE != jwkset.UseSig:
		return "", key, fmt.Errorf("its use is %.20q, not sig", m.USE)
	case m.KEYOPS != nil && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return "", key, errors.New("its key_ops do not name verify")
	case m.D != "":
		return "", key, errors.New("it is a private key")
	}
	jwk, err := jwkset.NewJWKFromMarshal(jwkset.JWKMarshal{
		KTY: m.KTY, CRV: m.CRV, X: m.X, Y: m.Y, N: m.N, E: m.E, // K is left out: a public set must not hold a symmetric key
	}, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return "", key, err
	}
	key = setKey{algorithmOf(jwk.Key()), jwk.Key()}
	if key.alg == "" {
		return "", key, errors.New("it is of a type or length that is not taken")
	}
	if m.ALG != "" && string(m.ALG) != key.alg {
		return "", key, fmt.Errorf("it is for %.20q", m.ALG)
	}
	return m.KID, key, nil
}

// algorithmOf pins a key to one algorithm; "" for a key that is not taken.
func algorithmOf(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits >= minRSABits && bits <= maxRSABits {
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
