package models

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

var epochStart = time.UnixMilli(1_700_000_000_000).UTC()

// at gives a record in the state that the transitions lead to.
func at(t *testing.T, steps ...Transition) *Video {
	t.Helper()
	v := &Video{ID: "v", OrganizationID: "acme", Status: StatusQueued, Attempt: 1, Rev: 1}
	for i, step := range steps {
		if err := step(v, epochStart); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	return v
}

func nothing(*Video) {}

func finish(fence int64, stages ...Stage) (all []Transition) {
	for _, s := range stages {
		all = append(all, FinishStage(fence, s, nothing))
	}
	return all
}

// Each transition, from each status: to which status it leads, or which error.
func TestTransitions(t *testing.T) {
	t.Parallel()
	claimed := []Transition{Claim("w", 1)}
	from := map[string][]Transition{
		"queued": nil, "processing": claimed, "cancelled": {Cancel()}, "deleted": {Delete()},
		"failed": append(claimed, Fail(1, Failure{})), "completed": append(claimed, finish(1, Stages...)...),
	}
	for _, test := range []struct {
		name       string
		transition Transition
		want       map[string]any // Status or error; nil: the status stays
	}{
		{"claim", Claim("x", 1), map[string]any{"queued": StatusProcessing, "processing": ErrLeased, "completed": ErrConflict, "failed": ErrConflict, "cancelled": ErrConflict, "deleted": ErrConflict}},
		{"claim of another attempt", Claim("x", 2), map[string]any{"queued": ErrConflict, "processing": ErrConflict, "failed": ErrConflict}},
		{"heartbeat", Heartbeat(1), map[string]any{"queued": ErrStale, "processing": nil, "completed": ErrStale, "failed": ErrStale, "cancelled": ErrStale, "deleted": ErrStale}},
		{"heartbeat of an old fence", Heartbeat(0), map[string]any{"queued": ErrStale, "processing": ErrStale}},
		{"release", Release(1), map[string]any{"queued": ErrStale, "processing": nil, "failed": ErrStale}},
		{"put off", PutOff(1, Failure{}), map[string]any{"queued": ErrStale, "processing": nil, "failed": ErrStale}},
		{"finish", FinishStage(1, StageMetadata, nothing), map[string]any{"queued": ErrStale, "processing": nil, "completed": ErrStale, "failed": ErrStale, "cancelled": ErrStale, "deleted": ErrStale}},
		{"finish of another stage", FinishStage(1, StageThumbnail, nothing), map[string]any{"processing": ErrStale}},
		{"fail", Fail(1, Failure{Code: CodeCorrupt}), map[string]any{"queued": ErrStale, "processing": StatusFailed, "completed": ErrStale, "failed": ErrStale, "cancelled": ErrStale, "deleted": ErrStale}},
		{"cancel", Cancel(), map[string]any{"queued": StatusCancelled, "processing": StatusCancelled, "completed": ErrConflict, "failed": ErrConflict, "cancelled": ErrConflict, "deleted": ErrConflict}},
		{"retry", Retry(false), map[string]any{"queued": ErrConflict, "processing": ErrConflict, "completed": ErrConflict, "failed": StatusQueued, "cancelled": StatusQueued, "deleted": ErrConflict}},
		{"delete", Delete(), map[string]any{"queued": StatusDeleted, "processing": StatusDeleted, "completed": StatusDeleted, "failed": StatusDeleted, "cancelled": StatusDeleted, "deleted": ErrNotFound}},
		{"rename", Rename("x"), map[string]any{"queued": nil, "processing": nil, "completed": nil, "failed": nil, "cancelled": nil}},
	} {
		for name, want := range test.want {
			v := at(t, from[name]...)
			v.PublishedRev = v.Rev
			before := *v
			err := test.transition(v, epochStart.Add(time.Second))
			if failure, ok := want.(error); ok {
				if !errors.Is(err, failure) {
					t.Errorf("%s when %s: %v, want %v", test.name, name, err, failure)
				}
				continue
			}
			status := before.Status
			if want != nil {
				status = want.(Status)
			}
			if err != nil || v.Status != status {
				t.Errorf("%s when %s: %s, %v, want %s", test.name, name, v.Status, err, status)
			}
			if changed := v.Status != before.Status || v.Stage != before.Stage || v.Title != before.Title || v.Delays != before.Delays; v.Rev-before.Rev != map[bool]int64{true: 1}[changed] {
				t.Errorf("%s when %s: rev went from %d to %d", test.name, name, before.Rev, v.Rev)
			}
			if v.Status.Terminal() && (v.FinishedAt.IsZero() || v.Lease != (Lease{})) {
				t.Errorf("%s when %s: ended with %+v", test.name, name, v)
			}
		}
	}
}

// The worker that lost its lease writes nothing, and a file whose workers vanish
// is given up, but not before it ran alone twice.
func TestPoison(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("first", 1))
	now := epochStart.Add(LeaseTime)
	if err := Claim("second", 1)(v, now.Add(-time.Millisecond)); !errors.Is(err, ErrLeased) {
		t.Errorf("before the lease ran out: %v", err)
	}
	if err := Claim("second", 1)(v, now); err != nil || v.Fence != 2 || len(v.Lapses) != 1 || v.Lease.Worker != "second" {
		t.Errorf("after: %+v, %v", v, err)
	}
	if err := FinishStage(1, StageMetadata, nothing)(v, now); !errors.Is(err, ErrStale) {
		t.Errorf("the first worker: %v", err)
	}
	now = now.Add(LeaseTime)
	before := *v
	if err := Claim("third", 1)(v, now); !errors.Is(err, ErrAlone) || !reflect.DeepEqual(*v, before) {
		t.Errorf("after %d lapses beside others: %v, %+v", SuspectAfter, err, v)
	}
	if err := ClaimAlone("third", 1)(v, now); err != nil || v.Status != StatusProcessing || v.Lease.Worker != "third" {
		t.Errorf("alone: %+v, %v", v, err)
	}
	now = now.Add(LeaseTime)
	if err := ClaimAlone("fourth", 1)(v, now); err != nil || v.Lease != (Lease{resting, now.Add(AlonePause)}) || v.Status != StatusProcessing {
		t.Errorf("before the last run: %+v, %v", v, err)
	}
	if err := ClaimAlone("fourth", 1)(v, now); !errors.Is(err, ErrLeased) {
		t.Errorf("in the pause: %v", err)
	}
	now = now.Add(AlonePause)
	if err := ClaimAlone("fourth", 1)(v, now); err != nil || v.Lease.Worker != "fourth" || len(v.Lapses) != MaxLapses-1 {
		t.Errorf("the last run: %+v, %v", v, err)
	}
	now = now.Add(LeaseTime)
	if err := Claim("fifth", 1)(v, now); !errors.Is(err, ErrAlone) {
		t.Errorf("by a worker with others: %v", err)
	}
	if err := ClaimAlone("fifth", 1)(v, now); err != nil || v.Status != StatusFailed || v.Failure == nil || v.Failure.Code != CodePoison || v.Failure.Stage != StageMetadata {
		t.Errorf("after %d lapses: %+v, %v", MaxLapses, v, err)
	}
	v.PublishedRev = v.Rev
	if err := Retry(false)(v, now); err != nil || v.Attempt != 2 || v.Lapses != nil || v.Failure != nil || v.Stage != StageMetadata {
		t.Errorf("a retry: %+v, %v", v, err)
	}
}

