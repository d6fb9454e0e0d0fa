package library

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

// webpPicture is the smallest lossless WebP: one pixel.
var webpPicture = func() []byte {
	raw, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		panic(err)
	}
	return raw
}()

func pictureURL() string {
	return pictureScheme + base64.StdEncoding.EncodeToString(webpPicture)
}

// outsider publishes for one video as an outside worker.
type outsider struct {
	t *testing.T
	*fake
	l  *Library
	id string
}

func newOutsider(t *testing.T) *outsider {
	f := newFake()
	o := &outsider{t, f, f.library(), ""}
	o.id = put(t, o.l).ID
	return o
}

func (o *outsider) send(event models.EventName, data, id string) (Receipt, error) {
	return o.l.Publish(o.t.Context(), service, Publication{Event: event, VideoID: o.id, Data: json.RawMessage(data), ID: id})
}

func (o *outsider) taken(event models.EventName, data, id string) Receipt {
	o.t.Helper()
	r, err := o.send(event, data, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *outsider) video() models.Video {
	o.t.Helper()
	v, err := o.l.Store.Get(o.t.Context(), "acme", o.id)
	if err != nil {
		o.t.Fatal(err)
	}
	return v
}

func (o *outsider) last(into any) models.Event {
	o.t.Helper()
	e := o.events[len(o.events)-1]
	if err := json.Unmarshal(e.Payload, into); err != nil {
		o.t.Fatal(err)
	}
	return e
}

func TestProcessedFromOutside(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	forgotten := &forgetful{}
	o.l.Positions = forgotten
	r := o.taken(models.EventProcessed, `{
		"videoId":"x","organizationId":"evil","rev":99,"status":"queued","attempt":7,"progress":3,
		"metadata":{"container":{"format":"mp4"},"durationSeconds":12.5,"video":{"codec":"h264","width":640,"height":360,"rotation":90}},
		"thumbnail":"`+pictureURL()+`","placeholder":"AAAAAAAA",
		"sensitivity":{"verdict":"review","scores":{"nudity":0.7},"policyVersion":9,"machineVerdict":"safe","scoresKey":"../../x","evidenceMs":[1],
			"review":{"decision":"approve"},"segments":[{"startMs":1,"endMs":2,"category":"nudity","score":0.7,"evidence":"https://evil.example/"}]},
		"warnings":[{"code":"odd","message":"A\u0007 thing"}]}`, "job-1")
	if r.Seq != 2 || r.Cursor != "e.2" || r.Repeated {
		t.Errorf("the receipt is %+v", r)
	}
	var p models.Processed
	e := o.last(&p)
	if e.Name != models.EventProcessed || !e.Transition || e.Audience != models.ToOrganization || p.Status != models.StatusCompleted || p.VideoID != o.id ||
		p.OrganizationID != "acme" || p.Rev != 2 || p.Attempt != 1 || p.Progress != 100 || p.Metadata.DurationSeconds != 12.5 || p.Metadata.Audio == nil ||
		p.Thumbnail == nil || !strings.Contains(*p.Thumbnail, "/thumbnail?") || *p.Placeholder != "AAAAAAAA" ||
		len(p.Warnings) != 1 || p.Warnings[0].Message != "A thing" {
		t.Errorf("the event is %+v: %s", e, e.Payload)
	}
	if s := p.Sensitivity; s.Verdict != models.VerdictReview || s.MachineVerdict != models.VerdictReview || s.Review != nil || s.PolicyVersion != 0 ||
		s.ScoresKey != "" || s.EvidenceMs != nil || len(s.Segments) != 1 || s.Segments[0].Evidence != nil {
		t.Errorf("the sensitivity is %+v", s)
	}
	v := o.video()
	if v.Status != models.StatusCompleted || v.Unpublished() || v.Lease.Worker != "" || v.FinishedAt.IsZero() ||
		v.Thumbnail.Width != 1 || v.Thumbnail.Height != 1 || !strings.HasPrefix(v.Thumbnail.Key, v.Folder()+"/") {
		t.Errorf("the record is %+v", v)
	}
	if !bytes.Equal(o.blobs[at("acme", v.Thumbnail.Key)], webpPicture) {
		t.Error("the picture was not kept")
	}
	if forgotten.video != o.id {
		t.Error("the video still waits in line")
	}
	// The same report again, also when the log has lost all: the same receipt, and nothing else.
	if again := o.taken(models.EventProcessed, `{"warnings":[]}`, "job-1"); !again.Repeated || again.Cursor != r.Cursor {
		t.Errorf("again: %+v", again)
	}
	o.events = o.events[:1]
	if again := o.taken(models.EventFailed, `{}`, "job-1"); !again.Repeated || again.Cursor != "e.1" {
		t.Errorf("again, without a log: %+v", again)
	}
	if len(o.events) != 1 || o.video().Rev != 2 {
		t.Error("a repetition did something")
	}
	for _, event := range []models.EventName{models.EventProcessed, models.EventFailed, models.EventProgress} {
		if _, err := o.send(event, `{}`, "job-2"); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%s after the outcome: %v", event, err)
		}
	}
}

