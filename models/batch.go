package models

import (
	"context"
	"time"
)

// BatchStatus is where a batch stands, in the words of its clients.
type BatchStatus string

// The statuses of a batch. It is complete when all of it has ended and at least
// one video succeeded, failed when none did, and cancelled when people ended it.
const (
	BatchProcessing BatchStatus = "processing"
	BatchComplete   BatchStatus = "complete"
	BatchFailed     BatchStatus = "failed"
	BatchCancelled  BatchStatus = "cancelled"
)

// Batch is the record of files that were sent in one request. Which videos are
// of it stands on the videos ([Video.BatchID]), so that there is no moment at
// which the two could disagree.
type Batch struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	CreatedBy      string `json:"createdBy"`
	// Receiver is held by the request that brings the files; no name in it tells
	// that no more will come.
	Receiver Lease `json:"receiver"`
	// Cut tells that the request ended before its end.
	Cut bool `json:"cut"`
	// Accepted is how many videos were made, known once the request has ended.
	Accepted int `json:"accepted"`
	// Rejected are the files that were not taken, the first [MaxRejections] of
	// them, RejectedCount how many there were.
	Rejected      []Rejection `json:"rejected,omitempty"`
	RejectedCount int         `json:"rejectedCount"`
	// CancelledBy is who wants all of it to end, since CancelledAt.
	CancelledBy string    `json:"cancelledBy"`
	CancelledAt time.Time `json:"cancelledAt"`
	// Outcome is written once, when all of it has ended: "" until then.
	Outcome BatchStatus `json:"outcome"`
	// Version counts every write; stores compare and set on it.
	Version    int64     `json:"version"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
	FinishedAt time.Time `json:"finishedAt"`
}

// Rejection is a file of a batch that was not taken.
type Rejection struct {
	// Index is the file's place in the request, from 0.
	Index   int    `json:"index"`
	Name    string `json:"name"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

const (
	// MaxRejections bounds those that a batch remembers one by one.
	MaxRejections = 1000
	// BatchTime is how long a batch that has ended is remembered. Its videos
	// stay.
	BatchTime = 90 * 24 * time.Hour
)

// Errors about batches.
var (
	// ErrNoBatch answers alike for what is absent and what is another
	// organization's.
	ErrNoBatch = Errorf(CodeNotFound, "There is no such batch.")
	// ErrBatchReceiving tells that a request still brings files.
	ErrBatchReceiving = Errorf(CodeConflict, "Files of this batch are still being received by another request.")
	// ErrBatchEnded tells that nothing is left to do.
	ErrBatchEnded = Errorf(CodeConflict, "This batch has ended.")
)

// BatchChange changes a batch, as a [Transition] does a video.
type BatchChange func(b *Batch, now time.Time) error

// receiving lets a change pass only for the request that brings the files.
func receiving(receiver string, next BatchChange) BatchChange {
	return func(b *Batch, now time.Time) error {
		if b.Receiver.Worker != receiver {
			return ErrStale
		}
		return next(b, now)
	}
}

// BatchReceiving says that files still come, and which were not taken so far.
// [ErrStale] tells a request that the batch was closed without it.
func BatchReceiving(receiver string, rejected []Rejection, count int) BatchChange {
	return receiving(receiver, func(b *Batch, now time.Time) error {
		b.Receiver.Until = now.Add(LeaseTime)
		b.Rejected, b.RejectedCount = rejected, count
		return nil
	})
}

// BatchReceived closes the batch: no more files come.
func BatchReceived(receiver string, accepted int, rejected []Rejection, count int, cut bool) BatchChange {
	return receiving(receiver, func(b *Batch, _ time.Time) error {
		b.Receiver = Lease{}
		b.Accepted, b.Rejected, b.RejectedCount, b.Cut = accepted, rejected, count, cut
		return nil
	})
}

// BatchAbandoned closes a batch whose request died, with the videos that it had
// made. [ErrLeased] while the request may live.
func BatchAbandoned(accepted int) BatchChange {
	return func(b *Batch, now time.Time) error {
		if b.Receiver.Worker == "" {
			return nil
		}
		if now.Before(b.Receiver.Until) {
			return ErrLeased
		}
		b.Receiver = Lease{}
		b.Accepted, b.Cut = max(b.Accepted, accepted), true
		return nil
	}
}

// ReceiveAgain takes up a batch whose request was cut, for a request that
// repeats it. [ErrBatchReceiving] while the first may live; [ErrBatchEnded] when
// there is nothing to take up.
func ReceiveAgain(receiver string) BatchChange {
	return func(b *Batch, now time.Time) error {
		if b.Receiver.Worker != "" && now.Before(b.Receiver.Until) {
			return ErrBatchReceiving
		}
		if b.Receiver.Worker == "" && !b.Cut || !b.CancelledAt.IsZero() {
			return ErrBatchEnded
		}
		b.Receiver = Lease{receiver, now.Add(LeaseTime)}
		b.Cut, b.Rejected, b.RejectedCount = false, nil, 0
		b.Outcome, b.FinishedAt = "", time.Time{}
		return nil
	}
}

// CancelBatch notes that all of it shall end; who sees the mark carries it
// through. [ErrBatchEnded] when it has.
func CancelBatch(by string) BatchChange {
	return func(b *Batch, now time.Time) error {
		if b.Outcome != "" {
			return ErrBatchEnded
		}
		if b.CancelledAt.IsZero() {
			b.CancelledBy, b.CancelledAt = by, now
		}
		return nil
	}
}

// FinishBatch writes the outcome that was seen at the given version of the
// record; [ErrStale] when it has changed since.
func FinishBatch(version int64, outcome BatchStatus) BatchChange {
	return func(b *Batch, now time.Time) error {
		if b.Version != version || b.Receiver.Worker != "" || b.Outcome != "" {
			return ErrStale
		}
		b.Outcome, b.FinishedAt = outcome, now
		return nil
	}
}

// Batches is the store of batches. Every call names the organization; a batch
// of another one answers [ErrNoBatch].
type Batches interface {
	// CreateBatch adds a record whose request, named by its Receiver, brings files;
	// [CodeConflict] when the id is taken.
	CreateBatch(ctx context.Context, org string, b Batch) (Batch, error)
	// Batch returns one record.
	Batch(ctx context.Context, org, id string) (Batch, error)
	// AdvanceBatch applies c in one atomic write and returns the record as
	// written. An error of c is returned as it is, and nothing is written. c is
	// given the store's time, in UTC and whole milliseconds, and must be pure.
	AdvanceBatch(ctx context.Context, org, id string, c BatchChange) (Batch, error)
	// TallyBatch counts the videos of a batch that are not deleted, from an index.
	TallyBatch(ctx context.Context, org, id string) (BatchTally, error)
	// UnsettledBatches returns, oldest first, up to limit (1 to 1000) batches
	// without an outcome after the given one. It looks over all organizations, as
	// [Backlog] does.
	UnsettledBatches(ctx context.Context, after BatchRef, limit int) ([]Batch, error)
	// TrimBatches removes, in every organization, what ended before the given
	// time, and returns how many went.
	TrimBatches(ctx context.Context, before time.Time) (int, error)
}

// BatchRef names a batch over all organizations, in the order of
// [Batches.UnsettledBatches].
type BatchRef struct {
	CreatedAt      time.Time
	OrganizationID string
	BatchID        string
}

// Ref is the record's own.
func (b *Batch) Ref() BatchRef { return BatchRef{b.CreatedAt, b.OrganizationID, b.ID} }
