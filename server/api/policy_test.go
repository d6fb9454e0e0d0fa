package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/library"
)

// finished uploads a video and completes it with stored scores, of which each
// frame has this share of explicit content.
func (b *bench) finished(org string, shares ...float32) models.Document {
	b.t.Helper()
	d := b.put(org)
	var frames []models.FrameScores
	for i, share := range shares {
		frames = append(frames, models.QuantizeScores(time.Duration(i)*time.Second, [5]float32{0, 0, 1 - share, share, 0}))
	}
	advance := func(change models.Transition) models.Video {
		b.t.Helper()
		v, err := b.library.Publisher.Advance(b.t.Context(), org, d.ID, change)
		if err != nil {
			b.t.Fatal(err)
		}
		return v
	}
	v := advance(models.Claim("w", 1))
	w, err := b.library.Blobs.Create(b.t.Context(), org, v.ScoresKey())
	if err == nil {
		_, err = w.Write(models.EncodeScores("m", frames))
	}
	if err != nil || w.Commit() != nil {
		b.t.Fatal(err)
	}
	for _, stage := range models.Stages {
		v = advance(models.FinishStage(v.Fence, stage, func(v *models.Video) {
			if stage == models.StageSensitivity {
				a := models.Assess(frames, 0, models.DefaultPolicy())
				v.Sensitivity = &models.Sensitivity{
					Verdict: a.Verdict, MachineVerdict: a.Verdict, PolicyVersion: 1, Scores: a.Scores, Segments: a.Segments, Frames: len(frames), ScoresKey: v.ScoresKey(),
				}
			}
		}))
	}
	return models.DocumentOf(&v, b.links)
}

