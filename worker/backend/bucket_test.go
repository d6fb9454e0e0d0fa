package backend

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"reelroom/models"
)

// A bucket is claimed like a folder, and what is wrong with one names BLOB_URL.
func TestBucket(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	service := s3mem.New()
	for _, name := range []string{"one", "two"} {
		if err := service.CreateBucket(name); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(gofakes3.New(service).Server())
	defer server.Close()
	url := func(bucket string) string { return "s3://" + bucket + "?endpoint=" + server.URL }
	a := map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": url("one/videos")}
	for range 2 {
		if err := try(t, a); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, try(t, map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": url("one/videos")}), "BLOB_URL")
	for range 2 { // the refusal leaves no mark
		refused(t, try(t, map[string]string{"DATA_DIR": a["DATA_DIR"], "BLOB_URL": url("two")}), "BLOB_URL")
	}
	if err := try(t, map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": url("one/other")}); err != nil {
		t.Errorf("another prefix is free: %v", err)
	}
	err := try(t, map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": url("three")})
	if err == nil || !strings.HasPrefix(err.Error(), `BLOB_URL: there is no bucket "three"`) || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	var coded *models.Error
	if errors.As(err, &coded) {
		t.Errorf("an error for the operator has words for people: %v", coded)
	}
}
