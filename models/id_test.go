package models

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var idForm = regexp.MustCompile(`^[0-7][0-9a-hjkmnp-tv-z]{25}$`)

func TestNewIDsDifferAndSortByTime(t *testing.T) {
	t.Parallel()
	var ids []string
	seen := map[string]bool{}
	at := time.UnixMilli(1_700_000_000_000)
	for range 1000 {
		id := NewID(at)
		if !idForm.MatchString(id) || !ValidID(id) || Segment(id) != id {
			t.Fatalf("%q is no id", id)
		}
		if seen[id] {
			t.Fatalf("%s was made twice", id)
		}
		seen[id] = true
		ids = append(ids, id)
		at = at.Add(time.Millisecond)
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort by the time they were made")
	}
}

// The first ten characters are the time (github.com/ulid/spec: its example).
func TestIDLayout(t *testing.T) {
	t.Parallel()
	if id := NewID(time.UnixMilli(1469922850259)); !strings.HasPrefix(id, "01arz3ndek") {
		t.Errorf("%s does not begin with its time", id)
	}
	for raw, want := range map[[16]byte]string{
		{}: strings.Repeat("0", 26), {15: 1}: strings.Repeat("0", 25) + "1", {7: 1}: "0000000000000g000000000000", {0: 255}: "7z000000000000000000000000",
	} {
		if got := encodeID(raw); got != want {
			t.Errorf("%v is written %s, want %s", raw, got, want)
		}
	}
}

func TestDerivedIDs(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab"}, {"a", "b"}, {"a", "b", ""}, {"a\x00b"}} {
		id := DerivedID(parts...)
		if !idForm.MatchString(id) || id != DerivedID(parts...) {
			t.Errorf("%q gives %q", parts, id)
		}
		if other, there := seen[id]; there {
			t.Errorf("%q and %q give the same id", parts, other)
		}
		seen[id] = parts
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"a": true, "é": true, "5f9f1b9b9b9b9b9b9b9b9b9b": true, "auth0|123": true, "a:b/c{d}..": true, "..": true,
		strings.Repeat("x", MaxIDBytes): true, strings.Repeat("x", MaxIDBytes+1): false,
		"": false, " ": false, "a b": false, "a\n": false, "\x00": false, "\xff": false, "a\u2028b": false, "\u00a0": false, "\u200b": false,
		"\uFFFD": false, "x\uFFFD": false, "x\xed\xa0\x80": false, "x\xed\xb0\x80y": false, "\ufeffa": false,
	} {
		if ValidID(id) != want {
			t.Errorf("ValidID(%q) is not %v", id, want)
		}
	}
}

// Two ids never share a segment, and a segment is safe wherever it stands.
func FuzzSegment(f *testing.F) {
	for _, pair := range [][2]string{{"", ""}, {"a", "b"}, {"a:b", "a%3Ab"}, {"%", "%25"}, {"%3a", ":"}, {"..", "%2E%2E"}, {"é", "\xc3"}, {"a/b", `a\b`}, {"{x}", "x"}} {
		f.Add(pair[0], pair[1])
	}
	safe := regexp.MustCompile(`^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})*$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		sa, sb := Segment(a), Segment(b)
		if (a == b) != (sa == sb) {
			t.Errorf("%q and %q become %q and %q", a, b, sa, sb)
		}
		if !safe.MatchString(sa) || strings.ContainsAny(sa, `:/\{}.`) {
			t.Errorf("%q becomes %q", a, sa)
		}
		if len(sa) > 3*len(a) {
			t.Errorf("%q becomes longer than three times: %q", a, sa)
		}
	})
}
