package models

import (
	"slices"
	"time"
)

// Transition changes a record and says why it may not. It is given the store's
// own time and must be pure: a store may call it several times before one
// compare-and-set succeeds.
type Transition func(v *Video, now time.Time) error

// visible marks a change that clients see.
func (v *Video) visible(now time.Time) {
	v.Rev++
	v.Edited = false
	v.UpdatedAt = now
}

// Claim takes a queued video, or one whose lease ran out, for worker: a name that
// no other process has, nor the next run of this one. It returns [ErrLeased]
// while another worker holds the video, [ErrConflict] when its work has ended, and
// [ErrAlone], having changed nothing, for a suspect: a video that only
// [ClaimAlone] may take.
//
// A lease of another worker that ran out is noted as a [Video.Lapses]. A worker
// that claims again what it let lapse itself lives: its machine slept, or the
// store was away.
func Claim(worker string, attempt int) Transition { return claim(worker, attempt, false) }

// ClaimAlone is [Claim] for a worker that processes nothing else until this
// video is done: it may take suspects. A video that has lapsed [MaxLapses] times
// without a finished stage, the last of them while it ran alone, ends as failed
// with [CodePoison] instead. Before its last run it rests for [AlonePause]: then
// the lease returned is of no worker.
func ClaimAlone(worker string, attempt int) Transition { return claim(worker, attempt, true) }

func claim(worker string, attempt int, alone bool) Transition {
	return func(v *Video, now time.Time) error {
		if v.Status.Terminal() || v.Attempt != attempt {
			return ErrConflict
		}
		if v.Held(now) {
			return ErrLeased
		}
		lapses := without(v.Lapses, worker)
		died := v.Lease.Worker != "" && v.Lease.Worker != resting && v.Lease.Worker != worker
		if died {
			lapses = append(without(lapses, v.Lease.Worker), v.Lease.Worker)
		}
		if len(lapses) >= SuspectAfter && !alone {
			return ErrAlone
		}
		v.Fence++
		v.Lease, v.Trouble, v.Eta = Lease{}, nil, nil
		v.Lapses = lapses
		switch {
		case len(lapses) >= MaxLapses:
			status := v.giveUp(Failure{CodePoison, v.Stage, "Processing this file crashed more than once, so it was given up."})
			end(v, status, now)
			return nil
		case died && len(lapses) == MaxLapses-1:
			v.Lease = Lease{Worker: resting, Until: now.Add(AlonePause)}
			return nil
		}
		if v.Stage == "" {
			v.Stage = Stages[0]
		}
		if v.Status == StatusQueued {
			v.StartedAt = now
		}
		v.Status = StatusProcessing
		v.Lease = Lease{Worker: worker, Until: now.Add(LeaseTime)}
		v.visible(now)
		return nil
	}
}

// without returns a copy of the names without one.
func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// Survived takes back what was noted against worker: its lease ran out, but it
// lives, so nothing crashed. It returns [ErrConflict] when nothing was noted.
func Survived(worker string) Transition {
	return func(v *Video, _ time.Time) error {
		if v.Status.Terminal() || !slices.Contains(v.Lapses, worker) {
			return ErrConflict
		}
		v.Lapses = without(v.Lapses, worker)
		return nil
	}
}

// held lets a transition pass only for the worker that holds the fence.
func held(fence int64, next Transition) Transition {
	return func(v *Video, now time.Time) error {
		if v.Fence != fence || v.Status != StatusProcessing {
			return ErrStale
		}
		return next(v, now)
	}
}

// Heartbeat renews the lease; clients do not see it.
func Heartbeat(fence int64) Transition {
	return held(fence, func(v *Video, now time.Time) error {
		v.Lease.Until = now.Add(LeaseTime)
		return nil
	})
}

// Release gives the video back unfinished, without counting a crash: what a
// worker does when it is told to stop.
func Release(fence int64) Transition {
	return held(fence, func(v *Video, _ time.Time) error {
		v.Fence++
		v.Lease, v.Eta = Lease{}, nil
		return nil
	})
}

