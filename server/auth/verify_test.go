package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

var (
	secret    = []byte("a secret of the tests, 32 bytes and some")
	oldSecret = []byte("the secret before, thirty-two bytes too")
	noon      = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

func atNoon() time.Time { return noon }

func verifier(t testing.TB, change func(*Config)) *Verifier {
	t.Helper()
	c := Config{Secrets: [][]byte{secret, oldSecret}, Now: atNoon}
	if change != nil {
		change(&c)
	}
	v, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// claims are good ones, changed; a nil value takes the claim out.
func claims(change jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{"userId": "ann", "organizationId": "acme", "role": "editor", "exp": noon.Add(time.Hour).Unix()}
	maps.Copy(c, change)
	for name, value := range c {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func signed(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	maps.Copy(token.Header, header)
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hs(t testing.TB, change jwt.MapClaims) string {
	return signed(t, jwt.SigningMethodHS256, secret, nil, claims(change))
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	v := verifier(t, func(c *Config) { c.Issuer, c.Audience = "us", "reelroom" })
	good := jwt.MapClaims{"iss": "us", "aud": "reelroom"}
	with := func(change jwt.MapClaims) string {
		all := maps.Clone(good)
		maps.Copy(all, change)
		return hs(t, all)
	}
	if _, err := v.Verify(t.Context(), with(nil)); err != nil {
		t.Fatal("the good token of this table was refused:", err)
	}
	unsigned := signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, claims(good))
	header := func(h map[string]any) string {
		return signed(t, jwt.SigningMethodHS256, secret, h, claims(good))
	}
	long := noon.Add(time.Hour).Unix()
	for name, c := range map[string]struct {
		token string
		code  models.Code
	}{
		"no token":                 {"", models.CodeTokenMissing},
		"alg none":                 {unsigned, models.CodeTokenInvalid},
		"alg none, other case":     {strings.Replace(unsigned, base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"NoNe"}`)), 1), models.CodeTokenInvalid},
		"HS384":                    {signed(t, jwt.SigningMethodHS384, secret, nil, claims(good)), models.CodeTokenInvalid},
		"another secret":           {signed(t, jwt.SigningMethodHS256, []byte("nobody knows this secret of strangers"), nil, claims(good)), models.CodeTokenInvalid},
		"no signature":             {with(nil)[:strings.LastIndex(with(nil), ".")+1], models.CodeTokenInvalid},
		"critical header":          {header(map[string]any{"crit": []string{"b64"}, "b64": false}), models.CodeTokenInvalid},
		"another type":             {header(map[string]any{"typ": "logout+jwt"}), models.CodeTokenInvalid},
		"oversize":                 {with(jwt.MapClaims{"padding": strings.Repeat("x", MaxTokenBytes)}), models.CodeTokenInvalid},
		"not a token":              {"hello", models.CodeTokenInvalid},
		"four parts":               {with(nil) + ".x", models.CodeTokenInvalid},
		"expired":                  {with(jwt.MapClaims{"exp": noon.Add(-time.Second).Unix()}), models.CodeTokenExpired},
		"expires now: no leeway":   {with(jwt.MapClaims{"exp": noon.Unix()}), models.CodeTokenExpired},
		"expired and wrong issuer": {with(jwt.MapClaims{"exp": 1, "iss": "them"}), models.CodeTokenInvalid},
		"no exp":                   {with(jwt.MapClaims{"exp": nil}), models.CodeTokenInvalid},
		"exp as text":              {with(jwt.MapClaims{"exp": "4102444800"}), models.CodeTokenInvalid},
		"exp out of range":         {with(jwt.MapClaims{"exp": 1e300}), models.CodeTokenInvalid},
		"nbf in the future":        {with(jwt.MapClaims{"nbf": noon.Add(31 * time.Second).Unix()}), models.CodeTokenInvalid},
		"iat in the future":        {with(jwt.MapClaims{"iat": noon.Add(time.Minute).Unix()}), models.CodeTokenInvalid},
		"wrong iss":                {with(jwt.MapClaims{"iss": "them"}), models.CodeTokenInvalid},
		"no iss":                   {with(jwt.MapClaims{"iss": nil}), models.CodeTokenInvalid},
		"wrong aud":                {with(jwt.MapClaims{"aud": []string{"x", "y"}}), models.CodeTokenInvalid},
		"no aud":                   {with(jwt.MapClaims{"aud": nil}), models.CodeTokenInvalid},
		"users disagree":           {with(jwt.MapClaims{"sub": "bob"}), models.CodeTokenInvalid},
		"organizations disagree":   {with(jwt.MapClaims{"org_id": "other"}), models.CodeTokenInvalid},
		"roles disagree":           {with(jwt.MapClaims{"roles": []string{"admin"}}), models.CodeTokenInvalid},
		"service and admin":        {with(jwt.MapClaims{"role": []string{"service", "admin"}}), models.CodeTokenInvalid},
		"role is a number":         {with(jwt.MapClaims{"role": 1}), models.CodeTokenInvalid},
		"no user":                  {with(jwt.MapClaims{"userId": nil}), models.CodeTokenInvalid},
		"no organization":          {with(jwt.MapClaims{"organizationId": nil}), models.CodeTokenInvalid},
		"claim of another case":    {with(jwt.MapClaims{"organizationId": nil, "ORG_ID": "acme", "exp": long}), models.CodeTokenInvalid},
		"user with a space":        {with(jwt.MapClaims{"userId": "a b"}), models.CodeTokenInvalid},
		"organization too long":    {with(jwt.MapClaims{"organizationId": strings.Repeat("o", models.MaxIDBytes+1)}), models.CodeTokenInvalid},
		"key set where none is":    {signed(t, jwt.SigningMethodEdDSA, newKeys(t).ed, map[string]any{"kid": "ed"}, claims(good)), models.CodeTokenInvalid},
	} {
		who, err := v.Verify(t.Context(), c.token)
		if err == nil || models.CodeOf(err) != c.code || who != (models.Identity{}) {
			t.Errorf("%s: got %+v, %v; want code %s", name, who, err, c.code)
			continue
		}
		e, _ := errors.AsType[*models.Error](err)
		if e.Message != "Invalid token" && e.Message != "Authentication required" {
			t.Errorf("%s: the words are %q", name, e.Message)
		}
		if len(c.token) > 10 && strings.Contains(err.Error(), c.token) {
			t.Errorf("%s: the error holds the token", name)
		}
	}
}

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	v := verifier(t, nil)
	for name, c := range map[string]struct {
		change jwt.MapClaims
		want   models.Role
	}{
		"plain":                  {nil, models.RoleEditor},
		"the other names":        {jwt.MapClaims{"userId": nil, "sub": "ann", "organizationId": nil, "org_id": "acme", "role": nil, "roles": "admin"}, models.RoleAdmin},
		"both names":             {jwt.MapClaims{"sub": "ann", "org_id": "acme", "roles": []string{"viewer", "editor"}}, models.RoleEditor},
		"highest":                {jwt.MapClaims{"role": []string{"viewer", "admin", "editor"}}, models.RoleAdmin},
		"no role":                {jwt.MapClaims{"role": nil}, models.RoleViewer},
		"foreign words":          {jwt.MapClaims{"role": "superuser"}, models.RoleViewer},
		"foreign words and ours": {jwt.MapClaims{"role": []string{"billing", "editor"}}, models.RoleEditor},
		"service":                {jwt.MapClaims{"role": "service"}, models.RoleService},
		"another case":           {jwt.MapClaims{"role": "ADMIN"}, models.RoleViewer},
		"clock a little ahead":   {jwt.MapClaims{"nbf": noon.Add(20 * time.Second).Unix(), "iat": noon.Add(20 * time.Second).Unix()}, models.RoleEditor},
		"unasked iss and aud":    {jwt.MapClaims{"iss": "x", "aud": []string{"y"}}, models.RoleEditor},
	} {
		who, err := v.Verify(t.Context(), hs(t, c.change))
		if !strings.HasPrefix(who.TokenID, "sha256:") {
			t.Errorf("%s: the id of a token without one is %q", name, who.TokenID)
		}
		who.TokenID, who.IssuedAt = "", time.Time{}
		want := models.Identity{UserID: "ann", OrganizationID: "acme", Role: c.want, ExpiresAt: time.Unix(noon.Add(time.Hour).Unix(), 0)}
		if err != nil || who != want {
			t.Errorf("%s: got %+v, %v; want %+v", name, who, err, want)
		}
	}
	if _, err := v.Verify(t.Context(), signed(t, jwt.SigningMethodHS256, oldSecret, nil, claims(nil))); err != nil {
		t.Error("the secret before was refused during the rotation:", err)
	}
	// What the header says about keys is passed over.
	loud := map[string]any{"jku": "http://evil.example/keys", "jwk": map[string]any{"kty": "oct", "k": "AA"}, "x5u": "http://evil.example", "kid": "../../dev/null"}
	if _, err := v.Verify(t.Context(), signed(t, jwt.SigningMethodHS256, secret, loud, claims(nil))); err != nil {
		t.Error("header keys were not passed over:", err)
	}
	if _, err := v.Verify(t.Context(), signed(t, jwt.SigningMethodHS256, []byte("the attacker's very own secret, long"), loud, claims(nil))); err == nil {
		t.Error("a key that the header names was used")
	}
}

func TestLivesMayBeLimited(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	v := verifier(t, func(c *Config) { c.MaxLife = day })
	for name, c := range map[string]struct {
		iat, exp any
		good     bool
	}{
		"as long as allowed": {noon.Unix(), noon.Add(day).Unix(), true},
		"a second longer":    {noon.Unix(), noon.Add(day + time.Second).Unix(), false},
		"long, nearly over":  {noon.Add(-day).Unix(), noon.Add(time.Minute).Unix(), false},
		"without iat":        {nil, noon.Add(time.Minute).Unix(), false},
		"iat is 0":           {0, noon.Add(time.Minute).Unix(), false},
		"as far as it goes":  {1, maxDate, false},
	} {
		_, err := v.Verify(t.Context(), hs(t, jwt.MapClaims{"iat": c.iat, "exp": c.exp}))
		if c.good && err != nil || !c.good && models.CodeOf(err) != models.CodeTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := OpenDenylist(t.Context(), &fakeRevocations{}, day, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeUser, Subject: "ann"})
	if left := time.Until(r.Until); err != nil || left > day || left < day-time.Minute {
		t.Errorf("kept for %s, %v", left, err)
	}
}

// What revocations go by: the jti, or what cannot be changed without a new
// signature; and iat.
func TestTokenHasAnID(t *testing.T) {
	t.Parallel()
	v := verifier(t, nil)
	for jti, want := range map[any]string{
		"t-1": "t-1", strings.Repeat("x", models.MaxIDBytes): strings.Repeat("x", models.MaxIDBytes),
		nil: "sha256:", "": "sha256:", 7: "7", 1.5: "sha256:", "a\uFFFD": "sha256:", "a b": "sha256:", strings.Repeat("x", models.MaxIDBytes+1): "sha256:",
	} {
		token := hs(t, jwt.MapClaims{"jti": jti, "iat": noon.Add(-time.Minute).Unix()})
		who, err := v.Verify(t.Context(), token)
		if err != nil || !who.IssuedAt.Equal(noon.Add(-time.Minute)) || !models.ValidID(who.TokenID) ||
			who.TokenID != want && (want != "sha256:" || !strings.HasPrefix(who.TokenID, want)) {
			t.Errorf("jti %v: %+v, %v", jti, who, err)
		}
		again, err := v.Verify(t.Context(), token)
		if err != nil || again != who {
			t.Errorf("jti %v: %+v, then %+v, %v", jti, who, again, err)
		}
	}
	other := hs(t, jwt.MapClaims{"name": "another"})
	one, err := v.Verify(t.Context(), hs(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if two, err := v.Verify(t.Context(), other); err != nil || one.TokenID == two.TokenID {
		t.Errorf("two tokens have one id, or %v", err)
	}
}

func TestMint(t *testing.T) {
	t.Parallel()
	who := models.Identity{UserID: "ann", OrganizationID: "acme", Role: models.RoleService}
	v, err := New(t.Context(), Config{Secrets: [][]byte{secret}, Issuer: "us", Audience: "reelroom"})
	if err != nil {
		t.Fatal(err)
	}
	token, expires, err := Signer{Secret: secret, Issuer: "us", Audience: "reelroom"}.Token(who, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(t.Context(), token)
	if err != nil || got.UserID != "ann" || got.OrganizationID != "acme" || got.Role != models.RoleService || got.TokenID == "" || !got.ExpiresAt.Equal(expires) {
		t.Errorf("got %+v, %v", got, err)
	}
	if token, err = Mint(secret, who, time.Hour); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), token); models.CodeOf(err) != models.CodeTokenInvalid {
		t.Error("a token without issuer passed:", err)
	}
	if _, err := Mint([]byte("short"), who, time.Hour); err == nil {
		t.Error("a short secret signed")
	}
	if _, err := Mint(secret, models.Identity{UserID: "ann", OrganizationID: "acme", Role: "root"}, time.Hour); err == nil {
		t.Error("an unknown role was signed")
	}
}

func TestConfigReportsEveryMistake(t *testing.T) {
	t.Parallel()
	c := Config{Secrets: [][]byte{[]byte("short"), secret, []byte("tiny")}, JWKSURL: "file:///etc/passwd"}
	err := c.Validate()
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, want := range []string{"secret 1", "secret 3", "JWT_JWKS_URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "tiny") {
		t.Error("a secret is in the error")
	}
	if _, err := New(context.Background(), Config{}); err == nil {
		t.Error("a verifier without any key was made")
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Bearer abc": "abc", "bearer abc": "abc", "Bearer  abc ": "abc", "Basic abc": "", "Bearer": "", "": "", "Bearerabc": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if got := Bearer(r); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
	if got := Bearer(r); got != "" {
		t.Errorf("two headers gave %q", got)
	}
}

func FuzzVerify(f *testing.F) {
	v := verifier(f, nil)
	for _, c := range []jwt.MapClaims{nil, {"exp": nil}, {"role": []string{"a", "admin"}}, {"userId": 1}} {
		f.Add(hs(f, c))
	}
	for _, c := range []string{plainClaims + `}x`, plainClaims + `,"sub":"ann"}`, plainClaims + `,"userId":42}`, `null`} {
		f.Add(raw(f, plainHeader, c))
	}
	f.Add(raw(f, `{"alg":"HS256","alg":"none"}`, plainClaims+`}`))
	f.Add(raw(f, `{"alg":"HS256","crit":[],"b64":false,"kid":1}`, plainClaims+`}`))
	f.Add("..")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30.")
	f.Fuzz(func(t *testing.T, token string) {
		who, err := v.Verify(t.Context(), token)
		if err == nil && (!models.ValidID(who.UserID) || !models.ValidID(who.OrganizationID) || !who.May(models.ActionView) || !noon.Before(who.ExpiresAt)) {
			t.Errorf("accepted as %+v", who)
		}
		if e, ok := errors.AsType[*models.Error](err); err != nil && (!ok || !strings.HasPrefix(string(e.Code), "token_")) {
			t.Errorf("the error is %v", err)
		}
	})
}

// FuzzClaims signs whatever the claims are: what strangers' issuers may send.
func FuzzClaims(f *testing.F) {
	v := verifier(f, nil)
	f.Add(`{"sub":"a","org_id":"b","exp":4102444800,"role":["admin",null]}`)
	f.Add(`{"sub":"a","org_id":"b","exp":-1e400}`)
	f.Add(`null`)
	f.Add(`{"userId":42,"sub":"42","organizationId":9007199254740992,"exp":4102444800}`)
	f.Add(`{"sub":"x\ud800","org_id":"x\ufffd","exp":4102444800.5,"nbf":0,"iat":-0,"jti":1e3}`)
	f.Add(`{"sub":"a","org_id":"b","exp":4102444800,"x":{"a":[1,{"a":2,"a":3}]}}`)
	f.Add(`{"sub":"a","org_id":"b","exp":4102444800}{}`)
	f.Fuzz(func(t *testing.T, body string) {
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body))
		signature, _ := jwt.SigningMethodHS256.Sign(text, secret)
		who, err := v.Verify(t.Context(), text+"."+base64.RawURLEncoding.EncodeToString(signature))
		if err == nil && (!models.ValidID(who.UserID) || !models.ValidID(who.OrganizationID) || !who.May(models.ActionView) || !noon.Before(who.ExpiresAt)) {
			t.Errorf("accepted as %+v", who)
		}
		if err == nil && strings.Contains(who.UserID+who.OrganizationID, "\uFFFD") {
			t.Errorf("accepted an id that stands for others: %+v", who)
		}
	})
}

// FuzzKeySet reads what an issuer's address may answer.
func FuzzKeySet(f *testing.F) {
	s := newSigner(f, "k")
	f.Add(listing(f, s.jwk(f, nil), s.jwk(f, map[string]any{"use": "enc"}), s.jwk(f, map[string]any{"key_ops": []string{}})))
	f.Add(newKeys(f).set(f))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AA","e":"AQAB"},null,1]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Add(listing(f, s.jwk(f, map[string]any{"x": b64(make([]byte, 40))}), s.jwk(f, map[string]any{"y": ""})))
	keys := &keySet{logger: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, raw []byte) {
		found, err := keys.parse(raw)
		for kid, list := range found {
			for _, k := range list {
				if err != nil || kid == "" || k.key == nil || k.alg != algRS256 && k.alg != algES256 && k.alg != algEdDSA {
					t.Errorf("took %q for %q, %v", kid, k.alg, err)
				}
			}
		}
	})
}
