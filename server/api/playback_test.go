package api

import (
	"net/http"
	"testing"
	"time"

	"reelroom/models"
)

// The link in a document's playback gives what a browser plays: the source, or
// what was made of it.
func TestPlayback(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	change := func(apply func(*models.Video)) (d models.Document) {
		t.Helper()
		v, err := b.library.Publisher.Advance(t.Context(), "acme", b.only(t), func(v *models.Video, _ time.Time) error {
			apply(v)
			v.Rev++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.do("GET", "/api/videos/"+v.ID, token(t, "acme", models.RoleViewer), nil).into(t, http.StatusOK, &d)
		return d
	}
	if d.Playback != nil {
		t.Errorf("of what is not known: %+v", d.Playback)
	}
	d = change(func(v *models.Video) {
		v.Metadata = &models.Metadata{Video: models.VideoStream{Codec: "h264", PixelFormat: "yuv420p"}}
	})
	if d.Playback == nil || d.Playback.Kind != models.PlaybackSource || d.Playback.URL != d.Media || d.Playback.MediaType != "video/mp4" {
		t.Fatalf("the source: %+v", d.Playback)
	}
	if a := b.do("GET", b.links.Playback("acme", d.ID), "", nil); a.StatusCode != http.StatusOK || string(a.body) != video("0123456789") {
		t.Errorf("the source: %d", a.StatusCode)
	}
	d = change(func(v *models.Video) {
		v.Rendition = &models.Rendition{Kind: models.PlaybackRemux, MediaType: "video/webm", Key: v.RenditionKey(), Bytes: 5}
		w, err := b.library.Blobs.Create(t.Context(), "acme", v.RenditionKey())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		if _, err := w.Write([]byte("12345")); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	})
	if d.Playback == nil || d.Playback.Kind != models.PlaybackRemux || d.Playback.URL != b.links.Playback("acme", d.ID) {
		t.Fatalf("what was made: %+v", d.Playback)
	}
	a := b.do("GET", d.Playback.URL, "", nil, "Range", "bytes=1-3")
	if a.StatusCode != http.StatusPartialContent || string(a.body) != "234" || a.Header.Get("Content-Type") != "video/webm" {
		t.Errorf("a range: %d, %q, %v", a.StatusCode, a.body, a.Header)
	}
}

// only is the id of the organization's one video.
func (b *bench) only(t *testing.T) string {
	t.Helper()
	var list struct{ Data []models.Document }
	b.do("GET", "/api/videos", token(t, "acme", models.RoleViewer), nil).into(t, http.StatusOK, &list)
	if len(list.Data) != 1 {
		t.Fatalf("%d videos", len(list.Data))
	}
	return list.Data[0].ID
}
