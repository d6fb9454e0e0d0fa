package models

import (
	"errors"
	"testing"
	"time"
)

var batchStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// open is a batch of which 10 videos were accepted.
func openBatch() Batch {
	return Batch{ID: "b", OrganizationID: "acme", Version: 3, Accepted: 10, CreatedAt: batchStart}
}

func TestBatchChanges(t *testing.T) {
	t.Parallel()
	now := batchStart.Add(time.Minute)
	received := Batch{Receiver: Lease{"r", now.Add(time.Second)}, CreatedAt: batchStart}
	cut := Batch{Cut: true, Outcome: BatchComplete, FinishedAt: now, Rejected: []Rejection{{}}, RejectedCount: 1}
	lapsed := received
	lapsed.Receiver.Until = now
	cancelled := cut
	cancelled.CancelledAt = now
	for name, c := range map[string]struct {
		b      Batch
		change BatchChange
		want   error
		ok     func(*Batch) bool
	}{
		"renewed": {received, BatchReceiving("r", []Rejection{{Index: 1}}, 2), nil, func(b *Batch) bool {
			return b.Receiver.Until.Equal(now.Add(LeaseTime)) && b.RejectedCount == 2 && len(b.Rejected) == 1
		}},
		"renewed by another":    {received, BatchReceiving("q", nil, 0), ErrStale, nil},
		"closed":                {received, BatchReceived("r", 7, nil, 2, true), nil, func(b *Batch) bool { return !b.Receiving() && b.Accepted == 7 && b.RejectedCount == 2 && b.Cut }},
		"closed by another":     {received, BatchReceived("q", 7, nil, 0, false), ErrStale, nil},
		"closed twice":          {openBatch(), BatchReceived("r", 7, nil, 0, false), ErrStale, nil},
		"abandoned":             {lapsed, BatchAbandoned(4), nil, func(b *Batch) bool { return !b.Receiving() && b.Accepted == 4 && b.Cut }},
		"abandoned, but lives":  {received, BatchAbandoned(4), ErrLeased, nil},
		"abandoned, but closed": {openBatch(), BatchAbandoned(4), nil, func(b *Batch) bool { return b.Accepted == 10 && !b.Cut }},
		"again": {cut, ReceiveAgain("q"), nil, func(b *Batch) bool {
			return b.Receiver.Worker == "q" && !b.Cut && b.Outcome == "" && b.FinishedAt.IsZero() && b.RejectedCount == 0 && b.Rejected == nil
		}},
		"again after a death":  {lapsed, ReceiveAgain("q"), nil, func(b *Batch) bool { return b.Receiver.Worker == "q" }},
		"again while it lives": {received, ReceiveAgain("q"), ErrBatchReceiving, nil},
		"again, came through":  {openBatch(), ReceiveAgain("q"), ErrBatchEnded, nil},
		"again, cancelled":     {cancelled, ReceiveAgain("q"), ErrBatchEnded, nil},
		"cancelled":            {openBatch(), CancelBatch("amy"), nil, func(b *Batch) bool { return b.CancelledBy == "amy" && b.CancelledAt.Equal(now) && b.Outcome == "" }},
		"cancelled again":      {Batch{CancelledBy: "amy", CancelledAt: batchStart}, CancelBatch("bob"), nil, func(b *Batch) bool { return b.CancelledBy == "amy" && b.CancelledAt.Equal(batchStart) }},
		"cancelled too late":   {cut, CancelBatch("amy"), ErrBatchEnded, nil},
		"finished":             {openBatch(), FinishBatch(3, BatchFailed), nil, func(b *Batch) bool { return b.Outcome == BatchFailed && b.FinishedAt.Equal(now) }},
		"finished as it was":   {openBatch(), FinishBatch(2, BatchFailed), ErrStale, nil},
		"finished twice":       {cut, FinishBatch(0, BatchFailed), ErrStale, nil},
		"finished too early":   {received, FinishBatch(0, BatchFailed), ErrStale, nil},
	} {
		b := c.b
		if err := c.change(&b, now); !errors.Is(err, c.want) || c.want == nil && (err != nil || !c.ok(&b)) {
			t.Errorf("%s: %v, %+v", name, err, b)
		}
	}
}

