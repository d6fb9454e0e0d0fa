package library

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

func put(t *testing.T, l *Library) models.Document {
	t.Helper()
	d, _, err := l.Upload(t.Context(), editor, Upload{FileName: "a.mp4", Body: mp4("x")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// calls are all that a member can do with one video.
func calls(l *Library) map[string]struct {
	min  models.Action
	call func(context.Context, models.Identity, string) error
} {
	type row = struct {
		min  models.Action
		call func(context.Context, models.Identity, string) error
	}
	return map[string]row{
		"get": {models.ActionView, func(c context.Context, w models.Identity, id string) error { _, err := l.Get(c, w, id); return err }},
		"snapshot": {models.ActionView, func(c context.Context, w models.Identity, id string) error {
			_, _, err := l.Snapshot(c, w, id)
			return err
		}},
		"media": {models.ActionView, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Media(c, w, id)
			return err
		}},
		"thumbnail": {models.ActionView, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Thumbnail(c, w, id)
			return err
		}},
		"cancel": {models.ActionEdit, func(c context.Context, w models.Identity, id string) error { _, err := l.Cancel(c, w, id); return err }},
		"retry": {models.ActionEdit, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Retry(c, w, id, true)
			return err
		}},
		"rename": {models.ActionEdit, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Rename(c, w, id, "t")
			return err
		}},
		"delete": {models.ActionEdit, func(c context.Context, w models.Identity, id string) error { return l.Delete(c, w, id) }},
		"review": {models.ActionAdmin, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Review(c, w, id, models.DecisionFlag, "n")
			return err
		}},
		"scores": {models.ActionView, func(c context.Context, w models.Identity, id string) error { _, err := l.Scores(c, w, id); return err }},
		"trail": {models.ActionEdit, func(c context.Context, w models.Identity, id string) error {
			_, err := l.VideoTrail(c, w, id, models.AuditPage{})
			return err
		}},
		"publish": {models.ActionPublish, func(c context.Context, w models.Identity, id string) error {
			_, err := l.Publish(c, w, Publication{Event: models.EventUpdated, VideoID: id})
			return err
		}},
	}
}

func TestTenantsAndRoles(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	d := put(t, l)
	stranger := models.Identity{UserID: "x", OrganizationID: "acme", Role: "owner"}
	for name, c := range calls(l) {
		for _, who := range []models.Identity{viewer, service, editor, stranger, {}} {
			if who.May(c.min) {
				continue
			}
			for _, id := range []string{d.ID, "absent", "no id at all\x00"} {
				if err := c.call(t.Context(), who, id); models.CodeOf(err) != models.CodeForbidden {
					t.Errorf("%s as %q of %q: %v", name, who.Role, id, err)
				}
			}
		}
		own, other := c.call(t.Context(), foreign, d.ID), c.call(t.Context(), foreign, "absent")
		if own == nil || other == nil || own.Error() != other.Error() || !errors.Is(own, models.ErrNotFound) {
			t.Errorf("%s: a foreign id answers %v, an absent one %v", name, own, other)
		}
	}
	if list, err := l.List(t.Context(), foreign, models.Page{}); err != nil || len(list.Data) != 0 {
		t.Errorf("a foreign list: %+v, %v", list, err)
	}
	if v := f.videos[at("acme", d.ID)]; v.Rev != 1 || v.Status != models.StatusQueued {
		t.Errorf("the video was changed: %+v", v)
	}
}

func TestLifeOfAVideo(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	d := put(t, l)
	if _, err := l.Retry(ctx, editor, d.ID, false); !errors.Is(err, models.ErrConflict) {
		t.Error("a queued video was retried:", err)
	}
	got, err := l.Rename(ctx, editor, d.ID, "  A\x00 new\ntitle ")
	if err != nil || got.Title != "A new title" || got.Rev != 2 {
		t.Errorf("renamed: %+v, %v", got, err)
	}
	for _, bad := range []string{"", " \x00 ", strings.Repeat("ä", MaxTitleRunes+1)} {
		if _, err := l.Rename(ctx, editor, d.ID, bad); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("the title %.10q: %v", bad, err)
		}
	}
	if got, err := l.Cancel(ctx, editor, d.ID); err != nil || got.Status != models.StatusCancelled {
		t.Error(got.Status, err)
	}
	if _, err := l.Cancel(ctx, editor, d.ID); !errors.Is(err, models.ErrConflict) {
		t.Error("cancelled twice:", err)
	}
	if got, err := l.Retry(ctx, editor, d.ID, true); err != nil || got.Attempt != 2 || got.Status != models.StatusQueued {
		t.Error(got, err)
	}
	if len(f.tasks) != 2 || f.tasks[1].Attempt != 2 {
		t.Error("tasks:", f.tasks)
	}
	if err := l.Delete(ctx, editor, d.ID); err != nil {
		t.Error(err)
	}
	if _, err := l.Get(ctx, editor, d.ID); !errors.Is(err, models.ErrNotFound) {
		t.Error("deleted, and yet:", err)
	}
	var names []models.EventName
	for _, e := range f.events {
		names = append(names, e.Name)
	}
	want := []models.EventName{models.EventQueued, models.EventUpdated, models.EventCancelled, models.EventQueued, models.EventDeleted}
	if len(names) != len(want) {
		t.Fatal("events:", names)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Error("events:", names)
		}
	}
}