// names are those of the events in an organization's log.
func (b *bench) names(org string) (names []models.EventName) {
	b.t.Helper()
	events, err := b.library.Log.After(b.t.Context(), org, rooms.Cursor{}, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range events {
		names = append(names, e.Name)
	}
	return names
}

func edit(version int, reviewAt, flagAt float64) string {
	return fmt.Sprintf(`{"version":%d,"reviewAt":%v,"flagAt":%v,"suggestiveAt":0.8}`, version, reviewAt, flagAt)
}

func TestPolicyIsVersioned(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin, viewer := token(t, "acme", models.RoleAdmin), token(t, "acme", models.RoleViewer)
	var p models.Policy
	first := b.do("GET", "/api/org/policy", viewer, nil)
	first.into(t, http.StatusOK, &p)
	if p != models.DefaultPolicy() {
		t.Errorf("before any choice: %+v", p)
	}
	b.do("GET", "/api/org/policy", viewer, nil, "If-None-Match", first.Header.Get("ETag")).into(t, http.StatusNotModified, nil)

	b.json("PUT", "/api/org/policy", admin, edit(1, 0.5, 0.7)).into(t, http.StatusOK, &p)
	if p.Version != 2 || p.ReviewAt != 0.5 || p.FlagAt != 0.7 || p.MinimumRun != 2 || p.UpdatedBy != "admin" || p.UpdatedAt == nil {
		t.Errorf("set: %+v", p)
	}
	b.json("PUT", "/api/org/policy", admin, edit(1, 0.4, 0.7)).refused(t, http.StatusConflict, models.CodePolicyChanged)
	for name, body := range map[string]string{
		"no version": `{"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3}`, "no threshold": `{"version":2,"reviewAt":0.1,"flagAt":0.2}`,
		"out of range": edit(2, 0.5, 1.5), "review above flag": edit(2, 0.9, 0.8), "a word": `{"version":2,"reviewAt":"0.1"}`, "no object": `[]`,
		"run": `{"version":2,"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3,"minimumRun":0}`,
	} {
		t.Log(name)
		b.json("PUT", "/api/org/policy", admin, body).refused(t, http.StatusBadRequest, models.CodeInvalid)
	}
	b.json("PUT", "/api/org/policy", admin, `{"version":2,"reviewAt":0.5,"flagAt":0.7,"suggestiveAt":0.8,"minimumRun":3}`).into(t, http.StatusOK, &p)
	if p.Version != 3 || p.MinimumRun != 3 {
		t.Errorf("set again: %+v", p)
	}
	b.do("GET", "/api/org/policy", token(t, "evil", models.RoleAdmin), nil).into(t, http.StatusOK, &p)
	if p != models.DefaultPolicy() {
		t.Errorf("another organization's is %+v", p)
	}
	var trail library.AuditListing
	b.do("GET", "/api/org/audit", admin, nil).into(t, http.StatusOK, &trail)
	if len(trail.Data) != 2 || trail.Data[1].Action != models.AuditPolicy || trail.Data[1].By != "admin" ||
		trail.Data[1].Before.Policy.ReviewAt != 0.6 || trail.Data[1].After.Policy.ReviewAt != 0.5 || trail.Data[0].After.Policy.Version != 3 {
		t.Errorf("the trail: %+v", trail.Data)
	}
}

// A preview tells what would change, and changes nothing.
func TestPolicyPreview(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin := token(t, "acme", models.RoleAdmin)
	b.finished("acme", 0.1, 0.2)
	half := b.finished("acme", 0.1, 0.7, 0.7)
	reviewed := b.finished("acme", 0.1, 0.7, 0.7)
	b.json("POST", "/api/videos/"+reviewed.ID+"/review", admin, `{"decision":"approve"}`).into(t, http.StatusOK, nil)
	b.finished("evil", 0.9, 0.9)
	b.put("acme") // not completed
	lost := b.finished("acme", 0.9, 0.9)
	v, err := b.library.Store.Get(t.Context(), "acme", lost.ID)
	if err == nil {
		err = b.library.Blobs.Delete(t.Context(), "acme", v.Sensitivity.ScoresKey)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := len(b.names("acme"))
	var p models.PolicyPreview
	b.json("POST", "/api/org/policy/preview", admin, edit(99, 0.5, 0.65)).into(t, http.StatusOK, &p)
	if p.Videos != 4 || p.More || p.Unknown != 1 || p.Reviewed != 1 || p.Changed != 1 || fmt.Sprint(p.Before, p.After) != "map[review:1 safe:1] map[flagged:1 safe:1]" {
		t.Errorf("%+v", p)
	}
	if len(p.Changes) != 1 || p.Changes[0] != (models.PreviewChange{ID: half.ID, Title: half.Title, From: models.VerdictReview, To: models.VerdictFlagged}) {
		t.Errorf("%+v", p.Changes)
	}
	b.json("POST", "/api/org/policy/preview", admin, edit(1, 0.9, 0.1)).refused(t, http.StatusBadRequest, models.CodeInvalid)
	var d models.Document
	b.do("GET", "/api/videos/"+half.ID, admin, nil).into(t, http.StatusOK, &d)
	if d.Sensitivity.Verdict != models.VerdictReview || len(b.names("acme")) != before {
		t.Errorf("the preview changed %+v", d.Sensitivity)
	}
}

// A person's decision is what every client reads as the verdict, and one event
// tells it.
func TestReview(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin := token(t, "acme", models.RoleAdmin)
	d := b.finished("acme", 0.1, 0.9, 0.9)
	path := "/api/videos/" + d.ID + "/review"
	for _, c := range []struct {
		body    string
		verdict models.Verdict
		note    string
	}{
		{`{"decision":"approve","note":" a nude of 1647 \ud83c\udfac "}`, models.VerdictSafe, "a nude of 1647 🎬"},
		{`{"decision":"flag"}`, models.VerdictFlagged, ""},
		{`{"decision":"clear","note":"by mistake"}`, models.VerdictFlagged, ""},
	} {
		count := len(b.names("acme"))
		var got models.Document
		b.json("POST", path, admin, c.body).into(t, http.StatusOK, &got)
		s := got.Sensitivity
		if s.Verdict != c.verdict || s.MachineVerdict != models.VerdictFlagged || got.Status != models.StatusCompleted {
			t.Errorf("%s: %+v", c.body, s)
		}
		if strings.Contains(c.body, "clear") != (s.Review == nil) || s.Review != nil && (s.Review.Note != c.note || s.Review.By != "admin" || s.Review.Rev != got.Rev || s.Review.PolicyVersion != 1) {
			t.Errorf("%s: %+v", c.body, s.Review)
		}
		if names := b.names("acme"); len(names) != count+1 || names[count] != models.EventUpdated {
			t.Errorf("%s: %v", c.body, names[count:])
		}
	}
	for name, body := range map[string]string{
		"no decision": `{}`, "unknown": `{"decision":"delete"}`, "long": `{"decision":"flag","note":"` + strings.Repeat("é", models.MaxNoteRunes+1) + `"}`, "number": `{"decision":1}`,
	} {
		t.Log(name)
		b.json("POST", path, admin, body).refused(t, http.StatusBadRequest, models.CodeInvalid)
	}
	b.json("POST", path, admin, `{"decision":"flag","note":"`+strings.Repeat("é", models.MaxNoteRunes)+`"}`).into(t, http.StatusOK, nil)
	unfinished := "/api/videos/" + b.put("acme").ID
	b.json("POST", unfinished+"/review", admin, `{"decision":"flag"}`).refused(t, http.StatusConflict, models.CodeConflict)
	b.json("PATCH", unfinished, admin, `{"title":"new"}`).into(t, http.StatusOK, nil) // another video's entry

	var trail library.AuditListing
	b.do("GET", "/api/videos/"+d.ID+"/audit?limit=2", token(t, "acme", models.RoleEditor), nil).into(t, http.StatusOK, &trail)
	if len(trail.Data) != 2 || trail.NextCursor == nil {
		t.Fatalf("the newest two: %+v", trail)
	}
	var older library.AuditListing
	b.do("GET", "/api/videos/"+d.ID+"/audit?limit=100&after="+*trail.NextCursor, admin, nil).into(t, http.StatusOK, &older)
	story := append(trail.Data, older.Data...)
	if len(story) != 4 || older.NextCursor != nil {
		t.Fatalf("the story: %+v", story)
	}
	for i, want := range []string{"flag", "", "flag", "approve"} { // newest first
		if e := story[i]; e.Action != models.AuditReview || string(e.After.Decision) != want || e.By != "admin" || e.VideoID != d.ID {
			t.Errorf("entry %d: %+v, want %q", i, e, want)
		}
	}
	if e := story[3]; e.Note != "a nude of 1647 🎬" || e.Before.Verdict != models.VerdictFlagged || e.After.Verdict != models.VerdictSafe {
		t.Errorf("the first: %+v", e)
	}
}

// What members do is in the trail, with the story of a video that is gone.
func TestAuditTrail(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin, editor := token(t, "acme", models.RoleAdmin), token(t, "acme", models.RoleEditor)
	d := b.put("acme")
	path := "/api/videos/" + d.ID
	var empty library.AuditListing
	b.do("GET", path+"/audit", editor, nil).into(t, http.StatusOK, &empty)
	if empty.Data == nil || len(empty.Data) != 0 || empty.NextCursor != nil {
		t.Errorf("before anything: %+v", empty)
	}
	b.json("PATCH", path, editor, `{"title":"new"}`).into(t, http.StatusOK, nil)
	b.do("POST", path+"/cancel", editor, nil).into(t, http.StatusOK, nil)
	b.do("POST", path+"/cancel", editor, nil).refused(t, http.StatusConflict, models.CodeConflict)
	b.do("POST", path+"/retry", editor, nil).into(t, http.StatusAccepted, nil)
	b.do("DELETE", path, admin, nil).into(t, http.StatusNoContent, nil)
	var got library.AuditListing
	b.do("GET", "/api/org/audit", admin, nil).into(t, http.StatusOK, &got)
	var told []string
	for _, e := range got.Data {
		before, _ := json.Marshal(e.Before)
		after, _ := json.Marshal(e.After)
		told = append(told, fmt.Sprintf("%s %s %s %s", e.By, e.Action, before, after))
	}
	want := []string{
		`admin video.deleted {"status":"queued"} {"status":"deleted"}`,
		`editor video.retried {"status":"cancelled","attempt":1} {"status":"queued","attempt":2}`,
		`editor video.cancelled {"status":"queued"} {"status":"cancelled"}`,
		`editor video.renamed {"title":"clip"} {"title":"new"}`,
	}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("the trail:\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	var story library.AuditListing
	b.do("GET", path+"/audit", editor, nil).into(t, http.StatusOK, &story)
	if len(story.Data) != 4 {
		t.Errorf("the story of a deleted video: %+v", story.Data)
	}
	b.do("GET", path+"/audit", token(t, "evil", models.RoleAdmin), nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	var other library.AuditListing
	b.do("GET", "/api/org/audit", token(t, "evil", models.RoleAdmin), nil).into(t, http.StatusOK, &other)
	if len(other.Data) != 1 || other.Data[0].Action != models.AuditAttempt { // its own attempt
		t.Errorf("another organization reads %+v", other.Data)
	}
	for query, want := range map[string]int{
		"?by=editor": 3, "?by=admin": 1, "?by=nobody": 0, "?action=video.deleted": 1, "?action=video.": 0, "?action=video.retried&by=editor": 1,
		"?action=video.retried&by=admin": 0, "?by=editor&limit=1": 1,
	} {
		for _, path := range []string{"/api/org/audit", path + "/audit"} { // of the deleted one, too
			b.do("GET", path+query, admin, nil).into(t, http.StatusOK, &got)
			if len(got.Data) != want || (got.NextCursor != nil) != (query == "?by=editor&limit=1") {
				t.Errorf("%s%s: %+v", path, query, got)
			}
		}
	}
	b.do("GET", path+"/audit?by=nobody", token(t, "evil", models.RoleAdmin), nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", "/api/org/audit?by=a%20b", admin, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.do("GET", "/api/org/audit?action="+strings.Repeat("x", 65), admin, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.do("GET", "/api/org/audit?after=x", admin, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.do("GET", "/api/org/audit?limit=0", admin, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
}

func TestScores(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	viewer := token(t, "acme", models.RoleViewer)
	d := b.finished("acme", 0.25, 0.9)
	var got models.ScoresDocument
	a := b.do("GET", "/api/videos/"+d.ID+"/scores", viewer, nil)
	a.into(t, http.StatusOK, &got)
	if got.VideoID != d.ID || got.Model != "m" || got.PolicyVersion != 1 || len(got.Frames) != 2 || got.Frames[1].AtMs != 1000 ||
		fmt.Sprint(got.Categories) != fmt.Sprint(models.ScoreCategories) || fmt.Sprint(got.Frames[0].Scores) != "[0 0 0.75 0.25 0]" {
		t.Errorf("%+v", got)
	}
	b.do("GET", "/api/videos/"+d.ID+"/scores", viewer, nil, "If-None-Match", a.Header.Get("ETag")).into(t, http.StatusNotModified, nil)
	b.do("GET", "/api/videos/"+b.put("acme").ID+"/scores", viewer, nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	if bytes.Contains(b.do("GET", "/api/videos/"+d.ID, viewer, nil).body, []byte("scoresKey")) {
		t.Error("the name of a blob is shown")
	}
}
