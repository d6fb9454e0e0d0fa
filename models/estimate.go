package models

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
)

// Eta is how long the work on a video will still take, in seconds from when it
// was said. Half of all such promises are kept within Seconds, nine in ten
// within HighSeconds.
type Eta struct {
	Seconds     float64 `json:"seconds"`
	HighSeconds float64 `json:"highSeconds"`
}

// Fits reports whether e can be shown: finite, not negative, in order.
func (e Eta) Fits() bool {
	return e.Seconds >= 0 && e.HighSeconds >= e.Seconds && !math.IsInf(e.HighSeconds, 0)
}

// LogValue writes both figures into a log.
func (e *Eta) LogValue() slog.Value {
	if e == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.Float64("seconds", e.Seconds), slog.Float64("highSeconds", e.HighSeconds))
}

// EtaPlaces are where promises are compared with the truth: when a worker takes
// the video (before anything is known but the file), when its metadata is
// known, and while a stage runs.
const (
	EtaAtStart = "start"
	EtaKnown   = "known"
	EtaInside  = "inside"
)

// Experience is what finished videos have taught an installation about how
// long work takes: figures by class of work, and nothing about any one video.
type Experience struct {
	// Version counts the writes.
	Version int64 `json:"version"`
	// Lessons are by class. How a class is named is the estimator's business.
	Lessons map[string]Lesson `json:"lessons"`
	// Calibration tells by place how promises compared with the truth.
	Calibration map[string]Calibration `json:"calibration"`
}

// Lesson is what is kept of the samples of one class; the older ones fade.
type Lesson struct {
	// Samples is how many count, at most the estimator's memory.
	Samples float64 `json:"n"`
	// Mean is that of ln(seconds taken / seconds by rule of thumb).
	Mean float64 `json:"mean"`
	// Variance is the mean square of what predictions were off, in the same
	// logarithm.
	Variance float64 `json:"var"`
}

// Calibration is how published promises did; the older ones fade.
type Calibration struct {
	// Samples is how many promises count.
	Samples float64 `json:"n"`
	// UnderMedian and UnderHigh are the shares of promises where the truth was
	// not above Seconds, and not above HighSeconds: 0.5 and 0.9 would be exact.
	UnderMedian float64 `json:"underMedian"`
	UnderHigh   float64 `json:"underHigh"`
	// Error is the mean of |ln(truth / Seconds)|: 0.3 is off by about 30 %.
	Error float64 `json:"error"`
	// PinballMedian and PinballHigh are the mean pinball losses in seconds: the
	// less, the better and the closer is what was promised.
	PinballMedian float64 `json:"pinballMedian"`
	PinballHigh   float64 `json:"pinballHigh"`
}

// MaxLessons bounds an installation's experience.
const MaxLessons = 4096

// Estimates keeps one [Experience] for the whole installation. It names no
// organization: there is nothing of one in it.
type Estimates interface {
	// Experience returns what is kept; the zero one when nothing was learned.
	Experience(ctx context.Context) (Experience, error)
	// Learn applies change to what is kept in one atomic write and returns what
	// was written. Change must be pure: it may be called several times, each
	// time with an experience of its own to change. [CodeInvalid] when it leaves
	// more than [MaxLessons], or figures that are not finite; then nothing is
	// written. A write whose answer was lost may be done twice.
	Learn(ctx context.Context, change func(*Experience)) (Experience, error)
}

// Changed returns a copy of e, changed, as the next version.
func (e Experience) Changed(change func(*Experience)) (Experience, error) {
	next := Experience{Lessons: make(map[string]Lesson, len(e.Lessons)+8), Calibration: make(map[string]Calibration, len(e.Calibration))}
	for class, lesson := range e.Lessons {
		next.Lessons[class] = lesson
	}
	for place, c := range e.Calibration {
		next.Calibration[place] = c
	}
	change(&next)
	next.Version = e.Version + 1
	if len(next.Lessons) > MaxLessons || len(next.Calibration) > MaxLessons {
		return e, Errorf(CodeInvalid, "More is to be remembered than %d classes.", MaxLessons)
	}
	if _, err := json.Marshal(&next); err != nil { // a figure that is no number
		return e, Errorf(CodeInvalid, "What was learned is no number.").Because(err)
	}
	return next, nil
}
