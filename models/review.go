package models

import (
	"maps"
	"slices"
	"time"
)

// Decision is what a person made of a video.
type Decision string

// The decisions. Clear takes the one before back.
const (
	DecisionApprove Decision = "approve"
	DecisionFlag    Decision = "flag"
	DecisionClear   Decision = "clear"
)

// MaxNoteRunes bounds the note of a review.
const MaxNoteRunes = 2000

// Review is a person's decision, which outranks the machine's. Every member of
// the organization sees it.
type Review struct {
	Decision Decision  `json:"decision"`
	Note     string    `json:"note"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	// MachineVerdict and PolicyVersion are what the machine said at that time.
	MachineVerdict Verdict `json:"machineVerdict"`
	PolicyVersion  int     `json:"policyVersion"`
	// Rev is the video's revision that the review made.
	Rev int64 `json:"rev"`
}

// decided is the verdict that holds: the person's where there is one.
func decided(machine Verdict, r *Review) Verdict {
	switch {
	case r == nil:
		return machine
	case r.Decision == DecisionApprove:
		return VerdictSafe
	case r.Decision == DecisionFlag:
		return VerdictFlagged
	}
	return machine
}

// Machine is the machine's own verdict. Records from before there were reviews
// hold no other.
func (s *Sensitivity) Machine() Verdict {
	if s.MachineVerdict == "" {
		return s.Verdict
	}
	return s.MachineVerdict
}

// Under returns the verdict that would hold if the machine said so.
func (s *Sensitivity) Under(machine Verdict) Verdict { return decided(machine, s.Review) }

// ReviewVideo puts a person's decision over the machine's, or takes it back. It
// returns [ErrConflict] for a video that is not completed, and [ErrUnsettled]
// while the revision before may not have been told. To take back what is not
// there changes nothing.
func ReviewVideo(d Decision, note, by string) Transition {
	return func(v *Video, now time.Time) error {
		if v.Status != StatusCompleted || v.Sensitivity == nil {
			return ErrConflict
		}
		if v.Unpublished() {
			return ErrUnsettled
		}
		if d == DecisionClear && v.Sensitivity.Review == nil {
			return nil
		}
		v.visible(now)
		v.Edited = true
		s := *v.Sensitivity // the record before may be looked at again
		s.MachineVerdict = s.Machine()
		s.Review = nil
		if d != DecisionClear {
			s.Review = &Review{d, note, by, now, s.MachineVerdict, s.PolicyVersion, v.Rev}
		}
		s.Verdict = decided(s.MachineVerdict, s.Review)
		v.Sensitivity = &s
		return nil
	}
}

// Reassess takes over what policy p makes of the scores stored under key. A
// person's review stays, and the machine's verdict changes beneath it. What
// comes out the same is only noted, and no revision made of it. It returns
// [ErrConflict] for a video that holds other scores or was assessed under p or a
// later policy, and [ErrUnsettled] as [ReviewVideo] does.
func Reassess(key string, p Policy, a Assessment) Transition {
	return func(v *Video, now time.Time) error {
		if v.Status != StatusCompleted || v.Sensitivity == nil || v.Sensitivity.ScoresKey != key || v.Sensitivity.PolicyVersion >= p.Version {
			return ErrConflict
		}
		s := *v.Sensitivity
		s.PolicyVersion = p.Version
		if s.Machine() != a.Verdict || !maps.Equal(s.Scores, a.Scores) || !slices.Equal(s.Segments, a.Segments) {
			if v.Unpublished() {
				return ErrUnsettled
			}
			s.MachineVerdict, s.Scores, s.Segments = a.Verdict, a.Scores, a.Segments
			s.Verdict = decided(a.Verdict, s.Review)
			v.visible(now)
			v.Edited = true
		}
		v.Sensitivity = &s
		return nil
	}
}

// ScoresLost notes that the scores stored under key are damaged: the video keeps
// what it was told to be, and is not assessed again.
func ScoresLost(key string) Transition {
	return func(v *Video, _ time.Time) error {
		if v.Sensitivity == nil || v.Sensitivity.ScoresKey != key {
			return ErrConflict
		}
		s := *v.Sensitivity
		s.ScoresKey = ""
		v.Sensitivity = &s
		return nil
	}
}
