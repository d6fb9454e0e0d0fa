package modelstest

import (
	"context"
	"io"
	"strings"
	"testing"

	"reelroom/models"
)

func blobTenants(t *testing.T, b models.BlobKeeping) {
	long := strings.Repeat("é", models.MaxIDBytes/2)
	orgs := []string{acme, globex, "a", "a-b", "a:b", "a/b", "a%2Fb", "..", ".", "../acme", "/", `\`, "~", "%", "é", "e\u0301", long, long[2:] + "ab"}
	for _, org := range orgs {
		for _, key := range []string{"k", "b/k", "videos/v/k"} {
			absent(t, b, org, key)
			put(t, b, org, key, org+" has "+key)
		}
	}
	for _, org := range orgs {
		for _, key := range []string{"k", "b/k", "videos/v/k"} {
			holds(t, b, org, key, org+" has "+key)
		}
	}
	if err := b.Delete(within(t), globex, "videos"); err != nil {
		t.Error(err)
	}
	absent(t, b, globex, "videos/v/k")
	holds(t, b, acme, "videos/v/k", acme+" has videos/v/k")
}

func blobDelete(t *testing.T, b models.BlobKeeping) {
	for _, key := range []string{"videos/v1/source", "videos/v1/pictures/1", "videos/v10/source", "videos/v1.x", "other"} {
		put(t, b, acme, key, key)
	}
	for range 2 { // again is no error
		if err := b.Delete(within(t), acme, "videos/v1"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	absent(t, b, acme, "videos/v1/source")
	absent(t, b, acme, "videos/v1/pictures/1")
	for _, key := range []string{"videos/v10/source", "videos/v1.x", "other"} {
		holds(t, b, acme, key, key)
	}
	if err := b.Delete(within(t), acme, "other"); err != nil {
		t.Errorf("delete of one: %v", err)
	}
	absent(t, b, acme, "other")
	if err := b.Delete(within(t), acme, "other/below"); err != nil {
		t.Errorf("delete of what never was: %v", err)
	}
	put(t, b, acme, "videos/v1/source", "again")
	holds(t, b, acme, "videos/v1/source", "again")
}

// A blob that is committed while its folder is deleted is there, or not.
func blobDeleteRaced(t *testing.T, b models.BlobKeeping) {
	race(8, func(i int) {
		for range 10 {
			if i%2 == 0 {
				put(t, b, acme, "videos/v/k", "content")
			} else if err := b.Delete(within(t), acme, "videos/v"); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
	put(t, b, acme, "videos/v/k", "content")
	holds(t, b, acme, "videos/v/k", "content")
}

// badKeys must never reach a file system.
var badKeys = []string{
	"", "/", "//", "a//b", "/a", "a/", ".", "..", "../x", "a/../../x", "a/..", "a/./b", ".hidden", "a/.hidden", "..a",
	"a\x00b", "a b", "a\\b", `..\x`, "a:b", "C:", "a%2Fb", "é", "a\n", "~", "-\t", "*", "http://x", strings.Repeat("a", 300),
	strings.Repeat("a/", 400) + "a",
}

func blobKeys(t *testing.T, b models.BlobKeeping) {
	put(t, b, globex, "k", "secret")
	for _, key := range badKeys {
		_, err := b.Create(within(t), acme, key)
		code(t, "create "+key, err, models.CodeInvalid)
		_, err = b.Open(within(t), acme, key)
		code(t, "open "+key, err, models.CodeInvalid)
		_, _, err = b.Local(within(t), acme, key)
		code(t, "local "+key, err, models.CodeInvalid)
		code(t, "delete "+key, b.Delete(within(t), acme, key), models.CodeInvalid)
	}
	for _, org := range []string{"", "a b", "a\x00", strings.Repeat("x", models.MaxIDBytes+1)} {
		_, err := b.Create(within(t), org, "k")
		code(t, "create for "+org, err, models.CodeInvalid)
		code(t, "delete for "+org, b.Delete(within(t), org, "k"), models.CodeInvalid)
	}
	holds(t, b, globex, "k", "secret")
}

// The context that a blob was begun with ends its writing.
func blobGivenUp(t *testing.T, b models.BlobKeeping) {
	ctx, cancel := context.WithCancel(context.Background())
	w, err := b.Create(ctx, acme, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "half"); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.WriteString(w, "more")
	code(t, "write", err, models.CodeUnavailable)
	code(t, "commit", w.Commit(), models.CodeUnavailable)
	w.Abort()
	absent(t, b, acme, "k")
	_, err = b.Create(ctx, acme, "k")
	code(t, "create", err, models.CodeUnavailable)
	_, err = b.Open(ctx, acme, "k")
	code(t, "open", err, models.CodeUnavailable)
}
