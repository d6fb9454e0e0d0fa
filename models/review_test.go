package models

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// assessed is a completed video whose last revision was told.
func assessed(verdict Verdict) Video {
	return Video{
		ID: "v", Status: StatusCompleted, Attempt: 1, Rev: 5, PublishedRev: 5,
		Sensitivity: &Sensitivity{Verdict: verdict, MachineVerdict: verdict, PolicyVersion: 1, ScoresKey: "k", Scores: map[string]float64{"porn": 0.7}},
	}
}

func must(t *testing.T, v *Video, change Transition) {
	t.Helper()
	if err := change(v, noon); err != nil {
		t.Fatal(err)
	}
	v.PublishedRev = v.Rev
}

// The verdict that every client reads is the person's where there is one, and
// the machine's own stands beside it.
func TestReviewOutranks(t *testing.T) {
	t.Parallel()
	v := assessed(VerdictReview)
	before := *v.Sensitivity
	first := v.Sensitivity
	for i, c := range []struct {
		d    Decision
		want Verdict
	}{{DecisionApprove, VerdictSafe}, {DecisionFlag, VerdictFlagged}, {DecisionClear, VerdictReview}} {
		must(t, &v, ReviewVideo(c.d, "n", "ann"))
		s := v.Sensitivity
		if s.Verdict != c.want || s.MachineVerdict != VerdictReview || v.Rev != int64(6+i) || !v.Edited || v.Status != StatusCompleted {
			t.Errorf("%s: %+v at rev %d", c.d, s, v.Rev)
		}
		if c.d == DecisionClear {
			if s.Review != nil {
				t.Errorf("cleared: %+v", s.Review)
			}
		} else if want := (Review{c.d, "n", "ann", noon, VerdictReview, 1, v.Rev}); *s.Review != want {
			t.Errorf("%+v, want %+v", *s.Review, want)
		}
		if d := DocumentOf(&v, &SignedLinks{Key: make([]byte, 32)}); d.Sensitivity.Verdict != c.want || d.Sensitivity.MachineVerdict != VerdictReview || d.Sensitivity.ScoresKey != "" {
			t.Errorf("shown as %+v", d.Sensitivity)
		}
	}
	if rev := v.Rev; ReviewVideo(DecisionClear, "", "ann")(&v, noon) != nil || v.Rev != rev {
		t.Error("nothing to take back, and yet a revision")
	}
	if !reflect.DeepEqual(*first, before) {
		t.Error("a transition wrote into the record before")
	}
}

func TestReviewIsRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []Status{StatusQueued, StatusProcessing, StatusFailed, StatusCancelled} {
		v := assessed(VerdictSafe)
		v.Status = status
		if err := ReviewVideo(DecisionFlag, "", "ann")(&v, noon); !errors.Is(err, ErrConflict) || v.Sensitivity.Review != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
	v := assessed(VerdictSafe)
	v.PublishedRev--
	if err := ReviewVideo(DecisionFlag, "", "ann")(&v, noon); !errors.Is(err, ErrUnsettled) || v.Sensitivity.Review != nil {
		t.Errorf("over an untold outcome: %v", err)
	}
	v = Video{Status: StatusCompleted}
	if err := ReviewVideo(DecisionFlag, "", "ann")(&v, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("nothing to review: %v", err)
	}
}

// A record from before there were reviews has one verdict only, and it is the
// machine's.
func TestOldRecordsAreReviewed(t *testing.T) {
	t.Parallel()
	v := assessed(VerdictFlagged)
	v.Sensitivity.MachineVerdict = ""
	if d := DocumentOf(&v, &SignedLinks{Key: make([]byte, 32)}); d.Sensitivity.MachineVerdict != VerdictFlagged {
		t.Errorf("shown as %+v", d.Sensitivity)
	}
	must(t, &v, ReviewVideo(DecisionApprove, "", "ann"))
	if s := v.Sensitivity; s.Verdict != VerdictSafe || s.MachineVerdict != VerdictFlagged {
		t.Errorf("%+v", s)
	}
	must(t, &v, ReviewVideo(DecisionClear, "", "ann"))
	if v.Sensitivity.Verdict != VerdictFlagged {
		t.Errorf("%+v", v.Sensitivity)
	}
}

