package bucketstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reelroom/models"
)

// parts counts the uploads that were begun and neither completed nor aborted.
func parts(t testing.TB, s *Store) int {
	t.Helper()
	page, err := s.client.ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: aws.String("videos")})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Uploads)
}

// begun writes so much that parts have been sent.
func begun(t testing.TB, ctx context.Context, s *Store) models.BlobWriter {
	t.Helper()
	w, err := s.Create(ctx, "acme", "videos/v/n/source")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("x"), 3*partBytes)); err != nil {
		t.Fatal(err)
	}
	if parts(t, s) != 1 {
		t.Fatal("no upload in parts was begun: this test shows nothing")
	}
	return w
}

// An upload that is given up leaves no parts, whichever way it ends.
func testAbort(t *testing.T) {
	t.Parallel()
	s := open(t, newServer(t), "")
	begun(t, t.Context(), s).Abort()
	if n := parts(t, s); n != 0 {
		t.Errorf("%d uploads are left after an abort", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := begun(t, ctx, s)
	cancel()
	if err := w.Commit(); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("commit after the end: %v", err)
	}
	w.Abort()
	if n := parts(t, s); n != 0 {
		t.Errorf("%d uploads are left after the context ended", n)
	}
	if _, err := s.Open(t.Context(), "acme", "videos/v/n/source"); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("half of it is there: %v", err)
	}
	large := make([]byte, 2*partBytes+17)
	_, _ = rand.Read(large)
	put(t, s, "acme", "videos/v/n/source", large)
	r, err := s.Open(t.Context(), "acme", "videos/v/n/source")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if all, err := io.ReadAll(r); err != nil || !bytes.Equal(all, large) {
		t.Errorf("%d bytes came back, %v", len(all), err)
	}
	if n := parts(t, s); n != 0 {
		t.Errorf("%d uploads are left after a commit", n)
	}
}

// The parts that a dead process has sent are dropped when they are old enough.
func testCrash(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	s := open(t, server, "p/")
	for key, want := range map[string]int{"p/acme/videos/v/n/source": 1, "p/foreign": 0, "acme/videos/v/n/source": 0} {
		_, err := s.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("videos"), Key: aws.String(key)})
		if err != nil {
			t.Fatal(err)
		}
		before := parts(t, s)
		if removed, err := s.Tidy(t.Context(), time.Now().Add(-time.Hour)); err != nil || removed.Count != 0 {
			t.Errorf("%s: tidied %+v, %v", key, removed, err)
		}
		removed, err := s.Tidy(t.Context(), time.Now().Add(time.Hour))
		if err != nil || removed.Count != want || parts(t, s) != before-want {
			t.Errorf("%s: tidied %+v, %v; %d are left", key, removed, err, parts(t, s))
		}
	}
}
