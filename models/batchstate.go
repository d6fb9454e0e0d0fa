package models

import (
	"math"
	"time"
)

// BatchTally counts the videos of a batch by where they stand.
type BatchTally struct {
	// Waiting and Running are in their first attempt, Retrying in a later one:
	// those have ended once.
	Waiting, Running, Retrying int
	// Completed, Failed and Cancelled have ended.
	Completed, Failed, Cancelled int
}

// Add counts n videos of a status and an attempt.
func (t *BatchTally) Add(s Status, attempt, n int) {
	switch {
	case s == StatusCompleted:
		t.Completed += n
	case s == StatusFailed:
		t.Failed += n
	case s == StatusCancelled:
		t.Cancelled += n
	case s == StatusDeleted:
	case attempt > 1:
		t.Retrying += n
	case s == StatusQueued:
		t.Waiting += n
	default:
		t.Running += n
	}
}

// Present is how many there are.
func (t *BatchTally) Present() int {
	return t.Waiting + t.Running + t.Retrying + t.Completed + t.Failed + t.Cancelled
}

// Open is how many have not ended once.
func (t *BatchTally) Open() int { return t.Waiting + t.Running }

// BatchState is a batch as its clients see it. The names of the fields are
// those of batch clients that exist.
type BatchState struct {
	JobID  string      `json:"job_id"`
	Status BatchStatus `json:"status"`
	// Progress is 0 to 100: videos that have ended, and the share of those that
	// are being worked on. It does not fall; it stays 0 while files are received.
	Progress float64 `json:"progress"`
	// Processed is how many have ended, in any way, out of Total. A video that is
	// retried has ended once.
	Processed int `json:"processed"`
	Total     int `json:"total"`
	// EtaSeconds is until all have ended; null while nothing can be said.
	EtaSeconds *float64 `json:"eta_seconds"`

	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
	Deleted   int `json:"deleted"`
	// Retrying is how many are in a later attempt.
	Retrying int `json:"retrying"`
	// RejectedCount is how many files were not taken, Rejected which and why: the
	// first [MaxRejections] of them, or fewer in a stream of states.
	RejectedCount int         `json:"rejected_count"`
	Rejected      []Rejection `json:"rejected"`
	// Receiving tells that files still arrive: Total still grows. Cut tells that
	// the request ended before its end, Cancelling that all of it is being ended.
	Receiving  bool       `json:"receiving"`
	Cut        bool       `json:"cut"`
	Cancelling bool       `json:"cancelling"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// Ended reports whether the outcome stands.
func (s *BatchState) Ended() bool { return s.Status != BatchProcessing }

// Receiving reports whether a request brings files.
func (b *Batch) Receiving() bool { return b.Receiver.Worker != "" }

// Ends returns the outcome of a batch of which all has ended; "" for any other.
func (b *Batch) Ends(t BatchTally) BatchStatus {
	switch {
	case b.Receiving() || t.Open() > 0:
		return ""
	case !b.CancelledAt.IsZero():
		return BatchCancelled
	case t.Completed > 0:
		return BatchComplete
	case t.Failed+t.Retrying+b.RejectedCount == 0 && b.Accepted > 0:
		return BatchCancelled // people cancelled or deleted every one
	}
	return BatchFailed
}

// State is the batch as clients see it. Running are the documents of the videos
// that are being worked on in their first attempt.
func (b *Batch) State(t BatchTally, running []Document, now time.Time) BatchState {
	accepted := t.Present()
	if !b.Receiving() {
		accepted = max(accepted, b.Accepted)
	}
	s := BatchState{
		JobID: b.ID, Status: BatchProcessing, Total: accepted + b.RejectedCount,
		Succeeded: t.Completed, Failed: t.Failed, Cancelled: t.Cancelled, Deleted: accepted - t.Present(), Retrying: t.Retrying,
		RejectedCount: b.RejectedCount, Rejected: b.Rejected, Receiving: b.Receiving(), Cut: b.Cut,
		Cancelling: !b.CancelledAt.IsZero() && b.Outcome == "",
		CreatedAt:  b.CreatedAt.UTC(), FinishedAt: optionalTime(b.FinishedAt),
	}
	if s.Rejected == nil {
		s.Rejected = []Rejection{}
	}
	s.Processed = s.Total - t.Open()
	if b.Outcome != "" {
		s.Status, s.Processed, s.Progress, s.EtaSeconds = b.Outcome, s.Total, 100, new(float64)
		return s
	}
	if b.Receiving() || s.Total == 0 {
		return s
	}
	share, tail, told := 0.0, 0.0, 0
	for i := range running {
		share += float64(running[i].Progress) / 100
		if eta := running[i].EtaSeconds; eta != nil {
			tail, told = max(tail, *eta), told+1
		}
	}
	share = min(share, float64(t.Open()))
	s.Progress = min(100*(float64(s.Processed)+share)/float64(s.Total), 99.9)
	s.Progress = math.Floor(s.Progress*10) / 10
	s.EtaSeconds = b.eta(t, share, tail, told, now)
	return s
}

// eta is what the pace of the batch so far says of what waits, and at least what
// was promised for the last of those that run.
func (b *Batch) eta(t BatchTally, share, tail float64, told int, now time.Time) *float64 {
	worked := float64(b.Accepted-t.Open()) + share
	left := float64(t.Open()) - share
	eta := tail
	if t.Waiting > 0 || told < t.Running {
		if worked <= 0 {
			return nil
		}
		eta = max(eta, now.Sub(b.CreatedAt).Seconds()*left/worked)
	}
	eta = math.Round(max(eta, 0)*10) / 10
	if math.IsNaN(eta) || math.IsInf(eta, 0) {
		return nil
	}
	return &eta
}
