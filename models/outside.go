package models

import (
	"slices"
	"time"
)

// Outside is an outcome that somebody outside of this installation reports: a
// worker of another kind has done the work. What is nil stays as the stages
// here have left it.
type Outside struct {
	// ID tells the report from every other one of the organization. It must not
	// be empty.
	ID string
	// Failure ends the attempt as failed; nil ends it as completed.
	Failure     *Failure
	Metadata    *Metadata
	Thumbnail   *Thumbnail
	Sensitivity *Sensitivity
	Warnings    []Warning
}

// Reported is an outcome from outside that a record remembers, so that a report
// which comes again is known, whatever became of the event log.
type Reported struct {
	ID  string `json:"id"`
	Rev int64  `json:"rev"`
}

// maxReported bounds what a record remembers: one outcome from outside an
// attempt, of the last attempts.
const maxReported = 16

// ReportedAs reports whether an outcome with this id was taken before, in this
// attempt or one before it.
func (v *Video) ReportedAs(id string) bool {
	return slices.ContainsFunc(v.Reported, func(r Reported) bool { return r.ID == id })
}

// EndOutside ends unfinished work with an outcome from outside, waiting or under
// way; it fences the own worker off. [ErrConflict] when the work has ended, also
// by this very report: see [Video.ReportedAs].
func EndOutside(o Outside) Transition {
	return func(v *Video, now time.Time) error {
		if v.Status.Terminal() || v.ReportedAs(o.ID) {
			return ErrConflict
		}
		v.Fence++
		if o.Metadata != nil {
			v.Metadata = o.Metadata
		}
		if o.Thumbnail != nil {
			v.Thumbnail = o.Thumbnail
		}
		if o.Sensitivity != nil {
			v.Sensitivity = o.Sensitivity
		}
		if o.Warnings != nil {
			v.Warnings = o.Warnings
		}
		status := StatusCompleted
		if o.Failure != nil {
			status, v.Failure = StatusFailed, o.Failure
		} else {
			v.Stage = ""
		}
		v.Lapses, v.Delays = nil, 0
		end(v, status, now)
		kept := v.Reported[max(len(v.Reported)-maxReported+1, 0):]
		v.Reported = append(slices.Clone(kept), Reported{o.ID, v.Rev})
		return nil
	}
}

// reportedID is the id under which the log remembers the record's present
// revision; "" for one that was not reported from outside.
func (v *Video) reportedID() string {
	if n := len(v.Reported); n > 0 && v.Reported[n-1].Rev == v.Rev {
		return v.Reported[n-1].ID
	}
	return ""
}