func TestWhatIsNotGivenStays(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	ctx := t.Context()
	v, err := o.l.Publisher.Advance(ctx, "acme", o.id, models.Claim("w", 1))
	if err != nil {
		t.Fatal(err)
	}
	v, err = o.l.Publisher.Advance(ctx, "acme", o.id, models.FinishStage(v.Fence, models.StageMetadata, func(v *models.Video) {
		v.Metadata = &models.Metadata{DurationSeconds: 7}
		v.Warnings = []models.Warning{{Code: "truncated", Message: "It ends early."}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	o.taken(models.EventProcessed, `{"metadata":null,"thumbnail":null,"sensitivity":null,"warnings":null}`, "")
	var p models.Processed
	o.last(&p)
	if p.Metadata == nil || p.Metadata.DurationSeconds != 7 || len(p.Warnings) != 1 || p.Thumbnail != nil || p.Sensitivity != nil {
		t.Errorf("%+v", p)
	}
	// The worker that held the video is fenced off, whatever it does next.
	for name, late := range map[string]models.Transition{
		"heartbeat": models.Heartbeat(v.Fence), "stage": models.FinishStage(v.Fence, models.StageThumbnail, func(*models.Video) {}),
		"failure": models.Fail(v.Fence, models.Failure{Code: models.CodeStalled}), "pause": models.PutOff(v.Fence, models.Failure{}), "release": models.Release(v.Fence),
	} {
		if _, err := o.l.Publisher.Advance(ctx, "acme", o.id, late); !errors.Is(err, models.ErrStale) {
			t.Errorf("a late %s: %v", name, err)
		}
	}
	if o.video().Status != models.StatusCompleted {
		t.Error("the outcome was changed")
	}
}

func TestFailedFromOutside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		want models.Failure
	}{
		"all":           {`{"error":"No  sound\u0000.","code":"corrupt","stage":"thumbnail"}`, models.Failure{Code: models.CodeCorrupt, Stage: "thumbnail", Message: "No  sound."}},
		"own":           {`{"error":"Out of credits","code":"billing","stage":"transcode"}`, models.Failure{Code: models.CodeExternal, Stage: "transcode", Message: "Out of credits"}},
		"nothing":       {``, models.Failure{Code: models.CodeExternal, Message: "Processing failed."}},
		"nulls":         {`{"error":null,"code":null,"stage":null}`, models.Failure{Code: models.CodeExternal, Message: "Processing failed."}},
		"a call's code": {`{"code":"token_expired"}`, models.Failure{Code: models.CodeExternal, Message: "Processing failed."}},
	} {
		o := newOutsider(t)
		o.taken(models.EventFailed, c.data, "a")
		var p models.Failed
		if e := o.last(&p); e.Name != models.EventFailed || p.Status != models.StatusFailed || p.Error != c.want.Message || p.Code != c.want.Code || p.Stage != c.want.Stage {
			t.Errorf("%s: %s", name, e.Payload)
		}
		// A user's retry starts the next attempt; the report that comes again late does not end it.
		if _, err := o.l.Retry(t.Context(), editor, o.id, false); err != nil {
			t.Fatal(err)
		}
		if r := o.taken(models.EventFailed, c.data, "a"); !r.Repeated || r.Cursor != "e.2" || o.video().Status != models.StatusQueued {
			t.Errorf("%s: a late repetition: %+v", name, r)
		}
		o.taken(models.EventProcessed, ``, "b")
		if v := o.video(); v.Status != models.StatusCompleted || v.Failure != nil || v.Attempt != 2 {
			t.Errorf("%s: the second attempt is %+v", name, v)
		}
	}
}

// An id that was used for something else is taken for a repetition of that.
func TestOneIDForTwoEvents(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	first := o.taken(models.EventProgress, `{"progress":5}`, "x")
	o.taken(models.EventProgress, `{"progress":6}`, "y")
	if r := o.taken(models.EventProcessed, `{}`, "x"); !r.Repeated || r.Cursor != first.Cursor || o.video().Status != models.StatusQueued {
		t.Errorf("an outcome under the id of progress: %+v", r)
	}
	o.taken(models.EventFailed, `{}`, "z")
	// What was accepted before the outcome is known after it, too.
	if r := o.taken(models.EventProgress, `{"progress":5}`, "x"); !r.Repeated || r.Cursor != first.Cursor {
		t.Errorf("progress again after the outcome: %+v", r)
	}
	if r := o.taken(models.EventProgress, `{"progress":5}`, "z"); !r.Repeated {
		t.Errorf("progress under the id of the outcome: %+v", r)
	}
}

func TestOutcomesFromOutsideRace(t *testing.T) {
	t.Parallel()
	for range 20 {
		o := newOutsider(t)
		var mu sync.Mutex
		fresh, conflicts := 0, 0
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				event, id := models.EventProcessed, "same"
				if i%2 == 0 {
					event, id = models.EventFailed, ""
				}
				data := `{}`
				if event == models.EventProcessed {
					data = `{"thumbnail":"` + pictureURL() + `"}`
				}
				r, err := o.send(event, data, id)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && !r.Repeated:
					fresh++
				case errors.Is(err, models.ErrConflict):
					conflicts++
				case err != nil:
					t.Error(err)
				}
			})
		}
		all.Wait()
		v := o.video()
		if fresh != 1 || len(o.events) != 2 || v.Rev != 2 {
			t.Fatalf("%d outcomes, %d conflicts, %d events, rev %d", fresh, conflicts, len(o.events), v.Rev)
		}
		for name := range o.blobs {
			if strings.Contains(name, "thumbnail") && (v.Thumbnail == nil || name != at("acme", v.Thumbnail.Key)) {
				t.Error("a picture that nothing names was left behind")
			}
		}
	}
}

func TestOutcomesThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	long := strings.Repeat("é", maxSaidRunes+1)
	for name, c := range map[string]struct {
		event models.EventName
		data  string
	}{
		"unknown field":       {models.EventProcessed, `{"sensitvity":{"verdict":"safe"}}`},
		"a list":              {models.EventProcessed, `[]`},
		"metadata text":       {models.EventProcessed, `{"metadata":"x"}`},
		"metadata field":      {models.EventProcessed, `{"metadata":{"length":5}}`},
		"negative duration":   {models.EventProcessed, `{"metadata":{"durationSeconds":-1}}`},
		"huge number":         {models.EventProcessed, `{"metadata":{"sizeBytes":9223372036854775807}}`},
		"no number":           {models.EventProcessed, `{"metadata":{"durationSeconds":1e999}}`},
		"odd rotation":        {models.EventProcessed, `{"metadata":{"video":{"rotation":45}}}`},
		"long codec":          {models.EventProcessed, `{"metadata":{"video":{"codec":"` + long + `"}}}`},
		"many chapters":       {models.EventProcessed, `{"metadata":{"chapters":[` + strings.Repeat(`{},`, maxSaidEntries) + `{}]}}`},
		"no verdict":          {models.EventProcessed, `{"sensitivity":{}}`},
		"unknown verdict":     {models.EventProcessed, `{"sensitivity":{"verdict":"fine"}}`},
		"score over 1":        {models.EventProcessed, `{"sensitivity":{"verdict":"safe","scores":{"a":1.1}}}`},
		"segment backwards":   {models.EventProcessed, `{"sensitivity":{"verdict":"safe","segments":[{"startMs":2,"endMs":1,"category":"a"}]}}`},
		"segment without one": {models.EventProcessed, `{"sensitivity":{"verdict":"safe","segments":[{"startMs":1,"endMs":1}]}}`},
		"warning without":     {models.EventProcessed, `{"warnings":[{"code":"x"}]}`},
		"many warnings":       {models.EventProcessed, `{"warnings":[` + strings.Repeat(`{"code":"a","message":"b"},`, maxSaidWarnings) + `{"code":"a","message":"b"}]}`},
		"thumbnail link":      {models.EventProcessed, `{"thumbnail":"https://evil.example/x.webp"}`},
		"thumbnail number":    {models.EventProcessed, `{"thumbnail":5}`},
		"thumbnail text":      {models.EventProcessed, `{"thumbnail":"` + pictureScheme + `PGh0bWw+"}`},
		"thumbnail base 64":   {models.EventProcessed, `{"thumbnail":"` + pictureScheme + `###"}`},
		"thumbnail png":       {models.EventProcessed, `{"thumbnail":"data:image/png;base64,iVBORw0KGgo="}`},
		"placeholder":         {models.EventProcessed, `{"thumbnail":"` + pictureURL() + `","placeholder":"<x>"}`},
		"error object":        {models.EventFailed, `{"error":{}}`},
		"long error":          {models.EventFailed, `{"error":"` + long + `"}`},
		"long stage":          {models.EventFailed, `{"stage":"` + strings.Repeat("s", maxStageBytes+1) + `"}`},
		"code number":         {models.EventFailed, `{"code":5}`},
		"metadata of failure": {models.EventFailed, `{"metadata":{}}`},
		"many segments":       {models.EventProgress, `{"segments":[` + strings.Repeat(`{"category":"a"},`, maxSaidSegments) + `{"category":"a"}]}`},
		"segments text":       {models.EventProgress, `{"segments":"x"}`},
		"segment field":       {models.EventProgress, `{"segments":[{"category":"a","html":"x"}]}`},
	} {
		if _, err := o.send(c.event, c.data, ""); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(o.events) != 1 || o.video().Rev != 1 || len(o.blobs) != 1 {
		t.Error("a refusal left something behind")
	}
	o.taken(models.EventProgress, `{"segments":[{"startMs":1,"endMs":2,"category":"a","score":0.5,"evidence":"https://evil.example/"}]}`, "")
	if e := o.last(&struct{}{}); strings.Contains(string(e.Payload), "evil") || !strings.Contains(string(e.Payload), `"evidence":null`) {
		t.Errorf("%s", e.Payload)
	}
	o.taken(models.EventProgress, `{"segments":null}`, "")
	if e := o.last(&struct{}{}); !strings.Contains(string(e.Payload), `"segments":[]`) {
		t.Errorf("%s", e.Payload)
	}
}

