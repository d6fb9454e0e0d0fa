package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// The WebVTT file leads to its picture, the segment to its evidence, by signed
// links alone; a moment of which no picture is kept is not there.
func TestStoryboardAndEvidence(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	const jpeg = "\xff\xd8\xff\xe0 a picture"
	if _, err := b.library.Store.Advance(t.Context(), "acme", d.ID, func(v *models.Video, _ time.Time) error {
		v.Metadata = &models.Metadata{DurationSeconds: 9}
		v.Storyboard = &models.Storyboard{Key: v.StoryboardKey(), TileWidth: 160, TileHeight: 90, Columns: 1, AtMs: []int64{0}}
		v.Sensitivity = &models.Sensitivity{Verdict: models.VerdictSafe, EvidenceMs: []int64{7}, Segments: []models.SensitivitySegment{{EndMs: 9, EvidenceMs: 7}}}
		v.Rev++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	v, err := b.library.Store.Get(t.Context(), "acme", d.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{v.StoryboardKey(), v.EvidenceKey(7)} {
		w, err := b.library.Blobs.Create(t.Context(), "acme", key)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(jpeg))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	var doc models.Document
	b.do("GET", "/api/videos/"+d.ID, token(t, "acme", models.RoleViewer), nil).into(t, http.StatusOK, &doc)
	if doc.Storyboard == nil || doc.Sensitivity.Segments[0].Evidence == nil {
		t.Fatalf("%+v", doc)
	}
	vtt := b.do("GET", *doc.Storyboard, "", nil)
	_, rest, _ := strings.Cut(string(vtt.body), "00:00:09.000\n")
	picture, _, ok := strings.Cut(rest, "#xywh=0,0,160,90\n")
	if vtt.StatusCode != http.StatusOK || vtt.Header.Get("Content-Type") != "text/vtt; charset=utf-8" || vtt.Header.Get("ETag") == "" || !ok {
		t.Fatalf("%d %v\n%s", vtt.StatusCode, vtt.Header, vtt.body)
	}
	for _, url := range []string{picture, *doc.Sensitivity.Segments[0].Evidence} {
		if a := b.do("GET", url, "", nil); a.StatusCode != http.StatusOK || string(a.body) != jpeg || a.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %d %q", url, a.StatusCode, a.body)
		}
	}
	b.do("GET", b.links.Evidence("acme", d.ID, 8), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	for _, at := range []string{"-1", "07", "x", "99999999999999999999"} {
		b.do("GET", "/api/videos/"+d.ID+"/evidence/"+at, token(t, "acme", models.RoleAdmin), nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	}
}
