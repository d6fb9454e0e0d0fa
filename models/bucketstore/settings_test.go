package bucketstore

import (
	"slices"
	"strings"
	"testing"

	"reelroom/models"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Settings{
		"s3://b":  {Bucket: "b"},
		"s3://b/": {Bucket: "b"},
		"s3://b/one/two/?region=eu-west-1&profile=p":                             {Bucket: "b", Prefix: "one/two/", Region: "eu-west-1", Profile: "p"},
		"s3://b?endpoint=http://minio:9000":                                      {Bucket: "b", Region: "us-east-1", Endpoint: "http://minio:9000", PathStyle: true},
		"s3://b?use_path_style=false&endpoint=https%3A%2F%2Fs3.example&region=r": {Bucket: "b", Region: "r", Endpoint: "https://s3.example"},
	} {
		if got, err := ParseURL(raw); err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for raw, want := range map[string]string{
		"s3://":                        "form",
		"s3:b":                         "form",
		"s3://b#x":                     "form",
		"http://b":                     "form",
		"s3://key:secret@b":            "AWS_ACCESS_KEY_ID",
		"s3://b/../x":                  "prefix",
		"s3://b/.hidden":               "prefix",
		"s3://b/a//b":                  "prefix",
		"s3://b?regoin=x":              "regoin",
		"s3://b?endpoint=minio:9000":   "endpoint",
		"s3://b?use_path_style=yes":    "use_path_style",
		"s3://b?endpoint=http://k:s@h": "endpoint",
		"s3://b\x7f":                   "URL",
	} {
		if _, err := ParseURL(raw); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// Installations may share a bucket, each below its own prefix.
func testPrefixes(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	a, ab := open(t, server, "a/"), open(t, server, "a/b/")
	put(t, a, "acme", "k", []byte("of a"))
	put(t, ab, "acme", "k", []byte("of ab"))
	var seen []string
	for _, s := range []*Store{a, ab} {
		if err := s.Each(t.Context(), func(e models.BlobEntry) error {
			seen = append(seen, s.settings.Prefix+": "+e.OrganizationID+"/"+e.Key)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(seen)
	if got := strings.Join(seen, ", "); !strings.Contains(got, "a/: acme/k") || !strings.Contains(got, "a/b/: acme/k") {
		t.Errorf("seen: %s", got)
	}
	if err := a.Delete(t.Context(), "acme", "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := ab.Open(t.Context(), "acme", "k"); err != nil {
		t.Errorf("the other's: %v", err)
	}
}

func testMark(t *testing.T) {
	t.Parallel()
	s := open(t, newServer(t), "p/")
	if _, ok, err := s.Mark(t.Context()); ok || err != nil {
		t.Errorf("a new bucket: %v, %v", ok, err)
	}
	for i, want := range []bool{true, false} {
		if made, err := s.SetMark(t.Context(), strings.Repeat("x", i+1)); made != want || err != nil {
			t.Errorf("mark %d: %v, %v", i, made, err)
		}
	}
	if text, ok, err := s.Mark(t.Context()); text != "x" || !ok || err != nil {
		t.Errorf("the mark is %q, %v, %v", text, ok, err)
	}
	if err := s.Each(t.Context(), func(e models.BlobEntry) error { t.Errorf("the mark is a blob: %+v", e); return nil }); err != nil {
		t.Error(err)
	}
	if err := s.RemoveMark(t.Context()); err != nil {
		t.Error(err)
	}
	if _, ok, err := s.Mark(t.Context()); ok || err != nil {
		t.Errorf("after it was removed: %v, %v", ok, err)
	}
}