func TestReassess(t *testing.T) {
	t.Parallel()
	v := assessed(VerdictSafe)
	same := Assessment{Verdict: VerdictSafe, Scores: map[string]float64{"porn": 0.7}}
	v.PublishedRev-- // what nobody sees may be noted over an untold revision
	if err := Reassess("k", Policy{Version: 2}, same)(&v, noon); err != nil || v.Rev != 5 || v.Sensitivity.PolicyVersion != 2 {
		t.Errorf("the same: %v, rev %d, %+v", err, v.Rev, v.Sensitivity)
	}
	other := Assessment{Verdict: VerdictFlagged, Scores: map[string]float64{"porn": 0.9}, Segments: []SensitivitySegment{{EndMs: 1}}}
	if err := Reassess("k", Policy{Version: 3}, other)(&v, noon); !errors.Is(err, ErrUnsettled) || v.Sensitivity.PolicyVersion != 2 {
		t.Errorf("over an untold outcome: %v", err)
	}
	v.PublishedRev = v.Rev
	must(t, &v, Reassess("k", Policy{Version: 3}, other))
	if s := v.Sensitivity; v.Rev != 6 || !v.Edited || s.Verdict != VerdictFlagged || s.MachineVerdict != VerdictFlagged || len(s.Segments) != 1 || s.Scores["porn"] != 0.9 {
		t.Errorf("another verdict: rev %d, %+v", v.Rev, s)
	}
	for name, change := range map[string]Transition{
		"again": Reassess("k", Policy{Version: 3}, same), "an older": Reassess("k", Policy{Version: 2}, same), "other scores": Reassess("x", Policy{Version: 4}, same),
	} {
		if err := change(&v, noon); !errors.Is(err, ErrConflict) || v.Rev != 6 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Beneath a person's decision the machine's verdict changes, and only it.
	must(t, &v, ReviewVideo(DecisionApprove, "", "ann"))
	must(t, &v, Reassess("k", Policy{Version: 4}, Assessment{Verdict: VerdictReview}))
	if s := v.Sensitivity; s.Verdict != VerdictSafe || s.MachineVerdict != VerdictReview || s.Review == nil || s.Review.MachineVerdict != VerdictFlagged || v.Rev != 8 {
		t.Errorf("under a review: rev %d, %+v", v.Rev, s)
	}
	must(t, &v, ScoresLost("k"))
	if v.Sensitivity.ScoresKey != "" || v.Rev != 8 || ScoresLost("k")(&v, noon) == nil {
		t.Errorf("%+v", v.Sensitivity)
	}
}

// A new attempt is judged anew.
func TestRetryClearsReview(t *testing.T) {
	t.Parallel()
	v := assessed(VerdictFlagged)
	must(t, &v, ReviewVideo(DecisionApprove, "", "ann"))
	v.Status = StatusFailed
	must(t, &v, Retry(false))
	if s := v.Sensitivity; s.Review != nil || s.Verdict != VerdictFlagged {
		t.Errorf("%+v", s)
	}
}

func TestPolicyIsValidated(t *testing.T) {
	t.Parallel()
	good := DefaultPolicy()
	for name, change := range map[string]func(*Policy){
		"below 0": func(p *Policy) { p.ReviewAt = -0.1 }, "above 1": func(p *Policy) { p.FlagAt = 1.1 }, "suggestive": func(p *Policy) { p.SuggestiveAt = 2 },
		"review above flag": func(p *Policy) { p.ReviewAt, p.FlagAt = 0.9, 0.8 }, "no run": func(p *Policy) { p.MinimumRun = 0 }, "a long run": func(p *Policy) { p.MinimumRun = MaxRun + 1 },
	} {
		p := good
		change(&p)
		if err := p.Validate(); CodeOf(err) != CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	equal := good
	equal.ReviewAt, equal.MinimumRun = equal.FlagAt, MaxRun
	if err := errors.Join(good.Validate(), equal.Validate()); err != nil {
		t.Error(err)
	}
}

// An entry tells of what changed, and there is none of what did not.
func TestAudited(t *testing.T) {
	t.Parallel()
	v := assessed(VerdictFlagged)
	e := AuditEntry{ID: "e", By: "ann", Action: AuditReview, Note: "n"}
	if err := Audited(ReviewVideo(DecisionClear, "", "ann"), e)(&v, noon); err != nil || v.Audit != nil {
		t.Errorf("of nothing: %+v, %v", v.Audit, err)
	}
	if err := Audited(Cancel(), e)(&v, noon); !errors.Is(err, ErrConflict) || v.Audit != nil {
		t.Errorf("of a refusal: %+v, %v", v.Audit, err)
	}
	if err := Audited(ReviewVideo(DecisionApprove, "n", "ann"), e)(&v, noon); err != nil {
		t.Fatal(err)
	}
	want := AuditEntry{
		ID: "00000006-e", At: noon, By: "ann", Action: AuditReview, VideoID: "v", Rev: 6, Note: "n",
		Before: AuditState{Verdict: VerdictFlagged}, After: AuditState{Verdict: VerdictSafe, Decision: DecisionApprove},
	}
	if len(v.Audit) != 1 || v.Audit[0] != want {
		t.Errorf("%+v, want %+v", v.Audit, want)
	}
	v.Audit = make([]AuditEntry, maxPendingAudit)
	if err := Audited(Delete(), e)(&v, noon); !errors.Is(err, ErrUnsettled) {
		t.Errorf("one too many: %v", err)
	}
}