// Four healthy videos meet outages of their workers: none is given up, whether
// the workers sleep and wake, finish a stage between, or are killed three times.
func TestOutagesOfWorkersGiveNoVideoUp(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]Transition{
		"asleep, its successor too":    {Claim("a", 1), Claim("b", 1), Claim("a", 1), ClaimAlone("c", 1), ClaimAlone("a", 1), ClaimAlone("c", 1), ClaimAlone("a", 1)},
		"asleep, then woken":           {Claim("a", 1), Claim("b", 1), Survived("a"), Claim("c", 1), Survived("b"), Claim("d", 1), Survived("c"), Claim("e", 1), Survived("d"), Claim("f", 1)},
		"killed, with a stage between": {Claim("a", 1), Claim("b", 1), FinishStage(2, StageMetadata, nothing), Claim("c", 1), FinishStage(3, StageThumbnail, nothing), Claim("d", 1)},
		"killed three times in a row":  {Claim("a", 1), Claim("b", 1), ClaimAlone("c", 1), ClaimAlone("d", 1), ClaimAlone("d", 1)},
		"asleep while it ran alone":    {Claim("a", 1), Claim("b", 1), ClaimAlone("c", 1), Survived("a"), ClaimAlone("d", 1), Survived("c"), ClaimAlone("e", 1)},
		"told to stop while a suspect": {Claim("a", 1), Claim("b", 1), ClaimAlone("c", 1), Release(3), ClaimAlone("d", 1), Release(5), ClaimAlone("e", 1), Release(7), ClaimAlone("f", 1)},
	} {
		v, now := at(t), epochStart
		for i, step := range steps {
			now = now.Add(LeaseTime)
			if err := step(v, now); err != nil {
				t.Errorf("%s: step %d: %v (%+v)", name, i, err, v.Lapses)
			}
		}
		if v.Status != StatusProcessing || v.Lease.Worker == resting {
			t.Errorf("%s: %s, %+v, %v", name, v.Status, v.Lease, v.Lapses)
		}
	}
}

