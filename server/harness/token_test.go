package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestToken(t *testing.T) {
	t.Parallel()
	r := harness(t.Context(), "token", "--secret", testSecret, "--user", "u", "--org", "o", "--role", "viewer", "--ttl", "5m",
		"--issuer", "me", "--audience", "you", "--json")
	var printed struct {
		Token  string
		Claims map[string]any
	}
	if err := json.Unmarshal([]byte(r.out), &printed); err != nil || r.code != 0 || r.err != "" {
		t.Fatalf("%+v %v", r, err)
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(printed.Token, claims, func(*jwt.Token) (any, error) { return []byte(testSecret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("me"), jwt.WithAudience("you"), jwt.WithExpirationRequired()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"userId": "u", "organizationId": "o", "role": "viewer"} {
		if claims[name] != want || printed.Claims[name] != want {
			t.Errorf("claim %s: %v, printed %v", name, claims[name], printed.Claims[name])
		}
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 300 || claims["jti"] == "" {
		t.Errorf("life %v s, jti %v", life, claims["jti"])
	}
}

func TestTokenFromSecretFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jwt-secret"), []byte(testSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := harness(t.Context(), "token", "--data-dir", dir)
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(strings.TrimSuffix(r.out, "\n"), claims, func(*jwt.Token) (any, error) { return []byte(testSecret), nil })
	if err != nil || claims["userId"] != "admin" || claims["organizationId"] != "local" || claims["role"] != "admin" {
		t.Errorf("%v %v", claims, err)
	}
}

func TestTokenMayBeExpired(t *testing.T) {
	t.Parallel()
	token := strings.TrimSpace(harness(t.Context(), "token", "--secret", testSecret, "--ttl=-1m").out)
	_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(testSecret), nil })
	if !errors.Is(err, jwt.ErrTokenExpired) {
		t.Error(err)
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness(t.Context(), "token", "--data-dir", dir).want(t, 1, "", "token_missing: there is no token, and no secret to make one from: no --secret, JWT_SECRET or file "+
		filepath.Join(dir, "jwt-secret")+"\n  make a token with …\n")
	if err := os.WriteFile(filepath.Join(dir, "jwt-secret"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	harness(t.Context(), "token", "--data-dir", dir).want(t, 1, "", "invalid: …holds no secret of at least 32 bytes\n")
	harness(t.Context(), "token", "--secret", "short").want(t, 2, "", "usage: the secret has 5 bytes, and HS256 needs at least 32\n")
	harness(t.Context(), "token", "--secret", testSecret, "--org", "a b").want(t, 2, "", `usage: "a b" cannot be an id: it holds white space`+"\n")
	harness(t.Context(), "token", "--role", "king").want(t, 2, "", "…usage: --role must be one of…\n")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	if r := harness(t.Context(), "--help"); r.code != 0 || !strings.Contains(r.out, "publish") {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{
		{}, {"fly"}, {"upload"}, {"watch", "--door", "telepathy"}, {"watch", "--until-outcome"}, {"watch", "--count", "-1"},
		{"upload", "--title", "x", "a", "b"}, {"upload", "--parallel", "0", "a"}, {"emit"}, {"emit", "x", "{"}, {"emit", "x", "--timeout", "0"},
		{"publish", "video:progress", "{}"}, {"publish", "video:progress", "[]", "--video", "v"},
		{"publish", "video:progress", "{}", "--video", "v", "--count", "0"}, {"publish", "video:progress", "{}", "--video", "v", "--rate", "1001"},
		{"publish", "video:progress", "{}", "--video", "v", "--count", "2", "--id", "same"},
	} {
		if r := harness(t.Context(), args...); r.code != exitUsage || !strings.Contains(r.err, "usage: ") || r.out != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
