package models

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func links(now time.Time) *SignedLinks {
	return &SignedLinks{Base: "https://x.example", Key: []byte(strings.Repeat("k", 32)), Now: func() time.Time { return now }}
}

func parse(t *testing.T, link string) *url.URL {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestLinksSpeakForOneOrganizationAndVideo(t *testing.T) {
	t.Parallel()
	l := links(epochStart)
	for _, id := range []string{"v1", "a/b", "é?#%", "..", "a&org=globex"} {
		u := parse(t, l.Media("acme&x=y", id))
		if want := "/api/videos/" + url.PathEscape(id) + "/media"; u.EscapedPath() != want || u.Host != "x.example" {
			t.Errorf("%q leads to %s", id, u)
		}
		if org, _, err := l.Verify("media", id, u.Query()); err != nil || org != "acme&x=y" {
			t.Errorf("%q: %q, %v", id, org, err)
		}
	}
	good := parse(t, l.Thumbnail("acme", "v1")).Query()
	for name, test := range map[string]struct{ kind, id, field, value string }{
		"another kind":                     {"media", "v1", "", ""},
		"another video":                    {"thumbnail", "v2", "", ""},
		"another organization":             {"thumbnail", "v1", "org", "globex"},
		"no organization":                  {"thumbnail", "v1", "org", ""},
		"a longer life":                    {"thumbnail", "v1", "expires", "9999999999"},
		"the same life, written otherwise": {"thumbnail", "v1", "expires", "+1"},
		"no life":                          {"thumbnail", "v1", "expires", ""},
		"another signature":                {"thumbnail", "v1", "signature", strings.Repeat("A", 43)},
		"no signature":                     {"thumbnail", "v1", "signature", ""},
	} {
		q, _ := url.ParseQuery(good.Encode())
		if test.field != "" {
			q.Set(test.field, test.value)
		}
		if org, _, err := l.Verify(test.kind, test.id, q); !errors.Is(err, Errorf(CodeTokenInvalid, "")) || org != "" {
			t.Errorf("%s: %q, %v", name, org, err)
		}
	}
	other := links(epochStart)
	other.Key = []byte(strings.Repeat("j", 32))
	if _, _, err := other.Verify("thumbnail", "v1", good); CodeOf(err) != CodeTokenInvalid {
		t.Errorf("another key: %v", err)
	}
	// Parts are bound one by one: moving a byte between them is another link.
	if l.signature("media", "ab", "c", 1) == l.signature("media", "a", "bc", 1) {
		t.Error("two links share a signature")
	}
}

func TestLinksExpire(t *testing.T) {
	t.Parallel()
	made := links(epochStart)
	q := parse(t, made.Media("acme", "v")).Query()
	for after, want := range map[time.Duration]Code{0: "", 24 * time.Hour: "", 48*time.Hour + time.Second: CodeTokenExpired} {
		_, until, err := links(epochStart.Add(after)).Verify("media", "v", q)
		if want == "" && err != nil || want != "" && CodeOf(err) != want {
			t.Errorf("after %v: %v", after, err)
		}
		if err == nil && until.Unix() != epochStart.Truncate(24*time.Hour).Add(48*time.Hour).Unix() {
			t.Errorf("it is said to be good until %v", until)
		}
	}
	day := epochStart.Truncate(24 * time.Hour)
	if links(day).Media("acme", "v") != links(day.Add(24*time.Hour-1)).Media("acme", "v") {
		t.Error("the link changes within a day: browsers could not cache")
	}
}