// A worker that lives takes back its own lapse alone, and not after the end.
func TestSurvived(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("a", 1))
	now := epochStart.Add(LeaseTime)
	if err := Survived("a")(v, now); !errors.Is(err, ErrConflict) {
		t.Errorf("before anybody took it over: %v", err)
	}
	if err := Claim("b", 1)(v, now); err != nil {
		t.Fatal(err)
	}
	rev := v.Rev
	if err := Survived("b")(v, now); !errors.Is(err, ErrConflict) {
		t.Errorf("of the one that holds it: %v", err)
	}
	if err := Survived("a")(v, now); err != nil || len(v.Lapses) != 0 || v.Rev != rev || v.Lease.Worker != "b" {
		t.Errorf("%v, %+v", err, v)
	}
	v.Lapses = []string{"a"}
	for _, step := range []Transition{Fail(2, Failure{Code: CodeCorrupt})} {
		if err := step(v, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := Survived("a")(v, now); !errors.Is(err, ErrConflict) {
		t.Errorf("after the end: %v", err)
	}
}

// A stage that ends forgets the lapses in it; a release notes none.
func TestLapsesAreOfAStage(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("first", 1))
	late := epochStart.Add(LeaseTime)
	for i, step := range []Transition{Claim("second", 1), FinishStage(2, StageMetadata, nothing), Release(2), Claim("third", 1)} {
		if err := step(v, late); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if len(v.Lapses) != 0 || v.Stage != StageThumbnail || v.Fence != 4 || v.Status != StatusProcessing {
		t.Errorf("%+v", v)
	}
}

func TestRetryKeepsOrForgets(t *testing.T) {
	t.Parallel()
	for _, fromStart := range []bool{false, true} {
		v := at(t, Claim("w", 1), FinishStage(1, StageMetadata, func(v *Video) { v.Metadata = &Metadata{} }), Fail(1, Failure{}), Published(4), Retry(fromStart))
		if kept := v.Metadata != nil && v.Stage == StageThumbnail; kept == fromStart || v.Attempt != 2 || !v.StartedAt.IsZero() || !v.FinishedAt.IsZero() {
			t.Errorf("from start %v: %+v", fromStart, v)
		}
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("w", 1), Cancel())
	for _, step := range []struct{ rev, want int64 }{{2, 2}, {1, 2}, {99, 3}, {0, 3}} {
		if err := Published(step.rev)(v, epochStart); err != nil || v.PublishedRev != step.want || v.Unpublished() != (step.want < 3) {
			t.Errorf("published %d: %d, %v", step.rev, v.PublishedRev, err)
		}
	}
}

// Trouble that may pass gives a pause that grows, and ends some day. A pause is
// no crash.
func TestPutOffWaitsLongerAndEnds(t *testing.T) {
	t.Parallel()
	v, now, last := at(t), epochStart, time.Duration(0)
	for i := range MaxDelays {
		if err := Claim("w", 1)(v, now); err != nil {
			t.Fatalf("claim %d: %v", i, err)
		}
		if err := PutOff(v.Fence, Failure{Code: CodeStorageFull})(v, now); err != nil || v.Status != StatusProcessing {
			t.Fatalf("put off %d: %s, %v", i, v.Status, err)
		}
		if !v.RetryAt().Equal(v.Lease.Until) || v.Trouble == nil {
			t.Errorf("put off %d: again at %s, %+v", i, v.RetryAt(), v.Trouble)
		}
		if err := Claim("w", 1)(v, now.Add(time.Second)); !errors.Is(err, ErrLeased) {
			t.Fatalf("claimed at once: %v", err)
		}
		pause := v.Lease.Until.Sub(now)
		if pause < last || pause > LongestDelay {
			t.Errorf("pause %d lasts %s after %s", i, pause, last)
		}
		now, last = v.Lease.Until, pause
	}
	if err := Claim("w", 1)(v, now); err != nil || len(v.Lapses) != 0 || !v.RetryAt().IsZero() || v.Trouble != nil {
		t.Fatalf("lapses %v, %v", v.Lapses, err)
	}
	if err := PutOff(v.Fence, Failure{Code: CodeStorageFull})(v, now); err != nil || v.Status != StatusFailed || v.Failure.Code != CodeStorageFull {
		t.Errorf("%s %+v, %v", v.Status, v.Failure, err)
	}
}

// A worker that comes back to what it let lapse itself has not died: neither a
// machine that sleeps nor a store that is away makes a poison of a video.
func TestClaimOfTheLivingIsNoCrash(t *testing.T) {
	t.Parallel()
	v := at(t, Claim("w", 1))
	now := epochStart
	for range 2 * MaxLapses {
		now = now.Add(2 * LeaseTime)
		fence := v.Fence
		if err := Claim("w", 1)(v, now); err != nil || len(v.Lapses) != 0 || v.Status != StatusProcessing || v.Fence != fence+1 {
			t.Fatalf("%v: lapses %v, %s, fence %d", err, v.Lapses, v.Status, v.Fence)
		}
	}
	if err := Claim("other", 1)(v, now.Add(LeaseTime)); err != nil || len(v.Lapses) != 1 {
		t.Errorf("%v: lapses %v", err, v.Lapses)
	}
}
