package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// raw signs a header and claims as they are written.
func raw(t testing.TB, header, body string) string {
	t.Helper()
	text := b64([]byte(header)) + "." + b64([]byte(body))
	signature, err := jwt.SigningMethodHS256.Sign(text, secret)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

const (
	plainHeader = `{"alg":"HS256","typ":"JWT"}`
	plainClaims = `{"sub":"ann","org_id":"acme","exp":4102444800`
)

// A signature does not make a text a token: it must be one JSON object each in
// header and claims, without two members of one name, in canonical base64url.
func TestTokensAreReadStrictly(t *testing.T) {
	t.Parallel()
	v := verifier(t, func(c *Config) { c.Explain = true })
	good := raw(t, plainHeader, plainClaims+`}`)
	if who, err := v.Verify(t.Context(), good); err != nil || who.UserID != "ann" {
		t.Fatal("the good token of this table:", err)
	}
	parts := strings.Split(good, ".")
	last := func(s string) string { // the same bytes with other unused bits
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		n := strings.IndexByte(alphabet, s[len(s)-1])
		return s[:len(s)-1] + string(alphabet[n|1])
	}
	deep := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	for name, token := range map[string]string{
		"bytes after the claims":        raw(t, plainHeader, plainClaims+`}{"role":"admin"}`),
		"a letter after the claims":     raw(t, plainHeader, plainClaims+`}x`),
		"bytes before the claims":       raw(t, plainHeader, "\ufeff"+plainClaims+`}`),
		"bytes after the header":        raw(t, plainHeader+`{"alg":"none"}`, plainClaims+`}`),
		"role twice":                    raw(t, plainHeader, plainClaims+`,"role":"viewer","role":"admin"}`),
		"user twice, once escaped":      raw(t, plainHeader, plainClaims+`,"\u0073ub":"bob"}`),
		"user twice, alike":             raw(t, plainHeader, plainClaims+`,"sub":"ann"}`),
		"exp twice":                     raw(t, plainHeader, plainClaims+`,"exp":4102444801}`),
		"exp twice, one null":           raw(t, plainHeader, plainClaims+`,"exp":null}`),
		"a name twice, deeper":          raw(t, plainHeader, plainClaims+`,"realm":{"a":1,"a":2}}`),
		"a name twice, in a list":       raw(t, plainHeader, plainClaims+`,"realm":[{"a":1,"a":2}]}`),
		"names that are one to readers": raw(t, plainHeader, plainClaims+`,"a\ud800":1,"a\ufffd":2}`),
		"alg twice":                     raw(t, `{"alg":"none","alg":"HS256"}`, plainClaims+`}`),
		"kid twice":                     raw(t, `{"alg":"HS256","kid":"a","kid":"b"}`, plainClaims+`}`),
		"claims null":                   raw(t, plainHeader, `null`),
		"claims a list":                 raw(t, plainHeader, `[`+plainClaims+`}]`),
		"claims a text":                 raw(t, plainHeader, `"ann"`),
		"claims a number":               raw(t, plainHeader, `1`),
		"no claims":                     raw(t, plainHeader, ``),
		"claims not closed":             raw(t, plainHeader, plainClaims),
		"claims with a comma too many":  raw(t, plainHeader, plainClaims+`,}`),
		"claims not UTF-8":              raw(t, plainHeader, plainClaims+",\"name\":\"\xff\"}"),
		"claims too deep":               raw(t, plainHeader, plainClaims+`,"x":`+deep+`}`),
		"a token in a token":            raw(t, `{"alg":"HS256","cty":"JWT"}`, good),
		"header a list":                 raw(t, `[`+plainHeader+`]`, plainClaims+`}`),
		"header null":                   raw(t, `null`, plainClaims+`}`),
		"crit":                          raw(t, `{"alg":"HS256","crit":["exp"]}`, plainClaims+`}`),
		"crit empty":                    raw(t, `{"alg":"HS256","crit":[]}`, plainClaims+`}`),
		"crit null":                     raw(t, `{"alg":"HS256","crit":null}`, plainClaims+`}`),
		"b64 false":                     raw(t, `{"alg":"HS256","b64":false}`, plainClaims+`}`),
		"b64 a text":                    raw(t, `{"alg":"HS256","b64":"true"}`, plainClaims+`}`),
		"no alg":                        raw(t, `{"typ":"JWT"}`, plainClaims+`}`),
		"alg a list":                    raw(t, `{"alg":["HS256"]}`, plainClaims+`}`),
		"alg in another case":           raw(t, `{"alg":"hs256"}`, plainClaims+`}`),
		"alg with a space":              raw(t, `{"alg":"HS256 "}`, plainClaims+`}`),
		"kid an object":                 raw(t, `{"alg":"HS256","kid":{}}`, plainClaims+`}`),
		"typ a number":                  raw(t, `{"alg":"HS256","typ":1}`, plainClaims+`}`),
		"typ of an id token's logout":   raw(t, `{"alg":"HS256","typ":"logout+jwt"}`, plainClaims+`}`),
		"padding":                       parts[0] + "." + parts[1] + "=." + parts[2],
		"signature of other bits":       parts[0] + "." + parts[1] + "." + last(parts[2]),
		"a line break in the signature": parts[0] + "." + parts[1] + "." + parts[2][:8] + "\n" + parts[2][8:],
		"a line break in the header":    parts[0][:4] + "\r\n" + parts[0][4:] + "." + parts[1] + "." + parts[2],
		"standard base64":               parts[0] + "." + parts[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "+",
		"two parts":                     parts[0] + "." + parts[1],
		"JSON serialization":            `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"exp a text":                    raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":"4102444800"}`),
		"exp a list":                    raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":[4102444800]}`),
		"exp huge":                      raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":1e400}`),
		"exp in milliseconds":           raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":4102444800000}`),
		"exp negative":                  raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":-1}`),
		"exp 0":                         raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":0}`),
		"exp true":                      raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":true}`),
		"nbf a text":                    raw(t, plainHeader, plainClaims+`,"nbf":"0"}`),
		"nbf negative":                  raw(t, plainHeader, plainClaims+`,"nbf":-5}`),
		"iat huge":                      raw(t, plainHeader, plainClaims+`,"iat":1e300}`),
		"iat an object":                 raw(t, plainHeader, plainClaims+`,"iat":{}}`),
		"too long":                      raw(t, plainHeader, plainClaims+`,"x":"`+strings.Repeat("x", MaxTokenBytes)+`"}`),
	} {
		who, err := v.Verify(t.Context(), token)
		e, ok := errors.AsType[*models.Error](err)
		if !ok || e.Code != models.CodeTokenInvalid || e.Message != "Invalid token" || e.Reason == "" {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	for name, token := range map[string]string{
		"white space around":      raw(t, " "+plainHeader+"\n", "\n "+plainClaims+" }\t"),
		"a fraction of a second":  raw(t, plainHeader, `{"sub":"ann","org_id":"acme","exp":4102444800.5}`),
		"nbf 0":                   raw(t, plainHeader, plainClaims+`,"nbf":0}`),
		"names in another case":   raw(t, plainHeader, plainClaims+`,"Sub":"bob","SUB":"eve"}`),
		"half an emoji in a name": raw(t, plainHeader, plainClaims+`,"name":"Ann \ud83d"}`),
		"nested":                  raw(t, plainHeader, plainClaims+`,"realm_access":{"roles":["a","b"],"x":[[[{}]]]}}`),
		"no typ, kid null":        raw(t, `{"alg":"HS256","kid":null}`, plainClaims+`}`),
		"b64 true":                raw(t, `{"alg":"HS256","b64":true}`, plainClaims+`}`),
	} {
		if who, err := v.Verify(t.Context(), token); err != nil || who.UserID != "ann" || who.Role != models.RoleViewer {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

// An id is text of 1 to 128 bytes, or an integer up to 2^53 as its decimal text.
func TestIDsInClaims(t *testing.T) {
	t.Parallel()
	v := verifier(t, func(c *Config) { c.Explain = true })
	long := strings.Repeat("x", models.MaxIDBytes)
	for written, want := range map[string]string{
		`42`: "42", `7`: "7", `0`: "0", `-5`: "-5", `9007199254740992`: "9007199254740992", `-9007199254740992`: "-9007199254740992",
		`"42"`: "42", `"007"`: "007", `"` + long + `"`: long, `"é"`: "é", `"\u00e9"`: "é", `"🎬"`: "🎬", `"\ud83c\udfac"`: "🎬", `"auth0|1"`: "auth0|1",
		`"a/b"`: "a/b", `"ann@example.com"`: "ann@example.com", `"urn:x:1"`: "urn:x:1",
	} {
		for _, c := range []string{
			`{"userId":` + written + `,"organizationId":` + written + `,"exp":4102444800}`,
			`{"sub":` + written + `,"org_id":` + written + `,"exp":4102444800}`,
			`{"userId":` + written + `,"sub":` + quoted(t, want) + `,"organizationId":` + quoted(t, want) + `,"org_id":` + written + `,"exp":4102444800}`,
		} {
			if who, err := v.Verify(t.Context(), raw(t, plainHeader, c)); err != nil || who.UserID != want || who.OrganizationID != want {
				t.Errorf("%s: %+v, %v", c, who, err)
			}
		}
	}
	for written, reason := range map[string]string{
		`42.0`: "not written as an integer", `1e3`: "not written as an integer", `1.5`: "not written as an integer", `-0`: "not written as an integer",
		`9007199254740993`: "beyond 2^53", `-9007199254740993`: "beyond 2^53", `123456789012345678901234567890`: "beyond 2^53", `1e400`: "not written as an integer",
		`true`: "neither a text nor an integer", `{}`: "neither a text nor an integer", `["42"]`: "neither a text nor an integer", `[42]`: "neither a text nor an integer",
		`""`: "empty", `"a b"`: "white space", `" a"`: "white space", `"a\n"`: "white space", `"a\u0000"`: "cannot be printed", `"a\u200b"`: "cannot be printed", `"a\u001b[0m"`: "cannot be printed",
		`"` + long + `x"`: "longer than 128 bytes", `"x\ud800"`: "U+FFFD", `"x\udc00"`: "U+FFFD", `"\ud800\ud800"`: "U+FFFD", `"x\ufffd"`: "U+FFFD", `"x` + "\uFFFD" + `"`: "U+FFFD",
	} {
		for name, c := range map[string]string{
			"userId":         `{"userId":` + written + `,"org_id":"acme","exp":4102444800}`,
			"sub":            `{"sub":` + written + `,"org_id":"acme","exp":4102444800}`,
			"organizationId": `{"sub":"ann","organizationId":` + written + `,"exp":4102444800}`,
			"org_id":         `{"sub":"ann","org_id":` + written + `,"exp":4102444800}`,
		} {
			_, err := v.Verify(t.Context(), raw(t, plainHeader, c))
			e, ok := errors.AsType[*models.Error](err)
			if !ok || e.Code != models.CodeTokenInvalid || !strings.Contains(e.Reason, reason) || !strings.HasPrefix(e.Reason, name+" ") {
				t.Errorf("%s: %v; the reason is %q", c, err, e.Reason)
			}
		}
	}
	for _, c := range []string{
		`{"userId":42,"sub":"43","org_id":"acme","exp":4102444800}`, `{"userId":42,"sub":"042","org_id":"acme","exp":4102444800}`,
		`{"sub":"ann","organizationId":7,"org_id":8,"exp":4102444800}`,
	} {
		_, err := v.Verify(t.Context(), raw(t, plainHeader, c))
		if e, ok := errors.AsType[*models.Error](err); !ok || !strings.Contains(e.Reason, "disagree") {
			t.Errorf("%s: %v", c, err)
		}
	}
	if _, err := Mint(secret, models.Identity{UserID: "a\uFFFD", OrganizationID: "acme", Role: models.RoleViewer}, time.Hour); err == nil {
		t.Error("a token of such a user was made")
	}
}

func quoted(t testing.TB, s string) string {
	t.Helper()
	out, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The reason is for development only.
func TestReasonsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	_, err := verifier(t, nil).Verify(t.Context(), hs(t, map[string]any{"userId": "a b"}))
	if e, ok := errors.AsType[*models.Error](err); !ok || e.Reason != "" || e.Cause == nil {
		t.Errorf("%+v", err)
	}
	_, err = verifier(t, func(c *Config) { c.Explain = true }).Verify(t.Context(), hs(t, map[string]any{"exp": 1}))
	if e, ok := errors.AsType[*models.Error](err); !ok || e.Code != models.CodeTokenExpired || e.Reason != "exp has passed" {
		t.Errorf("%+v", err)
	}
}
