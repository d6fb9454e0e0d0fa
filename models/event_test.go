package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func payload(t *testing.T, e Event) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(e.Payload, &m); err != nil {
		t.Fatalf("%s: %v in %s", e.Name, err, e.Payload)
	}
	return m
}

// The event of each state, with the fields that its clients read.
func TestEventOfEachState(t *testing.T) {
	t.Parallel()
	claimed := Claim("w", 1)
	for _, test := range []struct {
		steps  []Transition
		name   EventName
		status Status
		fields map[string]any
	}{
		{nil, EventQueued, StatusQueued, map[string]any{"title": ""}},
		{[]Transition{claimed}, EventProgress, StatusProcessing, map[string]any{"stage": "metadata", "progress": 10.0, "stageProgress": 0.0, "message": "Reading metadata", "etaSeconds": nil}},
		{append([]Transition{claimed}, finish(1, Stages[:2]...)...), EventProgress, StatusProcessing, map[string]any{"stage": "sensitivity", "progress": 70.0}},
		{append([]Transition{claimed}, finish(1, Stages...)...), EventProcessed, StatusCompleted, map[string]any{"progress": 100.0, "metadata": nil, "thumbnail": nil, "sensitivity": nil, "warnings": []any{}}},
		{[]Transition{claimed, Fail(1, Failure{CodeCorrupt, StageMetadata, "Broken."})}, EventFailed, StatusFailed, map[string]any{"error": "Broken.", "code": "corrupt", "stage": "metadata"}},
		{[]Transition{Cancel()}, EventCancelled, StatusCancelled, nil},
		{[]Transition{Delete()}, EventDeleted, StatusDeleted, nil},
	} {
		v := at(t, test.steps...)
		e := EventOf(v, links(epochStart), nil)
		if e.Name != test.name || e.OrganizationID != "acme" || e.VideoID != "v" || e.Audience != ToOrganization || !e.Transition || e.Rev != v.Rev || e.Attempt != 1 {
			t.Errorf("%s: %+v", test.status, e)
		}
		got := payload(t, e)
		want := map[string]any{"organizationId": "acme", "videoId": "v", "status": string(test.status), "attempt": 1.0, "rev": float64(v.Rev)}
		for k, x := range test.fields {
			want[k] = x
		}
		for k, x := range want {
			g, there := got[k]
			gj, _ := json.Marshal(g)
			xj, _ := json.Marshal(x)
			if !there || !bytes.Equal(gj, xj) {
				t.Errorf("%s: %s is %s, want %s", e.Name, k, gj, xj)
			}
		}
		if ts, err := time.Parse(time.RFC3339, got["ts"].(string)); err != nil || !strings.HasSuffix(got["ts"].(string), "Z") && !ts.IsZero() {
			t.Errorf("%s: ts %v, %v", e.Name, got["ts"], err)
		}
	}
}

func TestUpdatedCarriesTheDocument(t *testing.T) {
	t.Parallel()
	v := at(t, Published(1), Rename(`<b>"x"`))
	e := EventOf(v, links(epochStart), nil)
	document := payload(t, e)["video"].(map[string]any)
	if e.Name != EventUpdated || !e.Transition || document["_id"] != "v" || document["id"] != "v" || document["title"] != `<b>"x"` || document["status"] != "queued" {
		t.Errorf("%s", e.Payload)
	}
}

// Neither a new title nor a retry hides an outcome whose event may be missing.
func TestAnUntoldOutcomeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	v := at(t, Published(1), Cancel())
	for name, step := range map[string]Transition{"rename": Rename("x"), "retry": Retry(false)} {
		if err := step(v, epochStart); !errors.Is(err, ErrUnsettled) || v.Rev != 2 {
			t.Errorf("%s over an untold outcome: rev %d, %v", name, v.Rev, err)
		}
	}
}

// Percent stays inside the stage's band, never falls, and is never a transition.
func TestProgressOf(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("w", 1), FinishStage(1, StageMetadata, nothing))
	last := 0
	for _, fraction := range []float64{-1, 0, 0.001, 0.25, 0.5, 0.999, 1, 7} {
		e := ProgressOf(v, epochStart, Report{Fraction: fraction, Message: "m"}, 0, ToVideo)
		p := payload(t, e)
		overall, inside := int(p["progress"].(float64)), p["stageProgress"].(float64)
		if e.Transition || e.Audience != ToVideo || overall < 40 || overall >= 70 || overall < last || inside < 0 || inside > 100 {
			t.Errorf("%v: %s", fraction, e.Payload)
		}
		last = overall
	}
	if p := payload(t, ProgressOf(v, epochStart, Report{Message: "m"}, 55, ToVideo)); p["progress"] != 55.0 {
		t.Errorf("it fell below what was shown: %v", p["progress"])
	}
	for _, strange := range []float64{math.Inf(1), math.Inf(-1)} {
		e := ProgressOf(v, epochStart, Report{Fraction: strange, Message: "m"}, 0, ToVideo)
		if overall := payload(t, e)["progress"].(float64); overall < 40 || overall >= 70 {
			t.Errorf("%v: %s", strange, e.Payload)
		}
	}
}

