package models

import "time"

// StepName says what happened in the work on a video.
type StepName string

// The steps. A stage is begun again after each delay and each interruption.
const (
	StepQueued      StepName = "queued"
	StepStage       StepName = "stage"
	StepDelayed     StepName = "delayed"     // trouble that may pass; Message says which
	StepInterrupted StepName = "interrupted" // its worker died, or gave it back
	StepCompleted   StepName = "completed"
	StepFailed      StepName = "failed"
	StepCancelled   StepName = "cancelled"
)

// Step is a moment in the work on a video: what went on until the one before
// ended then.
type Step struct {
	At   time.Time `json:"at"`
	Step StepName  `json:"step"`
	// Attempt counts from 1.
	Attempt int `json:"attempt"`
	// Stage is the one that begins, or the one that was met by what happened.
	Stage Stage `json:"stage,omitempty"`
	// Message is for people: why the stage was put off, or the attempt failed.
	Message string `json:"message,omitempty"`
	Code    Code   `json:"code,omitempty"`
}

// MaxSteps bounds the story of a video; of more, the oldest are forgotten.
const MaxSteps = 40

// Tell adds to the story what a change has done: v is the record after it,
// before the one that it was made of. Stores call it with every change, so that
// no transition can forget to.
func (v *Video) Tell(before *Video, now time.Time) {
	tell := func(name StepName, attempt int, stage Stage, f *Failure) {
		s := Step{At: now, Step: name, Attempt: attempt, Stage: stage}
		if f != nil {
			s.Message, s.Code = f.Message, f.Code
		}
		old := v.Story[max(0, len(v.Story)+1-MaxSteps):]
		v.Story = append(old[:len(old):len(old)], s) // the record before may be looked at again
	}
	worked := before.Status == StatusProcessing
	switch {
	case v.Status == StatusQueued && (before.Status != StatusQueued || before.Attempt != v.Attempt):
		tell(StepQueued, v.Attempt, "", nil)
	case v.Status == StatusProcessing && v.Trouble != nil && before.Trouble == nil:
		tell(StepDelayed, v.Attempt, v.Stage, v.Trouble)
	case v.Status == StatusProcessing && v.Lease.Worker != "" && v.Lease.Worker != resting &&
		(!worked || v.Stage != before.Stage || v.Fence != before.Fence):
		if worked && v.Stage == before.Stage && before.Trouble == nil {
			tell(StepInterrupted, v.Attempt, v.Stage, nil)
		}
		tell(StepStage, v.Attempt, v.Stage, nil)
	case before.Status.Terminal():
	case v.Status == StatusCompleted:
		tell(StepCompleted, v.Attempt, "", nil)
	case v.Status == StatusFailed:
		tell(StepFailed, v.Attempt, v.Stage, v.Failure)
	case v.Status == StatusCancelled:
		tell(StepCancelled, v.Attempt, v.Stage, nil)
	}
}
