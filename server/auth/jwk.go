package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// The algorithms that are taken.
const (
	algHS256 = "HS256"
	algRS256 = "RS256"
	algES256 = "ES256"
	algEdDSA = "EdDSA"
)

const (
	// minRSABits is the least length of an RSA key (RFC 7518, section 3.3),
	// maxRSABits the length beyond which verifying takes too long.
	minRSABits = 2048
	maxRSABits = 8192
	// p256Bytes is the length of a coordinate (RFC 7518, section 6.2.1.2).
	p256Bytes = 32
)

// jwk is a key of a set (RFC 7517, section 4) as far as it is read: certificates
// are not.
type jwk struct {
	KTY    string   `json:"kty"`
	KID    string   `json:"kid"`
	Use    string   `json:"use"`
	KeyOps []string `json:"key_ops"`
	Alg    string   `json:"alg"`
	Crv    string   `json:"crv"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	D      string   `json:"d"`
}

// parseKey reads one key that verifies signatures.
func parseKey(raw []byte) (kid string, key setKey, err error) {
	var m jwk
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", key, err
	}
	switch {
	case m.KID == "":
		return "", key, errors.New("it has no kid")
	case m.Use != "" && m.Use != "sig":
		return "", key, fmt.Errorf("its use is %.20q, not sig", m.Use)
	case m.KeyOps != nil && !slices.Contains(m.KeyOps, "verify"):
		return "", key, errors.New("its key_ops do not name verify")
	case m.D != "":
		return "", key, errors.New("it is a private key")
	}
	switch {
	case m.KTY == "RSA":
		key.alg = algRS256
		key.key, err = m.rsa()
	case m.KTY == "EC" && m.Crv == "P-256":
		key.alg = algES256
		key.key, err = m.p256()
	case m.KTY == "OKP" && m.Crv == "Ed25519":
		key.alg = algEdDSA
		key.key, err = m.ed25519()
	default: // also a symmetric one: a public set must not hold any
		err = errors.New("it is of a type that is not taken")
	}
	if err == nil && m.Alg != "" && m.Alg != key.alg {
		err = fmt.Errorf("it is for %.20q", m.Alg)
	}
	if err != nil {
		return "", setKey{}, err
	}
	return m.KID, key, nil
}

func (m *jwk) rsa() (*rsa.PublicKey, error) {
	n, err := member("n", m.N)
	if err != nil {
		return nil, err
	}
	e, err := member("e", m.E)
	if err != nil {
		return nil, err
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if bits := modulus.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("it has %d bits, not %d to %d", bits, minRSABits, maxRSABits)
	}
	if exponent.BitLen() > 31 || exponent.Bit(0) == 0 || exponent.Int64() < 3 {
		return nil, errors.New("its exponent is not taken")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

func (m *jwk) p256() (*ecdsa.PublicKey, error) {
	point := []byte{4} // uncompressed (SEC 1, section 2.3.3)
	for _, coordinate := range [][2]string{{"x", m.X}, {"y", m.Y}} {
		raw, err := member(coordinate[0], coordinate[1])
		if err != nil {
			return nil, err
		}
		if len(raw) > p256Bytes {
			return nil, fmt.Errorf("its %s is longer than %d bytes", coordinate[0], p256Bytes)
		}
		point = append(point, make([]byte, p256Bytes-len(raw))...) // some issuers leave zeros out
		point = append(point, raw...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func (m *jwk) ed25519() (ed25519.PublicKey, error) {
	raw, err := member("x", m.X)
	if err != nil {
		return nil, err
	}
	if len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("it has %d bytes, not %d", len(raw), ed25519.PublicKeySize)
	}
	return raw, nil
}

// member decodes base64url; some issuers pad it.
func member(name, value string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("its %s is not base64url", name)
	}
	return raw, nil
}