func TestSnapshotIsAsFreshAsTheStream(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	d := put(t, l)
	v, err := l.Publisher.Advance(ctx, "acme", d.ID, models.Claim("w", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Log.Append(ctx, "acme", models.ProgressOf(&v, time.Now(), models.Report{Fraction: 0.5, Message: "Half"}, 0, models.ToVideo)); err != nil {
		t.Fatal(err)
	}
	got, cursor, err := l.Snapshot(ctx, viewer, d.ID)
	if err != nil || got.Progress != 25 || got.StageProgress != 50 || got.Message != "Half" || cursor != "e.3" {
		t.Errorf("%+v, %q, %v", got, cursor, err)
	}
	list, err := l.List(ctx, viewer, models.Page{})
	if err != nil || list.Data[0].Progress != 25 || list.Cursor != "e.3" || list.NextCursor != nil {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	d := put(t, l)
	send := func(event models.EventName, data, id string) (Receipt, error) {
		return l.Publish(ctx, service, Publication{Event: event, VideoID: d.ID, Data: json.RawMessage(data), ID: id})
	}
	r, err := send(models.EventProgress, `{"progress":41.9,"stage":"transcode","lang":"de","organizationId":"evil","videoId":"x","status":"completed","attempt":9,"rev":99,"ts":"never","seq":7}`, "once")
	if err != nil || r.Seq != 2 || r.Cursor != "e.2" || r.Repeated {
		t.Fatal(r, err)
	}
	e := f.events[1]
	var p map[string]any
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatal(err)
	}
	if p["organizationId"] != "acme" || p["videoId"] != d.ID || p["status"] != "queued" || p["attempt"] != 1.0 || p["rev"] != 1.0 ||
		p["ts"] == "never" || p["seq"] != nil || p["lang"] != "de" || p["progress"] != 41.0 || p["stage"] != "transcode" {
		t.Errorf("the payload is %v", p)
	}
	if e.OrganizationID != "acme" || e.Audience != models.ToOrganization || e.Transition || e.Rev != 1 || e.Attempt != 1 {
		t.Errorf("the event is %+v", e)
	}
	if r, err := send(models.EventProgress, `{}`, "once"); err != nil || !r.Repeated || len(f.events) != 2 {
		t.Error("the same id again:", r, err)
	}
	if _, err := send(models.EventUpdated, ``, ""); err != nil {
		t.Error("without data:", err)
	}
	var u struct{ Video models.Document }
	if err := json.Unmarshal(f.events[2].Payload, &u); err != nil || u.Video.ID != d.ID {
		t.Error("video:updated without its video", err)
	}
	for name, c := range map[string]struct {
		event    models.EventName
		data, id string
		code     models.Code
	}{
		"another event":  {models.EventChat, `{}`, "", models.CodeInvalid},
		"queued":         {models.EventQueued, `{}`, "", models.CodeInvalid},
		"a list":         {models.EventUpdated, `[]`, "", models.CodeInvalid},
		"no JSON":        {models.EventUpdated, `{`, "", models.CodeInvalid},
		"no UTF-8":       {models.EventUpdated, "{\"a\":\"\xff\"}", "", models.CodeInvalid},
		"too large":      {models.EventUpdated, `{"a":"` + strings.Repeat("x", MaxPayloadBytes) + `"}`, "", models.CodeTooLarge},
		"over 100":       {models.EventProgress, `{"progress":101}`, "", models.CodeInvalid},
		"text progress":  {models.EventProgress, `{"progress":"41"}`, "", models.CodeInvalid},
		"null progress":  {models.EventProgress, `{"progress":null}`, "", models.CodeInvalid},
		"negative eta":   {models.EventProgress, `{"etaSeconds":-1}`, "", models.CodeInvalid},
		"wrong high eta": {models.EventProgress, `{"etaHighSeconds":"x"}`, "", models.CodeInvalid},
		"wrong retry":    {models.EventProgress, `{"retry":-1}`, "", models.CodeInvalid},
		"wrong retry at": {models.EventProgress, `{"retryAt":5}`, "", models.CodeInvalid},
		"long stage":     {models.EventProgress, `{"stage":"` + strings.Repeat("s", 65) + `"}`, "", models.CodeInvalid},
		"message object": {models.EventProgress, `{"message":{}}`, "", models.CodeInvalid},
		"bad id":         {models.EventUpdated, `{}`, "a b", models.CodeInvalid},
	} {
		if _, err := send(c.event, c.data, c.id); models.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if _, err := l.Cancel(ctx, editor, d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := send(models.EventProgress, `{"progress":50}`, ""); !errors.Is(err, models.ErrConflict) {
		t.Error("progress after the outcome:", err)
	}
	f.down["log"] = errors.New("connection refused")
	if _, err := send(models.EventUpdated, `{}`, ""); models.CodeOf(err) != models.CodeUnavailable {
		t.Error("without a log:", err)
	}
}

func TestPublishedUpdateCarriesTheLastProgress(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	d := put(t, l)
	v, err := l.Publisher.Advance(ctx, "acme", d.ID, models.Claim("w", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Log.Append(ctx, "acme", models.ProgressOf(&v, time.Now(), models.Report{Fraction: 0.5, Message: "Half"}, 0, models.ToVideo)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(ctx, service, Publication{Event: models.EventUpdated, VideoID: d.ID}); err != nil {
		t.Fatal(err)
	}
	var u models.Updated
	if err := json.Unmarshal(f.events[3].Payload, &u); err != nil || u.Video.Progress != 25 || u.Video.StageProgress != 50 || u.Video.Message != "Half" {
		t.Errorf("%+v, %v", u.Video, err)
	}
}

// What an outside worker calls almost as a field of the payload is not taken for
// that by those who read without regard to case, and says nothing unchecked.
func TestPublishedFieldsCannotPassForOthers(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	d := put(t, l)
	data := `{"videoid":"other","organizationid":"evil","PROGRESS":1000000,"Message":{},"title":[],"Seq":9,"batchid":"b","own":1}`
	if _, err := l.Publish(t.Context(), service, Publication{Event: models.EventProgress, VideoID: d.ID, Data: json.RawMessage(data)}); err != nil {
		t.Fatal(err)
	}
	var p models.Progress
	if err := json.Unmarshal(f.events[1].Payload, &p); err != nil || p.VideoID != d.ID || p.OrganizationID != "acme" || p.Progress > 10 || p.BatchID != "" || p.Title != d.Title {
		t.Errorf("%s is read as %+v, %v", f.events[1].Payload, p, err)
	}
	if !strings.Contains(string(f.events[1].Payload), `"own":1`) {
		t.Errorf("a field of its own is gone: %s", f.events[1].Payload)
	}
}

// Progress from outside does not fall within an attempt, whatever order it comes
// in, and does not take back what the own worker has shown.
func TestPublishedProgressDoesNotFall(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	d := put(t, l)
	for i, c := range []struct {
		data string
		want int
	}{{`{"progress":60}`, 60}, {`{"progress":20}`, 60}, {`{"message":"on"}`, 60}, {`{"progress":61}`, 61}} {
		if _, err := l.Publish(t.Context(), service, Publication{Event: models.EventProgress, VideoID: d.ID, Data: json.RawMessage(c.data)}); err != nil {
			t.Fatal(err)
		}
		var p models.Progress
		if err := json.Unmarshal(f.events[i+1].Payload, &p); err != nil || p.Progress != c.want {
			t.Errorf("%s is told as %d, %v", c.data, p.Progress, err)
		}
	}
	if _, err := l.Cancel(t.Context(), editor, d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Retry(t.Context(), editor, d.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(t.Context(), service, Publication{Event: models.EventProgress, VideoID: d.ID, Data: json.RawMessage(`{"progress":5}`)}); err != nil {
		t.Fatal(err)
	}
	var p models.Progress
	if err := json.Unmarshal(f.events[len(f.events)-1].Payload, &p); err != nil || p.Progress != 5 || p.Attempt != 2 {
		t.Errorf("in the next attempt: %+v, %v", p, err)
	}
}

func FuzzPublish(f *testing.F) {
	f.Add(`{"videoid":"x","ORGANIZATIONID":"y","Rev":5,"organizationid":{}}`, true)
	f.Add(`{"progress":5,"seq":1,"rev":"x"}`, true)
	f.Add(`null`, false)
	f.Fuzz(func(t *testing.T, data string, progress bool) {
		fk := newFake()
		l := fk.library()
		d, _, err := l.Upload(t.Context(), editor, Upload{Body: mp4("")})
		if err != nil {
			t.Fatal(err)
		}
		p := Publication{Event: models.EventUpdated, VideoID: d.ID, Data: json.RawMessage(data)}
		if progress {
			p.Event = models.EventProgress
		}
		if _, err := l.Publish(t.Context(), service, p); err != nil {
			return
		}
		var b models.Base
		payload := models.WithSeq(fk.events[1].Payload, 2)
		if err := json.Unmarshal(payload, &b); err != nil || b.OrganizationID != "acme" || b.VideoID != d.ID || b.Rev != 1 {
			t.Errorf("%s: %+v, %v", payload, b, err)
		}
	})
}