func TestBatchState(t *testing.T) {
	t.Parallel()
	now := batchStart.Add(100 * time.Second)
	eta := func(x float64) *float64 { return &x }
	running := func(progress int, eta *float64) Document {
		return Document{Status: StatusProcessing, Progress: progress, EtaSeconds: eta}
	}
	mark := func(change func(*Batch)) Batch { b := openBatch(); change(&b); return b }
	rejected := mark(func(b *Batch) { b.Accepted, b.RejectedCount = 0, 3 })
	for name, c := range map[string]struct {
		b         Batch
		tally     BatchTally
		running   []Document
		ends      BatchStatus
		processed int
		progress  float64
		eta       *float64
	}{
		"nothing begun":        {openBatch(), BatchTally{Waiting: 10}, nil, "", 0, 0, nil},
		"one runs":             {openBatch(), BatchTally{Waiting: 9, Running: 1}, []Document{running(50, eta(3))}, "", 0, 5, eta(1900)},
		"half":                 {openBatch(), BatchTally{Waiting: 5, Completed: 4, Failed: 1}, nil, "", 5, 50, eta(100)},
		"promised longer":      {openBatch(), BatchTally{Waiting: 1, Running: 1, Completed: 8}, []Document{running(0, eta(500))}, "", 8, 80, eta(500)},
		"the last ones run":    {openBatch(), BatchTally{Running: 2, Completed: 8}, []Document{running(40, eta(7.77)), running(90, eta(1))}, "", 8, 93, eta(7.8)},
		"unknown to the last":  {openBatch(), BatchTally{Running: 1, Completed: 9}, []Document{running(0, nil)}, "", 9, 90, eta(11.1)},
		"deleted ones count":   {openBatch(), BatchTally{Waiting: 2, Completed: 3}, nil, "", 8, 80, eta(25)},
		"retried ones count":   {openBatch(), BatchTally{Waiting: 2, Retrying: 8}, nil, "", 8, 80, eta(25)},
		"almost":               {mark(func(b *Batch) { b.Accepted = 5000 }), BatchTally{Running: 1, Completed: 4999}, []Document{running(99, eta(0))}, "", 4999, 99.9, eta(0)},
		"all":                  {openBatch(), BatchTally{Completed: 1, Failed: 9}, nil, BatchComplete, 10, 99.9, eta(0)},
		"none":                 {openBatch(), BatchTally{Failed: 10}, nil, BatchFailed, 10, 99.9, eta(0)},
		"none, one in retry":   {openBatch(), BatchTally{Failed: 9, Retrying: 1}, nil, BatchFailed, 10, 99.9, eta(0)},
		"people ended it":      {openBatch(), BatchTally{Cancelled: 4}, nil, BatchCancelled, 10, 99.9, eta(0)},
		"nothing was taken":    {rejected, BatchTally{}, nil, BatchFailed, 3, 99.9, eta(0)},
		"nothing came":         {mark(func(b *Batch) { b.Accepted = 0 }), BatchTally{}, nil, BatchFailed, 0, 0, nil},
		"cancelled":            {mark(func(b *Batch) { b.CancelledAt = now }), BatchTally{Completed: 9, Cancelled: 1}, nil, BatchCancelled, 10, 99.9, eta(0)},
		"being cancelled":      {mark(func(b *Batch) { b.CancelledAt = now }), BatchTally{Waiting: 5, Cancelled: 5}, nil, "", 5, 50, eta(100)},
		"files arrive":         {mark(func(b *Batch) { b.Receiver.Worker = "r" }), BatchTally{Completed: 4}, nil, "", 4, 0, nil},
		"a clock that is late": {mark(func(b *Batch) { b.CreatedAt = now.Add(time.Hour) }), BatchTally{Waiting: 5, Completed: 5}, nil, "", 5, 50, eta(0)},
		"written":              {mark(func(b *Batch) { b.Outcome, b.FinishedAt = BatchFailed, now }), BatchTally{Retrying: 1}, nil, BatchFailed, 10, 100, eta(0)},
	} {
		s := c.b.State(c.tally, c.running, now)
		if got := c.b.Ends(c.tally); got != c.ends {
			t.Errorf("%s: ends as %q, want %q", name, got, c.ends)
		}
		if s.Processed != c.processed || s.Progress != c.progress || (s.EtaSeconds == nil) != (c.eta == nil) || c.eta != nil && *s.EtaSeconds != *c.eta {
			t.Errorf("%s: %+v, eta %v", name, s, s.EtaSeconds)
		}
		if c.b.Outcome == "" && s.Ended() || c.b.Outcome != "" && s.Status != c.b.Outcome {
			t.Errorf("%s: status %s before it was written", name, s.Status)
		}
		if s.Rejected == nil || s.Processed > s.Total {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestBatchTallyCounts(t *testing.T) {
	t.Parallel()
	var got BatchTally
	for _, s := range []Status{StatusQueued, StatusProcessing, StatusCompleted, StatusFailed, StatusCancelled, StatusDeleted} {
		got.Add(s, 1, 1)
		got.Add(s, 3, 10)
	}
	if want := (BatchTally{Waiting: 1, Running: 1, Retrying: 20, Completed: 11, Failed: 11, Cancelled: 11}); got != want || got.Present() != 55 || got.Open() != 2 {
		t.Errorf("%+v", got)
	}
}
