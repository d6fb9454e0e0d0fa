package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// A waiting video's place stands in every document. When it changes, those who
// watch the video are told, and nobody else.
func TestPlaceInLineIsShownAndTold(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"WORKER": "off"})
	editor := in.token("acme", models.RoleEditor)
	_, others := in.listen(editor)
	watcher, events := in.listen(in.token("acme", models.RoleViewer))
	var first, second models.Document
	in.upload(editor, "a.mp4", sample(t), &first)
	in.upload(editor, "b.mp4", sample(t), &second)
	is := func(where string, d models.Document, want int) {
		t.Helper()
		if d.QueuePosition == nil || *d.QueuePosition != want {
			t.Errorf("%s: the place is %v, want %d", where, d.QueuePosition, want)
		}
	}
	is("upload", first, 1)
	is("upload", second, 2)
	answer, err := watcher.EmitWithAck(t.Context(), "video:subscribe", second.ID)
	if err != nil || len(answer) != 1 {
		t.Fatal(answer, err)
	}
	var ack struct{ Video models.Document }
	if err := json.Unmarshal(answer[0], &ack); err != nil {
		t.Fatal(err)
	}
	is("ack", ack.Video, 2)
	if status := in.call(http.MethodPost, "/api/videos/"+first.ID+"/cancel", editor, nil, "", nil); status != http.StatusOK {
		t.Fatalf("cancel answered %d", status)
	}
	timeout := time.After(patience)
	for told := 0; told != 1; {
		select {
		case e := <-events:
			var p models.Queued
			if e.Name == string(models.EventQueued) && json.Unmarshal(e.Payload(), &p) == nil && p.QueuePosition != nil {
				told = *p.QueuePosition
				if p.VideoID != second.ID || p.Rev != second.Rev {
					t.Errorf("told %s", e.Payload())
				}
			}
		case <-timeout:
			t.Fatal("nothing was told")
		}
	}
	var list struct{ Data []models.Document }
	in.call(http.MethodGet, "/api/videos", editor, nil, "", &list)
	for _, d := range list.Data {
		if d.ID == second.ID {
			is("list", d, 1)
		} else if d.QueuePosition != nil {
			t.Errorf("a cancelled video is at %d", *d.QueuePosition)
		}
	}
	for len(others) > 0 {
		var p models.Queued
		if e := <-others; json.Unmarshal(e.Payload(), &p) == nil && p.QueuePosition != nil {
			t.Errorf("who does not watch the video was told %s", e.Payload())
		}
	}
	r, err := http.Get(in.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	figures, err := io.ReadAll(r.Body)
	if err != nil || !strings.Contains(string(figures), "\nreelroom_queue_waiting 1\n") {
		t.Errorf("one video waits; %v\n%s", err, figures)
	}
}
