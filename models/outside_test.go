package models

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestEndOutside(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1e12).UTC()
	ended := EndOutside(Outside{ID: "a"})
	for _, status := range []Status{StatusCompleted, StatusFailed, StatusCancelled, StatusDeleted} {
		v := Video{Status: status}
		if err := ended(&v, now); !errors.Is(err, ErrConflict) || v.Status != status || v.Rev != 0 {
			t.Errorf("%s: %v", status, err)
		}
	}
	v := Video{ID: "v", OrganizationID: "acme", Attempt: 1, Rev: 4, Fence: 7, Status: StatusProcessing, Stage: StageThumbnail, Lapses: []string{"dead"}, Delays: 3,
		Lease: Lease{"w", now.Add(time.Hour)}, Trouble: &Failure{}, Metadata: &Metadata{DurationSeconds: 3}}
	if err := ended(&v, now); err != nil {
		t.Fatal(err)
	}
	if v.Status != StatusCompleted || v.Rev != 5 || v.Fence != 8 || v.Stage != "" || v.Lease.Worker != "" || v.Trouble != nil || v.Metadata == nil ||
		!v.FinishedAt.Equal(now) || !v.ReportedAs("a") || v.ReportedAs("") || v.ReportedAs("b") {
		t.Errorf("%+v", v)
	}
	links := &SignedLinks{Base: "http://x", Key: make([]byte, 32)}
	if e := EventOf(&v, links, nil); e.Name != EventProcessed || e.ID != "a" || !e.Transition {
		t.Errorf("%+v", e)
	}
	v.PublishedRev = v.Rev
	if err := Rename("x")(&v, now); err != nil {
		t.Fatal(err)
	}
	if e := EventOf(&v, links, nil); e.ID != "" {
		t.Errorf("a new title goes under the outcome's id: %+v", e)
	}
}

// The stage that the record was in is where a retry goes on, whatever the
// outside worker calls its own.
func TestEndOutsideFails(t *testing.T) {
	t.Parallel()
	v := Video{Attempt: 1, Status: StatusProcessing, Stage: StageSensitivity}
	f := Failure{Code: CodeExternal, Stage: "transcode", Message: "no"}
	for i := range 2 * maxReported {
		if err := EndOutside(Outside{ID: fmt.Sprint(i), Failure: &f})(&v, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if v.Status != StatusFailed || v.Stage != StageSensitivity || *v.Failure != f || !v.ReportedAs(fmt.Sprint(i)) {
			t.Fatalf("%+v", v)
		}
		v.PublishedRev = v.Rev
		if err := Retry(false)(&v, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := EndOutside(Outside{ID: fmt.Sprint(i)})(&v, time.Time{}); !errors.Is(err, ErrConflict) || v.Status != StatusQueued {
			t.Fatalf("the report that comes again ends the next attempt: %v", err)
		}
	}
	if len(v.Reported) != maxReported || v.ReportedAs("0") {
		t.Errorf("%d are remembered", len(v.Reported))
	}
}

// An outside worker, whose ids are [ValidID], cannot use up the id of an upload's
// end, which would keep that from being told.
func TestEndsOfUploadsHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	e := UploadFinished{UploadBase: UploadBase{OrganizationID: "acme", UploadID: "u"}}.Event()
	if c := (UploadCancelled{UploadBase{OrganizationID: "acme", UploadID: "u"}}).Event(); e.ID == "" || ValidID(e.ID) || c.ID != e.ID {
		t.Errorf("the ends are %q and %q", e.ID, c.ID)
	}
}
