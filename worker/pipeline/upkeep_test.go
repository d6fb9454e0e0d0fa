package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// scored makes frames of which each has this share of explicit content.
func scored(shares ...float32) (frames []models.FrameScores) {
	for i, share := range shares {
		frames = append(frames, models.QuantizeScores(time.Duration(i)*time.Second, [5]float32{0, 0, 1 - share, share, 0}))
	}
	return frames
}

// finished adds a completed video of acme with stored scores, assessed under
// the default policy.
func (p *Pipeline) finished(t *testing.T, id string, shares ...float32) models.Video {
	t.Helper()
	v := models.Video{ID: id, OrganizationID: "acme", File: models.File{Key: models.SourceKey(id, "n")}}
	if _, err := p.Publisher.Create(t.Context(), "acme", v); err != nil {
		t.Fatal(err)
	}
	advance := func(change models.Transition) {
		t.Helper()
		var err error
		if v, err = p.Publisher.Advance(t.Context(), "acme", id, change); err != nil {
			t.Fatal(err)
		}
	}
	advance(models.Claim("w1", 1))
	frames, key, policy := scored(shares...), v.ScoresKey(), models.DefaultPolicy()
	if err := p.keep(t.Context(), "acme", key, bytes.NewReader(models.EncodeScores("m", frames))); err != nil {
		t.Fatal(err)
	}
	for _, stage := range models.Stages {
		advance(models.FinishStage(v.Fence, stage, func(v *models.Video) {
			switch stage {
			case models.StageMetadata:
				v.Metadata = &models.Metadata{DurationSeconds: float64(len(shares))}
			case models.StageSensitivity:
				a := models.Assess(frames, v.DurationMs(), policy)
				v.Sensitivity = &models.Sensitivity{
					Verdict: a.Verdict, MachineVerdict: a.Verdict, PolicyVersion: policy.Version, Scores: a.Scores, Segments: a.Segments, ScoresKey: key,
				}
			}
		}))
	}
	return v
}

func (p *Pipeline) upkeep() *Upkeep {
	return &Upkeep{Store: p.Policies.(models.Store), Blobs: p.Blobs, Publisher: p.Publisher, Logger: quiet}
}

func (p *Pipeline) choose(t *testing.T, version int, reviewAt, flagAt float64) {
	t.Helper()
	next := models.DefaultPolicy()
	next.ReviewAt, next.FlagAt = reviewAt, flagAt
	if _, err := p.Policies.ChangePolicy(t.Context(), "acme", models.SetPolicy(version, next, "amy", models.NewID(time.Now()))); err != nil {
		t.Fatal(err)
	}
}

