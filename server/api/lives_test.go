package api

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

// TestKeyOfADeletedVideo: once its video is gone for good, an idempotency key
// makes another one of the same id, and clients hear all of its life.
func TestKeyOfADeletedVideo(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ctx, editor, backlog := t.Context(), token(t, "acme", models.RoleEditor), b.library.Store.(models.Backlog)
	send := func(content string) answer {
		body, kind := makeForm(t, field{"file", "x.mp4", video(content)})
		return b.do("POST", "/api/videos", editor, bytes.NewReader(body), "Content-Type", kind, "Idempotency-Key", "the key")
	}
	var ids []string
	for _, content := range []string{"one", "another", "a third"} {
		place, err := b.library.Log.Head(ctx, "acme")
		if err != nil {
			t.Fatal(err)
		}
		var d models.Document
		a := send(content)
		a.into(t, http.StatusAccepted, &d)
		if a.Header.Get("Idempotent-Replayed") != "" || d.Rev != 1 || d.Size != int64(len(video(content))) {
			t.Errorf("the new video is called a repetition: %+v", d)
		}
		ids = append(ids, d.ID)

		v, err := b.library.Publisher.Advance(ctx, "acme", d.ID, models.Claim("w", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, stage := range models.Stages {
			if v, err = b.library.Publisher.Advance(ctx, "acme", d.ID, models.FinishStage(v.Fence, stage, func(*models.Video) {})); err != nil {
				t.Fatal(err)
			}
		}
		if v.Status != models.StatusCompleted {
			t.Fatalf("%+v", v)
		}
		if m := b.do("GET", d.Media, "", nil); m.StatusCode != http.StatusOK || string(m.body) != video(content) {
			t.Errorf("the file: %d, %d bytes", m.StatusCode, len(m.body))
		}
		b.do("DELETE", "/api/videos/"+d.ID, editor, nil).into(t, http.StatusNoContent, nil)
		send("too early").refused(t, http.StatusConflict, models.CodeConflict)

		// As the reconciler does, with one more publication, as of two at once.
		left, err := backlog.Unsettled(ctx, models.VideoRef{}, 10)
		if err != nil || len(left) != 1 {
			t.Fatal(left, err)
		}
		for range 2 {
			if err := b.library.Publisher.Settle(ctx, &left[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.library.Blobs.Delete(ctx, "acme", "videos/"+models.Segment(d.ID)); err != nil {
			t.Fatal(err)
		}
		if err := backlog.Purge(ctx, "acme", d.ID); err != nil {
			t.Fatal(err)
		}

		checkLife(t, b, place, int64(len(models.Stages)+3))
	}
	if len(slices.Compact(ids)) != 1 {
		t.Error("the key made several ids:", ids)
	}
	if n := b.files(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// checkLife compares what the log holds after a place with the revisions 1 to
// last of one life.
func checkLife(t *testing.T, b *bench, after rooms.Cursor, last int64) {
	t.Helper()
	events, err := b.library.Log.After(t.Context(), "acme", after, 100)
	if err != nil {
		t.Fatal(err)
	}
	var names []models.EventName
	for i, e := range events {
		if names = append(names, e.Name); e.Rev != int64(i+1) {
			t.Errorf("event %d has rev %d", i, e.Rev)
		}
	}
	if int64(len(events)) != last || names[0] != models.EventQueued || names[last-2] != models.EventProcessed || names[last-1] != models.EventDeleted {
		t.Errorf("the log holds %v", names)
	}
}