// The outcome stands when the log is away, and is told when it is back.
func TestOutcomeWithoutALog(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	o.down["log"] = errors.New("connection refused")
	if r := o.taken(models.EventFailed, `{"error":"no"}`, "a"); r != (Receipt{}) {
		t.Errorf("%+v", r)
	}
	v := o.video()
	if v.Status != models.StatusFailed || !v.Unpublished() {
		t.Fatalf("%+v", v)
	}
	delete(o.down, "log")
	if err := o.l.Publisher.Settle(t.Context(), &v); err != nil {
		t.Fatal(err)
	}
	if r := o.taken(models.EventFailed, `{"error":"no"}`, "a"); !r.Repeated || r.Cursor != "e.2" {
		t.Errorf("%+v", r)
	}
}

func TestOutcomeLeavesATrail(t *testing.T) {
	t.Parallel()
	o := newOutsider(t)
	trail := &keptTrail{}
	o.l.Publisher = &rooms.Publisher{Videos: o.fake, Audit: trail, Log: o.l.Log, Links: o.l.Links, Logger: o.l.Logger}
	o.taken(models.EventFailed, ``, "")
	if len(trail.all) != 1 || trail.all[0].By != "bot" || trail.all[0].Action != models.AuditEnd || trail.all[0].After.Status != models.StatusFailed {
		t.Errorf("%+v", trail.all)
	}
}

