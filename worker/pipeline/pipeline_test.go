package pipeline

import (
	"slices"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
)

func TestIntervalIsBounded(t *testing.T) {
	t.Parallel()
	for duration, want := range map[time.Duration]time.Duration{
		0:                      time.Second,
		400 * time.Millisecond: 100 * time.Millisecond,
		4 * time.Second:        500 * time.Millisecond,
		time.Minute:            time.Second,
		12 * time.Hour:         48 * time.Second,
	} {
		if got := interval(duration); got != want {
			t.Errorf("a video of %s is sampled every %s, want %s", duration, got, want)
		}
	}
}

func TestStepsAreTheStages(t *testing.T) {
	t.Parallel()
	stages := append(slices.Clone(models.Stages), models.StageRendition)
	if len(steps) != len(stages) {
		t.Fatalf("%d steps, %d stages", len(steps), len(stages))
	}
	for i, s := range steps {
		if s.stage != stages[i] {
			t.Errorf("step %d is %s, want %s", i, s.stage, stages[i])
		}
	}
}

// The order of the stored scores is that of the network's outputs.
func TestCategoriesAreTheClassifiers(t *testing.T) {
	t.Parallel()
	for i, c := range classifier.Categories() {
		if models.ScoreCategories[i] != string(c) {
			t.Errorf("score %d is %s, stored as %s", i, c, models.ScoreCategories[i])
		}
	}
}
