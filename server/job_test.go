package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// The main job: an upload passes the three stages, and a client of the same
// organization sees it happen, over the embedded services.
func TestUploadIsProcessedAndSeen(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) *installation{
		"native ffmpeg": func(t *testing.T) *installation {
			return start(t, map[string]string{"FFMPEG": testenv.Program(t, "ffmpeg")})
		},
		"embedded ffmpeg": func(t *testing.T) *installation {
			in, _ := spawn(t, dataDir(t))
			return in
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := begin(t)
			editor := in.token("acme", models.RoleEditor)
			client, events := in.listen(editor)
			_, foreign := in.listen(in.token("rival", models.RoleAdmin))

			var document models.Document
			if status := in.upload(editor, "holiday.mp4", sample(t), &document); status != http.StatusAccepted {
				t.Fatalf("upload answered %d", status)
			}
			var ack struct {
				OK     bool            `json:"ok"`
				Video  models.Document `json:"video"`
				Cursor string          `json:"cursor"`
			}
			answer, err := client.EmitWithAck(t.Context(), "video:subscribe", document.ID)
			if err != nil || json.Unmarshal(answer[0], &ack) != nil || !ack.OK || ack.Video.ID != document.ID {
				t.Fatalf("video:subscribe answered %s, %v", answer, err)
			}
			seen, end := outcome(t, events, document.ID)
			checkProgress(t, seen)
			if end.Name != string(models.EventProcessed) {
				t.Fatalf("the outcome is %s %s", end.Name, end.Payload())
			}
			if end.Cursor() == "" {
				t.Error("the outcome carries no cursor")
			}
			checkProcessed(t, in, end.Payload())
			var stored models.Document
			in.call(http.MethodGet, "/api/videos/"+document.ID, editor, nil, "", &stored)
			if stored.Status != models.StatusCompleted || stored.Progress != 100 || stored.SHA256 == "" {
				t.Errorf("the record says %+v", stored)
			}
			for more := true; more; {
				select {
				case e := <-foreign:
					if e.Name != string(models.EventStreamReady) {
						t.Errorf("another organization received %s %s", e.Name, e.Payload())
					}
				default:
					more = false
				}
			}
		})
	}
}

// checkProgress holds the events to the bands that old clients draw.
func checkProgress(t *testing.T, seen []models.Progress) {
	t.Helper()
	starts, last, between := map[int]models.Stage{}, 0, 0
	for _, p := range seen {
		if p.Progress < last {
			t.Errorf("progress fell from %d to %d", last, p.Progress)
		}
		last = p.Progress
		if p.EtaSeconds == nil || p.EtaHighSeconds == nil || *p.EtaSeconds < 0 || *p.EtaHighSeconds < *p.EtaSeconds {
			t.Errorf("no estimate at %d: %v, %v", p.Progress, p.EtaSeconds, p.EtaHighSeconds)
		}
		if p.Progress == p.Stage.Start() {
			starts[p.Progress] = p.Stage
		} else {
			between++
		}
	}
	if starts[10] != models.StageMetadata || starts[40] != models.StageThumbnail || starts[70] != models.StageSensitivity {
		t.Errorf("stages began at %v", starts)
	}
	if between == 0 {
		t.Error("no progress inside a stage")
	}
}

func checkProcessed(t *testing.T, in *installation, payload []byte) {
	t.Helper()
	var p models.Processed
	if err := json.Unmarshal(payload, &p); err != nil {
		t.Fatal(err)
	}
	if m := p.Metadata; m == nil || m.Video.Codec != "h264" || m.Video.Width != 320 || m.Video.Height != 180 ||
		m.DurationSeconds < 39.9 || m.DurationSeconds > 40.2 || len(m.Audio) != 1 || m.Video.Frames != 400 {
		t.Errorf("metadata %+v", p.Metadata)
	}
	if s := p.Sensitivity; s == nil || s.Verdict != models.VerdictSafe || s.Frames < 8 || s.Scope == "" || s.Model == "" {
		t.Errorf("sensitivity %+v", p.Sensitivity)
	}
	if p.Thumbnail == nil || p.Placeholder == nil || *p.Placeholder == "" {
		t.Fatal("no thumbnail")
	}
	r, err := http.Get(*p.Thumbnail) // a signed link needs no token
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil || !bytes.HasPrefix(raw, []byte("RIFF")) || !bytes.Equal(raw[8:12], []byte("WEBP")) {
		t.Errorf("the thumbnail is no webp: %d, %q, %v", r.StatusCode, raw[:min(len(raw), 16)], err)
	}
	checkStoryboard(t, p.Storyboard)
	if bad, err := http.Get(strings.Replace(*p.Thumbnail, "org=acme", "org=rival", 1)); err != nil || bad.StatusCode < 400 {
		t.Errorf("a link bent to another organization answered %v, %v", bad, err)
	} else {
		bad.Body.Close()
	}
}

// Deleting a video while it is worked on ends the work and leaves no file.
func TestDeleteWhileRunningLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	in, _ := spawn(t, dir)
	editor := in.token("acme", models.RoleEditor)
	_, events := in.listen(editor)
	var document models.Document
	in.upload(editor, "a.mp4", sample(t), &document)
	for e := range events {
		if e.Name == string(models.EventProgress) {
			break
		}
	}
	if status := in.call(http.MethodDelete, "/api/videos/"+document.ID, editor, nil, "", nil); status != http.StatusNoContent {
		t.Fatalf("DELETE answered %d", status)
	}
	if _, end := outcome(t, events, document.ID); end.Name != string(models.EventDeleted) {
		t.Fatalf("the outcome is %s", end.Name)
	}
	if status := in.call(http.MethodGet, "/api/videos/"+document.ID, editor, nil, "", nil); status != http.StatusNotFound {
		t.Errorf("a deleted video answers %d", status)
	}
	blobs := os.DirFS(dir + "/blobs")
	deadline := time.Now().Add(patience)
	for files(t, blobs) > 0 || files(t, os.DirFS(dir+"/work")) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("files of the deleted video are still there")
		}
		time.Sleep(50 * time.Millisecond) // the reconciler gives no signal
	}
}

// checkStoryboard does what a player does: it loads the WebVTT file and the
// picture that it names, by that URL as it stands.
func checkStoryboard(t *testing.T, url *string) {
	t.Helper()
	if url == nil {
		t.Fatal("no storyboard")
	}
	get := func(url string) ([]byte, string) {
		r, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		raw, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", url, r.StatusCode, err)
		}
		return raw, r.Header.Get("Content-Type")
	}
	vtt, kind := get(*url)
	cue := regexp.MustCompile(`\n\n00:00:00\.000 --> 00:00:0\d\.\d{3}\n(http\S+)#xywh=0,0,160,90\n`).FindSubmatch(vtt)
	if !strings.HasPrefix(kind, "text/vtt") || !bytes.HasPrefix(vtt, []byte("WEBVTT\n")) || cue == nil {
		t.Fatalf("%s:\n%s", kind, vtt)
	}
	if picture, kind := get(string(cue[1])); kind != "image/jpeg" || !bytes.HasPrefix(picture, []byte("\xff\xd8")) {
		t.Errorf("the sheet is %s, % x", kind, picture[:min(len(picture), 16)])
	}
}