func (p *Pipeline) video(t *testing.T, id string) models.Video {
	t.Helper()
	v, err := p.Videos.Get(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// updates counts, by video, the events video:updated in the log.
func (p *Pipeline) updates(t *testing.T) map[string]int {
	t.Helper()
	events, err := p.Log.After(t.Context(), "acme", rooms.Cursor{}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range events {
		if e.Name == models.EventUpdated {
			n[e.VideoID]++
		}
	}
	return n
}

func (p *Pipeline) trail(t *testing.T, id string) []models.AuditEntry {
	t.Helper()
	list, err := p.Policies.(models.Store).ListAudit(t.Context(), "acme", models.AuditPage{Limit: 100, VideoID: id})
	if err != nil {
		t.Fatal(err)
	}
	return list.Entries
}

// After a change of the policy every video is assessed again from its scores,
// by however many processes: one event for each whose outcome changed, none for
// the others. (There are no tools: decoding would panic.)
func TestPolicyIsAppliedToWhatIsFinished(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	const each = 8
	for i := range each {
		p.finished(t, fmt.Sprint("safe", i), 0.1, 0.2, 0.1)
		p.finished(t, fmt.Sprint("half", i), 0.1, 0.7, 0.7)
	}
	if v := p.video(t, "half0"); v.Sensitivity.Verdict != models.VerdictReview {
		t.Fatalf("before: %+v", v.Sensitivity)
	}
	p.choose(t, 1, 0.5, 0.65)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := p.upkeep().Pass(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	updates := p.updates(t)
	for i := range each {
		safe, half := p.video(t, fmt.Sprint("safe", i)), p.video(t, fmt.Sprint("half", i))
		if s := safe.Sensitivity; s.Verdict != models.VerdictSafe || s.PolicyVersion != 2 || updates[safe.ID] != 0 || safe.Edited {
			t.Errorf("%s: %+v with %d events", safe.ID, s, updates[safe.ID])
		}
		if s := half.Sensitivity; s.Verdict != models.VerdictFlagged || s.MachineVerdict != models.VerdictFlagged || s.PolicyVersion != 2 || updates[half.ID] != 1 || half.Status != models.StatusCompleted {
			t.Errorf("%s: %+v with %d events", half.ID, s, updates[half.ID])
		}
		entries := p.trail(t, half.ID)
		if len(entries) != 1 || entries[0].Action != models.AuditReassess || entries[0].By != "" || entries[0].Before.Verdict != models.VerdictReview || entries[0].After.PolicyVersion != 2 {
			t.Errorf("%s: the trail has %+v", half.ID, entries)
		}
	}
	if entries := p.trail(t, ""); len(entries) != each+1 {
		t.Errorf("the organization's trail has %d entries, want %d and the policy's", len(entries), each)
	}
	if r, err := p.Policies.Policy(t.Context(), "acme"); err != nil || r.Audit != nil {
		t.Errorf("the policy's entry still waits: %+v, %v", r, err)
	}
}

// What a process that died had not done, the next one does, and what it had
// done is not told twice. A person's decision stays over all of it; a video that
// ended under the older policy is found later.
func TestUpkeepGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	for i := range 6 {
		p.finished(t, fmt.Sprint("v", i), 0.1, 0.7, 0.7)
	}
	if _, err := p.Publisher.Advance(t.Context(), "acme", "v0", models.ReviewVideo(models.DecisionApprove, "", "amy")); err != nil {
		t.Fatal(err)
	}
	p.choose(t, 1, 0.5, 0.65)
	ctx, crash := context.WithCancel(t.Context())
	first := p.upkeep()
	opened := 0
	first.Blobs = blobsHook{p.Blobs, func() {
		if opened++; opened == 3 {
			crash()
		}
	}}
	if err := first.Pass(ctx); err == nil {
		t.Fatal("the pass was to be cut")
	}
	done := 0
	for i := range 6 {
		if p.video(t, fmt.Sprint("v", i)).Sensitivity.PolicyVersion == 2 {
			done++
		}
	}
	if done != 2 && done != 3 { // the third write may have been under way
		t.Fatalf("%d were done before the crash", done)
	}
	second := p.upkeep()
	if err := second.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	updates := p.updates(t)
	for i := range 6 {
		v, want, events := p.video(t, fmt.Sprint("v", i)), models.VerdictFlagged, 1
		if i == 0 {
			want, events = models.VerdictSafe, 2 // the review's, and the machine's beneath it
		}
		if s := v.Sensitivity; s.Verdict != want || s.MachineVerdict != models.VerdictFlagged || s.PolicyVersion != 2 || updates[v.ID] != events {
			t.Errorf("%s: %+v, %d events", v.ID, s, updates[v.ID])
		}
	}
	p.finished(t, "late", 0.1, 0.7, 0.7) // under the default
	if err := second.Pass(t.Context()); err != nil || p.video(t, "late").Sensitivity.PolicyVersion != 1 {
		t.Errorf("looked again within %s: %v", lookAgain, err)
	}
	s := second.seen["acme"]
	s.at = s.at.Add(-lookAgain)
	second.seen["acme"] = s
	if err := second.Pass(t.Context()); err != nil || p.video(t, "late").Sensitivity.Verdict != models.VerdictFlagged {
		t.Errorf("the late one is %+v, %v", p.video(t, "late").Sensitivity, err)
	}
}

// Scores that are damaged are given up, those that are not there are left, and
// neither keeps other videos from being assessed.
func TestUpkeepWithoutScores(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	damaged, missing := p.finished(t, "damaged", 0.1, 0.7, 0.7), p.finished(t, "missing", 0.1, 0.7, 0.7)
	p.finished(t, "whole", 0.1, 0.7, 0.7)
	if err := p.keep(t.Context(), "acme", damaged.Sensitivity.ScoresKey, bytes.NewReader([]byte("rrs?"))); err != nil {
		t.Fatal(err)
	}
	if err := p.Blobs.Delete(t.Context(), "acme", missing.Sensitivity.ScoresKey); err != nil {
		t.Fatal(err)
	}
	p.choose(t, 1, 0.5, 0.65)
	if err := p.upkeep().Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.video(t, "damaged").Sensitivity; s.ScoresKey != "" || s.Verdict != models.VerdictReview || s.PolicyVersion != 1 {
		t.Errorf("damaged: %+v", s)
	}
	if s := p.video(t, "missing").Sensitivity; s.ScoresKey == "" || s.Verdict != models.VerdictReview || s.PolicyVersion != 1 {
		t.Errorf("missing: %+v", s)
	}
	if s := p.video(t, "whole").Sensitivity; s.Verdict != models.VerdictFlagged {
		t.Errorf("whole: %+v", s)
	}
	// A service that is away ends the pass, and nothing is given up for it.
	p.choose(t, 2, 0.1, 0.2)
	away := models.Errorf(models.CodeUnavailable, "away")
	u := p.upkeep()
	u.Blobs = awayBlobs{p.Blobs, away}
	if err := u.Pass(t.Context()); !errors.Is(err, away) {
		t.Errorf("the blobs are away: %v", err)
	}
	if s := p.video(t, "whole").Sensitivity; s.ScoresKey == "" || s.PolicyVersion != 2 {
		t.Errorf("whole: %+v", s)
	}
}

// blobsHook calls before each blob that is opened.
type blobsHook struct {
	models.Blobs
	before func()
}

func (b blobsHook) Open(ctx context.Context, org, key string) (models.Blob, error) {
	b.before()
	return b.Blobs.Open(context.WithoutCancel(ctx), org, key)
}

// brokenBlobs cannot read one blob.
type brokenBlobs struct {
	models.Blobs
	broken string
}

func (b brokenBlobs) Open(ctx context.Context, org, key string) (models.Blob, error) {
	if key == b.broken {
		return nil, models.Errorf(models.CodeUnavailable, "The storage of files failed.").Again(time.Second)
	}
	return b.Blobs.Open(ctx, org, key)
}

// Scores that cannot be read hold up no other video of the organization, and no
// other organization.
func TestUpkeepGoesOnAfterABrokenFile(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	broken := p.finished(t, "broken", 0.5, 0.5)
	for i := range 5 {
		p.finished(t, "whole-"+strconv.Itoa(i), 0.5, 0.5)
	}
	p.choose(t, 1, 0.4, 0.9)
	next := models.DefaultPolicy()
	next.ReviewAt = 0.4
	if _, err := p.Policies.ChangePolicy(t.Context(), "other", models.SetPolicy(1, next, "amy", models.NewID(time.Now()))); err != nil {
		t.Fatal(err)
	}
	u := p.upkeep()
	u.Blobs = brokenBlobs{p.Blobs, broken.Sensitivity.ScoresKey}
	if err := u.Pass(t.Context()); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("the pass says %v", err)
	}
	for i := range 5 {
		if v := p.video(t, "whole-"+strconv.Itoa(i)); v.Sensitivity.PolicyVersion != 2 || v.Sensitivity.Verdict != models.VerdictReview {
			t.Errorf("%s: %+v", v.ID, v.Sensitivity)
		}
	}
	if list, err := p.Policies.(models.Store).ListAudit(t.Context(), "other", models.AuditPage{}); err != nil || len(list.Entries) != 1 {
		t.Errorf("the trail of another organization: %+v, %v", list.Entries, err)
	}
}

type awayBlobs struct {
	models.Blobs
	err error
}

func (b awayBlobs) Open(context.Context, string, string) (models.Blob, error) { return nil, b.err }

// deletingBlobs lose a video, with its record, when its scores are asked for.
type deletingBlobs struct {
	models.Blobs
	p *Pipeline
	t *testing.T
}

func (b deletingBlobs) Open(ctx context.Context, org, key string) (models.Blob, error) {
	if _, err := b.p.Publisher.Advance(ctx, org, "gone", models.Delete()); err != nil {
		b.t.Error(err)
	}
	return nil, models.ErrNotFound
}

// A video that is deleted meanwhile misses no scores: its organization's others
// are looked for as soon as ever.
func TestUpkeepMissesNothingOfTheDeleted(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.finished(t, "gone", 0.5, 0.5)
	p.choose(t, 1, 0.4, 0.9)
	u := p.upkeep()
	u.Blobs = deletingBlobs{p.Blobs, p, t}
	if err := u.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, ok := u.seen["acme"]; !ok || s.at.After(time.Now()) {
		t.Errorf("seen %v, %v", s, ok)
	}
}