type keptTrail struct {
	models.Audit
	all []models.AuditEntry
}

func (k *keptTrail) AppendAudit(_ context.Context, _ string, e models.AuditEntry) error {
	k.all = append(k.all, e)
	return nil
}

// forgetful notes which video was taken out of line.
type forgetful struct {
	video string
}

func (f *forgetful) Positions(context.Context, string, ...models.Video) (map[string]int, error) {
	return nil, nil
}

func (f *forgetful) News(context.Context, string, int) ([]models.Place, error) { return nil, nil }

func (f *forgetful) Forget(_ context.Context, _ string, v *models.Video) error {
	f.video = v.ID
	return nil
}

// Whatever is said of an outcome: refused, or one outcome whose record and event
// read back, with no link that is not the server's own.
func FuzzOutcome(f *testing.F) {
	f.Add(`{"metadata":{"durationSeconds":1,"audio":[{"codec":"aac"}]},"sensitivity":{"verdict":"safe","scores":{"a":1},"segments":[{"category":"a","evidence":"x"}]}}`, true)
	f.Add(`{"thumbnail":"`+pictureURL()+`","placeholder":"AAAAAAAA","warnings":[{"code":"a","message":"b"}]}`, true)
	f.Add(`{"error":"x","code":"corrupt","stage":"thumbnail"}`, false)
	f.Add(`null`, false)
	f.Fuzz(func(t *testing.T, data string, success bool) {
		o := newOutsider(t)
		event, want := models.EventFailed, models.StatusFailed
		if success {
			event, want = models.EventProcessed, models.StatusCompleted
		}
		if _, err := o.send(event, data, "id"); err != nil {
			code := models.CodeOf(err)
			if code != models.CodeInvalid && code != models.CodeTooLarge || o.video().Rev != 1 || len(o.blobs) != 1 {
				t.Fatalf("%v; rev %d, %d files", err, o.video().Rev, len(o.blobs))
			}
			return
		}
		v := o.video()
		if v.Status != want || v.Rev != 2 || len(o.events) != 2 || v.OrganizationID != "acme" {
			t.Fatalf("%+v", v)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back models.Video
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		var p models.Processed
		if err := json.Unmarshal(models.WithSeq(o.events[1].Payload, 2), &p); err != nil || p.VideoID != o.id || p.Status != want {
			t.Fatalf("%s: %v", o.events[1].Payload, err)
		}
		if s := v.Sensitivity; s != nil && (s.Review != nil || s.ScoresKey != "" || s.EvidenceMs != nil) {
			t.Fatalf("%+v", s)
		}
		if p.Thumbnail != nil && !strings.HasPrefix(*p.Thumbnail, "http://localhost:5000/") {
			t.Fatal(*p.Thumbnail)
		}
	})
}
