package models

import "context"

// Task asks a worker to process a video. It carries ids only: what to do is
// read from the record when the work begins.
type Task struct {
	OrganizationID string `json:"organizationId"`
	VideoID        string `json:"videoId"`
	Attempt        int    `json:"attempt"`
	// Fence is the record's when the task was made: a video whose worker died
	// gets a task of a new name, whatever became of the old one.
	Fence int64 `json:"fence"`
	// Begun tells that a stage of the attempt has begun before: such work goes
	// on before its organization's other work begins.
	Begun bool `json:"begun,omitempty"`
	// Alone tells that the worker processes nothing beside it; the worker sets it.
	Alone bool `json:"-"`
}

// TaskOf makes the task for the record's present attempt.
func TaskOf(v *Video) Task {
	return Task{OrganizationID: v.OrganizationID, VideoID: v.ID, Attempt: v.Attempt, Fence: v.Fence, Begun: v.Status == StatusProcessing}
}

// Place is where a video stands in the queue: 1 is the next to be worked on.
type Place struct {
	VideoID  string
	Attempt  int
	Position int
}

// Queue carries tasks to workers, at least once. Enqueueing a task that is
// already there succeeds and changes nothing.
type Queue interface {
	Enqueue(ctx context.Context, org string, t Task) error
}
