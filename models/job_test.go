package models

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func jobVideo() Video {
	return Video{ID: "v1", OrganizationID: "acme", Title: "Holiday", Status: StatusQueued, Attempt: 1, Rev: 1, Warnings: []Warning{}}
}

// Told by events alone, a job stands where the record's document has it.
func TestJobOfEventsIsJobOfDocument(t *testing.T) {
	t.Parallel()
	links := &SignedLinks{Base: "http://localhost", Key: make([]byte, 32)}
	v := jobVideo()
	d := DocumentOf(&v, links)
	told := JobOf(&d)
	step := func(name string, change func()) {
		t.Helper()
		change()
		v.Rev++
		e := EventOf(&v, links, nil)
		told.Take(&e)
		d := DocumentOf(&v, links)
		want := JobOf(&d)
		if v.Status == StatusFailed || v.Status == StatusCancelled {
			want.Progress = told.Progress // what was reached stays on the screen
		}
		if !reflect.DeepEqual(told, want) {
			t.Errorf("%s: told %+v, want %+v", name, told, want)
		}
	}
	step("metadata", func() { v.Status, v.Stage, v.Eta = StatusProcessing, StageMetadata, &Eta{Seconds: 4, HighSeconds: 9} })
	report := ProgressOf(&v, time.Now(), Report{Fraction: 0.5, Message: "half"}, 0, ToVideo)
	if told.Take(&report); told.StageProgress != 50 || told.Message != "half" || told.Progress <= 10 {
		t.Errorf("a report: %+v", told)
	}
	step("thumbnail", func() { v.Stage = StageThumbnail })
	step("failed", func() {
		v.Status, v.Failure, v.Eta = StatusFailed, &Failure{Code: CodeCorrupt, Message: "Broken.", Stage: StageThumbnail}, nil
	})
	step("again", func() { v.Status, v.Stage, v.Failure, v.Attempt = StatusQueued, "", nil, 2 })
	step("renamed", func() { v.Title, v.Edited = "Winter", true })
	step("cancelled", func() { v.Status, v.Edited = StatusCancelled, false })
	step("completed", func() {
		v.Status, v.Attempt, v.Stage, v.Metadata = StatusCompleted, 3, "", &Metadata{DurationSeconds: 3}
	})
	if told.Result == nil || told.Result.Metadata.DurationSeconds != 3 || !told.Status.Ended() {
		t.Errorf("%+v", told)
	}
}

// An outside worker's event may lack what ours has, or have it otherwise.
func TestJobTakesWhatItCan(t *testing.T) {
	t.Parallel()
	stage := StageThumbnail
	for payload, want := range map[string]Job{
		`{"progress":55}`:                                {JobID: "v1", Status: JobProcessing, Progress: 55, Stage: &stage, Message: "m"},
		`{"message":7,"progress":60,"stage":null}`:       {JobID: "v1", Status: JobProcessing, Progress: 60, Stage: &stage, Message: "m"},
		`{"attempt":2,"segments":"none","message":"x"}`:  {JobID: "v1", Status: JobProcessing, Progress: 50, Stage: &stage, Message: "x", Attempt: 2},
		`{"videoId":"v1","status":"completed","rev":-1}`: {JobID: "v1", Status: JobProcessing, Progress: 50, Stage: &stage, Message: "m"},
	} {
		j := Job{JobID: "v1", Status: JobProcessing, Progress: 50, Stage: &stage, Message: "m"}
		if j.Take(&Event{Name: EventProgress, Payload: json.RawMessage(payload)}); !reflect.DeepEqual(j, want) {
			t.Errorf("%s: %+v", payload, j)
		}
		before := j
		if j.Take(&Event{Name: EventUpdated, Payload: json.RawMessage(payload)}); !reflect.DeepEqual(j, before) {
			t.Errorf("an update without document: %+v", j)
		}
	}
}