func TestStageBands(t *testing.T) {
	t.Parallel()
	want := map[Stage][2]int{StageMetadata: {10, 40}, StageThumbnail: {40, 70}, StageSensitivity: {70, 100}}
	for _, s := range Stages {
		if got := [2]int{s.Start(), s.End()}; got != want[s] || s.Overall(0) != got[0] || s.Overall(1) != got[1]-1 || StageMessage(s) == "" {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// Who watches, and who loads the page meanwhile, is told that a video waits
// because of trouble, why, and until when; and that it goes on.
func TestTroubleIsShown(t *testing.T) {
	t.Parallel()
	full := Failure{Code: CodeStorageFull, Stage: StageMetadata, Message: "The disk is full."}
	claimed := Progress{}
	v := at(t, Claim("w", 1))
	v.Eta = &Eta{Seconds: 3.04, HighSeconds: 9}
	if err := json.Unmarshal(EventOf(v, links(epochStart), nil).Payload, &claimed); err != nil || *claimed.EtaSeconds != 3 || *claimed.EtaHighSeconds != 9 {
		t.Fatalf("%+v, %v", claimed, err)
	}
	if err := PutOff(v.Fence, full)(v, epochStart); err != nil {
		t.Fatal(err)
	}
	p := Progress{}
	if err := json.Unmarshal(EventOf(v, links(epochStart), &claimed).Payload, &p); err != nil {
		t.Fatal(err)
	}
	want := "Trouble that may pass: The disk is full. Trying again in 5 s."
	if p.Rev != 3 || p.Message != want || p.Retry != 1 || p.RetryAt == nil || !p.RetryAt.Equal(epochStart.Add(FirstDelay)) || p.EtaSeconds != nil || p.Attempt != 1 || p.Status != StatusProcessing {
		t.Errorf("put off: %+v", p)
	}
	d := DocumentOf(v, links(epochStart))
	d.Merge(claimed) // the log is late
	if d.Message != want || d.Retry != 1 || d.RetryAt == nil || d.EtaSeconds != nil || d.Error != nil {
		t.Errorf("the document of a video that waits: %+v", d)
	}
	if err := Claim("w", 1)(v, epochStart.Add(FirstDelay)); err != nil {
		t.Fatal(err)
	}
	d = DocumentOf(v, links(epochStart))
	d.Merge(p)
	if d.Message != StageMessage(StageMetadata) || d.RetryAt != nil || d.Retry != 1 {
		t.Errorf("the document of a video that goes on: %+v", d)
	}
	long := at(t, Claim("w", 1))
	long.Delays = MaxDelays - 1
	if err := PutOff(long.Fence, full)(long, epochStart); err != nil || !strings.HasSuffix(DocumentOf(long, links(epochStart)).Message, "in 5 min.") {
		t.Errorf("%s, %v", DocumentOf(long, links(epochStart)).Message, err)
	}
}

// An estimate that is none is not shown.
func TestEtaFits(t *testing.T) {
	t.Parallel()
	for _, e := range []Eta{{math.NaN(), 1}, {1, math.NaN()}, {-1, 1}, {2, 1}, {1, math.Inf(1)}} {
		p := payload(t, ProgressOf(at(t, Claim("w", 1)), epochStart, Report{Eta: &e}, 0, ToVideo))
		if p["etaSeconds"] != nil || p["etaHighSeconds"] != nil {
			t.Errorf("%v is shown", e)
		}
	}
	p := payload(t, ProgressOf(at(t, Claim("w", 1)), epochStart, Report{Fraction: 0.5, Over: 0.7, Eta: &Eta{0, 1}}, 0, ToVideo))
	if p["etaSeconds"] != 0.0 || p["etaHighSeconds"] != 1.0 || p["progress"] != 25.0 || p["stageProgress"] != 70.0 {
		t.Errorf("%v", p)
	}
}

// A snapshot takes over progress of its own attempt and stage, nothing else.
func TestMerge(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("w", 1))
	for name, test := range map[string]struct {
		change func(*Progress)
		want   int
	}{
		"same stage":      {func(*Progress) {}, 25},
		"lower":           {func(p *Progress) { p.Progress = 3 }, 10},
		"another attempt": {func(p *Progress) { p.Attempt = 2 }, 10},
		"before an edit":  {func(p *Progress) { p.Rev = 1 }, 25},
		"another stage":   {func(p *Progress) { p.Stage = StageThumbnail }, 10},
	} {
		p := Progress{Base: v.base(epochStart), Stage: StageMetadata, Progress: 25, StageProgress: 50, Message: "half"}
		test.change(&p)
		d := DocumentOf(v, links(epochStart))
		d.Merge(p)
		if d.Progress != test.want {
			t.Errorf("%s: %d, want %d", name, d.Progress, test.want)
		}
	}
}

// Whatever object comes in, written from its brace on, the same object with seq
// last comes out.
func FuzzWithSeq(f *testing.F) {
	for _, s := range []string{`{}`, `{ }`, `{"a":1}`, `{"a":{"b":"}"}}`, "{\n} \n", `{"seq":7}`, ``, `}`, `null`, `[]`, `{"a":"}`} {
		f.Add([]byte(s), uint64(1))
	}
	f.Add([]byte(`{"a":1}`), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, in []byte, seq uint64) {
		given := bytes.Clone(in)
		out := WithSeq(in, seq)
		if !bytes.Equal(in, given) {
			t.Fatal("the payload itself was changed")
		}
		var before map[string]json.RawMessage
		if json.Unmarshal(in, &before) != nil || before == nil || in[0] != '{' {
			return // not an object: nothing is promised but to come back
		}
		var after map[string]json.RawMessage
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		if got, _ := json.Marshal(seq); string(after["seq"]) != string(got) {
			t.Errorf("%q became %q", in, out)
		}
		before["seq"] = after["seq"]
		if len(after) != len(before) {
			t.Errorf("%q became %q", in, out)
		}
	})
}