// PutOff gives the video back because of trouble that may pass: it is not
// claimed again before a pause that grows. Clients see why, and until when.
// When that has been tried [MaxDelays] times in the stage, the video fails
// with f.
func PutOff(fence int64, f Failure) Transition {
	return held(fence, func(v *Video, now time.Time) error {
		if v.Delays >= MaxDelays {
			status := v.giveUp(f)
			end(v, status, now)
			return nil
		}
		v.Fence++
		v.Lease = Lease{Worker: resting, Until: now.Add(min(FirstDelay<<v.Delays, LongestDelay))}
		v.Delays++
		v.Trouble, v.Eta = &f, nil
		v.visible(now)
		return nil
	})
}

// FinishStage keeps the stage's result (set by apply) and begins the next
// stage, or completes the video after the last.
func FinishStage(fence int64, stage Stage, apply func(*Video)) Transition {
	return held(fence, func(v *Video, now time.Time) error {
		if v.Stage != stage {
			return ErrStale
		}
		v.Lapses, v.Delays, v.Eta = nil, 0, nil
		apply(v)
		if next := v.nextStage(); next != "" {
			v.Stage = next
			v.Lease.Until = now.Add(LeaseTime)
			v.visible(now)
			return nil
		}
		v.Stage = ""
		end(v, StatusCompleted, now)
		return nil
	})
}

// Fail ends the attempt with a failure; in the last stage, [StageRendition],
// it only loses what that would have made.
func Fail(fence int64, f Failure) Transition {
	return held(fence, func(v *Video, now time.Time) error {
		status := v.giveUp(f)
		end(v, status, now)
		return nil
	})
}

// end is the only way into a terminal status.
func end(v *Video, s Status, now time.Time) {
	v.Status = s
	v.FinishedAt = now
	v.Lease, v.Trouble, v.Eta = Lease{}, nil, nil
	v.visible(now)
}

// Cancel ends unfinished work at a user's wish; it fences the worker off.
// [ErrConflict] when the work has ended already.
func Cancel() Transition {
	return func(v *Video, now time.Time) error {
		if v.Status.Terminal() {
			return ErrConflict
		}
		v.Fence++
		end(v, StatusCancelled, now)
		return nil
	}
}

// Retry starts the next attempt of a failed or cancelled video: at the stage
// that had not finished, or at the first one when fromStart is set. It returns
// [ErrUnsettled] while the outcome before may not have been told.
func Retry(fromStart bool) Transition {
	return func(v *Video, now time.Time) error {
		if v.Status != StatusFailed && v.Status != StatusCancelled {
			return ErrConflict
		}
		if v.Unpublished() {
			return ErrUnsettled
		}
		v.Fence++
		v.Attempt++
		v.Lapses, v.Delays = nil, 0
		v.Failure = nil
		v.FinishedAt, v.StartedAt = time.Time{}, time.Time{}
		v.Status = StatusQueued
		if v.Sensitivity != nil && v.Sensitivity.Review != nil { // it was of the attempt before
			s := *v.Sensitivity
			s.Verdict, s.Review = s.Machine(), nil
			v.Sensitivity = &s
		}
		if fromStart {
			v.Stage, v.Metadata, v.Thumbnail, v.Sensitivity, v.Storyboard, v.Rendition, v.Warnings = "", nil, nil, nil, nil, nil, nil
		}
		v.visible(now)
		return nil
	}
}

// Delete hides the video at once; its blobs and its record are removed after
// the event was published.
func Delete() Transition {
	return func(v *Video, now time.Time) error {
		if v.Status == StatusDeleted {
			return ErrNotFound
		}
		v.Fence++
		end(v, StatusDeleted, now)
		return nil
	}
}

// Rename changes the title. It returns [ErrUnsettled] while the revision before
// may not have been told: an outcome is never lost behind a new title.
func Rename(title string) Transition {
	return func(v *Video, now time.Time) error {
		if v.Unpublished() {
			return ErrUnsettled
		}
		v.Title = title
		v.visible(now)
		v.Edited = true
		return nil
	}
}

// Published notes that the log holds the record's revision rev, and the audit
// trail the entries of all revisions up to it.
func Published(rev int64) Transition {
	return func(v *Video, _ time.Time) error {
		v.PublishedRev = max(v.PublishedRev, min(rev, v.Rev))
		var left []AuditEntry
		for _, e := range v.Audit {
			if e.Rev > v.PublishedRev {
				left = append(left, e)
			}
		}
		v.Audit = left
		return nil
	}
}
