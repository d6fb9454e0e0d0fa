package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// settings are the flags of every command.
type settings struct {
	URL    string `help:"Address of the server." env:"PUBLIC_URL" default:"${url}"`
	Bearer string `name:"token" help:"Token to show; without it one is made from the secret, as by the token command." env:"REELROOM_TOKEN"`
	JSON   bool   `name:"json" help:"Print JSON, one value a line."`

	Secret   string `help:"Secret of HS256 tokens; without it, the file jwt-secret in the data folder." env:"JWT_SECRET"`
	DataDir  string `help:"The server's data folder." env:"DATA_DIR" default:"./data"`
	Issuer   string `help:"Claim iss of tokens made here." env:"JWT_ISSUER"`
	Audience string `help:"Claim aud of tokens made here." env:"JWT_AUDIENCE"`
}

// defaultURL is the server's own default: PUBLIC_URL, else PORT on localhost.
func defaultURL(env func(string) string) string {
	if port := env("PORT"); port != "" {
		return "http://localhost:" + port
	}
	return "http://localhost:5000"
}

// address returns the server's address without a trailing slash.
func (s settings) address() string {
	if s.URL == "" {
		return defaultURL(os.Getenv)
	}
	return strings.TrimRight(s.URL, "/")
}

// secretFile is where the embedded server keeps the secret that it made.
const secretFile = "jwt-secret"

// secretBytes is the least length of an HS256 key (RFC 7518, section 3.2).
const secretBytes = 32

// key returns the secret that tokens are signed with.
func (s settings) key() ([]byte, error) {
	if s.Secret != "" {
		if len(s.Secret) < secretBytes {
			return nil, usage("the secret has %d bytes, and HS256 needs at least %d", len(s.Secret), secretBytes)
		}
		return []byte(s.Secret), nil
	}
	path := filepath.Join(s.DataDir, secretFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &models.Error{Code: models.CodeTokenMissing, Message: "there is no token, and no secret to make one from: no --secret, JWT_SECRET or file " + path}
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, 8<<10))
	if err != nil {
		return nil, err
	}
	key := strings.TrimSpace(string(raw))
	if len(key) < secretBytes {
		return nil, models.Errorf(models.CodeInvalid, "%s holds no secret of at least %d bytes", path, secretBytes)
	}
	return []byte(key), nil
}

// person is whom a token speaks for.
type person struct {
	user, org string
	role      models.Role
}

// localAdmin is whom the bundled page signs in on an embedded server; service
// is an outside worker of the same organization.
var (
	localAdmin = person{"admin", "local", models.RoleAdmin}
	service    = person{"harness", "local", models.RoleService}
)

// mintedTTL is the life of a token that a command makes for itself: it makes
// another one whenever it needs one.
const mintedTTL = time.Hour

// bearer returns the given token, or makes one for p.
func (s settings) bearer(p person) (string, error) {
	if s.Bearer != "" {
		return s.Bearer, nil
	}
	token, _, err := s.mint(p, mintedTTL, time.Now())
	return token, err
}

// mint signs a token with HS256 (RFC 7519).
func (s settings) mint(p person, ttl time.Duration, now time.Time) (string, jwt.MapClaims, error) {
	key, err := s.key()
	if err != nil {
		return "", nil, err
	}
	claims := jwt.MapClaims{
		"userId": p.user, "organizationId": p.org, "role": p.role,
		"iat": now.Unix(), "exp": now.Add(ttl).Unix(), "jti": models.NewID(now),
	}
	if s.Issuer != "" {
		claims["iss"] = s.Issuer
	}
	if s.Audience != "" {
		claims["aud"] = s.Audience
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
	return token, claims, err
}
