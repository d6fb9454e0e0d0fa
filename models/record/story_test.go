package record

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// A record tells what happened to it, whichever transitions did it.
func TestStory(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000).UTC()
	v, err := First("org", models.Video{ID: "a", Story: []models.Step{{Step: models.StepFailed}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	step := func(tr models.Transition) {
		t.Helper()
		now = now.Add(time.Second)
		next, err := Step(v, tr, now)
		if err != nil {
			t.Fatal(err)
		}
		v = next
	}
	nothing := func(*models.Video) {}
	trouble := models.Failure{Code: models.CodeUnavailable, Stage: models.StageThumbnail, Message: "away"}
	step(models.Claim("w", 1))
	step(models.Heartbeat(v.Fence))
	step(models.FinishStage(v.Fence, models.StageMetadata, nothing))
	step(models.PutOff(v.Fence, trouble))
	v.PublishedRev = v.Rev
	step(models.Rename("other"))
	now = now.Add(time.Minute)
	step(models.Claim("w", 1))
	now = now.Add(time.Minute)
	step(models.Claim("x", 1)) // w has died
	step(models.Fail(v.Fence, models.Failure{Code: models.CodeCorrupt, Stage: models.StageThumbnail, Message: "broken"}))
	v.PublishedRev = v.Rev
	step(models.Retry(false))
	step(models.Claim("x", 2))
	step(models.Cancel())
	v.PublishedRev = v.Rev
	step(models.Retry(true))
	step(models.Claim("x", 3))
	for _, stage := range models.Stages {
		step(models.FinishStage(v.Fence, stage, nothing))
	}
	step(func(v *models.Video, _ time.Time) error { v.Story = nil; return nil }) // no transition takes it away
	step(models.Delete())

	var got []string
	for i, s := range v.Story {
		if s.At.IsZero() || i > 0 && s.At.Before(v.Story[i-1].At) {
			t.Errorf("step %d at %v", i, s.At)
		}
		got = append(got, strings.TrimSpace(fmt.Sprint(s.Attempt, " ", s.Step, " ", s.Stage, " ", s.Message, " ", s.Code)))
	}
	want := []string{
		"1 queued", "1 stage metadata", "1 stage thumbnail", "1 delayed thumbnail away unavailable", "1 stage thumbnail",
		"1 interrupted thumbnail", "1 stage thumbnail", "1 failed thumbnail broken corrupt",
		"2 queued", "2 stage thumbnail", "2 cancelled thumbnail",
		"3 queued", "3 stage metadata", "3 stage thumbnail", "3 stage sensitivity", "3 completed",
	}
	for i, s := range got {
		got[i] = strings.Join(strings.Fields(s), " ")
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the story is\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Of a long story the newest steps are kept, and those of the record before stay as they are.
func TestStoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000).UTC()
	v, _ := First("org", models.Video{ID: "a"}, now)
	for i := range 3 * models.MaxSteps {
		now = now.Add(time.Hour)
		before := fmt.Sprint(v.Story)
		next, err := Step(v, func(v *models.Video, now time.Time) error {
			v.Lapses = nil
			return models.Claim(fmt.Sprint(i), 1)(v, now)
		}, now)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(v.Story) != before {
			t.Fatal("the record before has changed")
		}
		v = next
	}
	if n := len(v.Story); n != models.MaxSteps || !v.Story[n-1].At.Equal(now) {
		t.Errorf("%d steps, the last at %v", n, v.Story[n-1].At)
	}
}
