package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// The tokens of accounts have keys, an issuer and an audience of their own,
// whatever those of other issuers are; and no other key makes one.
func TestOwnTokens(t *testing.T) {
	t.Parallel()
	before, other := []byte("the secret before, of more than 32 bytes"), []byte("another installation's, of more than 32 bytes")
	own, err := NewOwn(secret, before)
	if err != nil {
		t.Fatal(err)
	}
	k := newKeys(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(k.set(t)) }))
	defer server.Close()
	v, err := New(t.Context(), Config{
		Secrets: [][]byte{secret}, JWKSURL: server.URL, Issuer: "elsewhere", Audience: "elsewhere", Own: own,
		Reserved: func(org string) bool { return org == "acct_1" },
	})
	if err != nil {
		t.Fatal(err)
	}
	who := models.Identity{UserID: "u", OrganizationID: "acct_1", Role: models.RoleEditor}
	mint := func(secrets ...[]byte) string {
		o, err := NewOwn(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := o.Token(who, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	kid := own.signs.kid
	c := func(org, issuer string) jwt.MapClaims {
		return jwt.MapClaims{"sub": "u", "org_id": org, "role": "editor", "iss": issuer, "aud": issuer, "exp": time.Now().Add(time.Hour).Unix()}
	}
	for name, test := range map[string]struct {
		token string
		good  bool
	}{
		"ours":                            {mint(secret), true},
		"ours, by the secret before":      {mint(before), true},
		"of another installation":         {mint(other), false},
		"the secret itself under our kid": {signed(t, jwt.SigningMethodHS256, secret, map[string]any{"kid": kid}, c("acct_1", ownIssuer)), false},
		"our key without its kid":         {signed(t, jwt.SigningMethodHS256, own.signs.secret, nil, c("acct_1", "elsewhere")), false},
		"our key for another issuer":      {signed(t, jwt.SigningMethodHS256, own.signs.secret, map[string]any{"kid": kid}, c("acct_1", "elsewhere")), false},
		"our key by another algorithm":    {signed(t, jwt.SigningMethodHS512, own.signs.secret, map[string]any{"kid": kid}, c("acct_1", ownIssuer)), false},
		"our kid over a public key":       {signed(t, jwt.SigningMethodES256, k.ec, map[string]any{"kid": kid}, c("acct_1", ownIssuer)), false},
		"an unknown kid of ours":          {signed(t, jwt.SigningMethodHS256, own.signs.secret, map[string]any{"kid": ownPrefix + "x"}, c("acct_1", ownIssuer)), false},
		"the other issuer's":              {signed(t, jwt.SigningMethodES256, k.ec, map[string]any{"kid": "ec"}, c("globex", "elsewhere")), true},
		"the other issuer's for ours":     {signed(t, jwt.SigningMethodES256, k.ec, map[string]any{"kid": "ec"}, c("acct_1", "elsewhere")), false},
		"the operator's for ours":         {signed(t, jwt.SigningMethodHS256, secret, nil, c("acct_1", "elsewhere")), true},
	} {
		got, err := v.Verify(t.Context(), test.token)
		if (err == nil) != test.good {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && models.CodeOf(err) != models.CodeTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewOwn([]byte("short")); err == nil {
		t.Error("a short secret is taken")
	}
	if a, b := own.Seal("a", "bc"), own.Seal("ab", "c"); string(a) == string(b) {
		t.Error("other parts have the same seal")
	}
}
