package modelstest

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

func createAndGet(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	given := models.Video{
		ID: "v1", OrganizationID: globex, Title: "Holiday", UploadedBy: "u1", File: models.File{Key: "videos/v1/file", Size: 7},
		Status: models.StatusCompleted, Rev: 9, PublishedRev: 9, Version: 9, Fence: 9, Attempt: 9, Lapses: []string{"dead"},
		Lease: models.Lease{Worker: "w"}, CreatedAt: time.Unix(1, 0), FinishedAt: time.Unix(2, 0),
	}
	v, err := store.Create(ctx, acme, given)
	if err != nil {
		t.Fatal(err)
	}
	if v.OrganizationID != acme || v.Status != models.StatusQueued || v.Attempt != 1 || v.Rev != 1 || v.PublishedRev != 0 || v.Version != 1 {
		t.Errorf("a new record is %+v", v)
	}
	if v.Lease != (models.Lease{}) || v.Lapses != nil || !v.FinishedAt.IsZero() || v.CreatedAt.Year() < 2020 || !v.CreatedAt.Equal(v.UpdatedAt) {
		t.Errorf("a new record has a past: %+v", v)
	}
	if v.Title != "Holiday" || v.UploadedBy != "u1" || v.File != given.File {
		t.Errorf("a new record lost what was given: %+v", v)
	}
	same(t, store, v)

	_, err = store.Create(ctx, acme, models.Video{ID: "v1", Title: "Other"})
	code(t, "the same id again", err, models.CodeConflict)
	same(t, store, v)
	_, err = store.Get(ctx, acme, "v2")
	code(t, "absent", err, models.CodeNotFound)
	for _, bad := range [][2]string{{"", "v"}, {acme, ""}, {acme, "a b"}, {"a\nb", "v"}, {acme, "\xff"}} {
		_, err := store.Create(ctx, bad[0], models.Video{ID: bad[1]})
		code(t, "create with a bad id", err, models.CodeInvalid)
		_, err = store.Get(ctx, bad[0], bad[1])
		code(t, "get with a bad id", err, models.CodeNotFound)
		_, err = store.Advance(ctx, bad[0], bad[1], Edit("x"))
		code(t, "advance with a bad id", err, models.CodeNotFound)
	}
	if err := store.Ping(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func createRaced(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	var won, lost atomic.Int32
	race(16, func(i int) {
		switch _, err := stores[i%2].Create(ctx, acme, models.Video{ID: "one"}); {
		case err == nil:
			won.Add(1)
		case models.CodeOf(err) == models.CodeConflict:
			lost.Add(1)
		default:
			t.Errorf("create: %v", err)
		}
	})
	if won.Load() != 1 || lost.Load() != 15 {
		t.Errorf("%d made the record, %d were told that it is taken", won.Load(), lost.Load())
	}
}

func wholeRecord(t *testing.T, s Stores) {
	store := s.fresh(t)
	v := create(t, store, acme)
	v = advance(t, store, v, func(v *models.Video, now time.Time) error {
		v.Title = "ünïcode 🎬 \"quoted\" \x00 \u2028 $set a.b <b>"
		v.File = models.File{Key: "k", Name: "../../etc/passwd", Size: math.MaxInt64, SHA256: "ab", MediaType: "video/mp4"}
		v.Metadata = &models.Metadata{
			DurationSeconds: 12.345678901234567, BitRate: 1 << 40, SizeBytes: 1 << 33,
			Video:    models.VideoStream{Codec: "h264", Width: 1920, Rotation: 270, FrameRate: 30000.0 / 1001},
			Audio:    []models.AudioTrack{{Codec: "aac", SampleRate: 48000}, {}},
			Chapters: []models.Chapter{},
		}
		v.Thumbnail = &models.Thumbnail{Key: "t", AtMs: -1, Placeholder: "1QcSHQRnh493V4dIh4eXh1h4kJUI"}
		v.Sensitivity = &models.Sensitivity{
			Verdict: models.VerdictReview, Scores: map[string]float64{"explicit": 0.1 + 0.2, "a.b": 1e-300, "$x": 0},
			Segments:       []models.SensitivitySegment{{StartMs: 1, EndMs: 2, Category: "explicit", Score: 1, EvidenceMs: 1}},
			Review:         &models.Review{Decision: models.DecisionApprove, Note: "ok <b>", By: "ann", At: now, Rev: 7},
			MachineVerdict: models.VerdictFlagged, PolicyVersion: 3, ScoresKey: "videos/v/n/scores-1.bin",
		}
		v.Warnings = []models.Warning{}
		v.Failure = &models.Failure{Code: models.CodeCorrupt, Stage: models.StageMetadata, Message: "x"}
		v.Lease = models.Lease{Worker: "w", Until: now.Add(far)}
		v.Fence, v.Lapses, v.PublishedRev = math.MaxInt64, []string{"x", "y"}, -1
		return nil
	})
	same(t, store, v)
	v = advance(t, store, v, func(v *models.Video, _ time.Time) error {
		v.Title, v.File.Name = "bad \xff\xfe utf-8", "\xc3.mp4"
		return nil
	})
	same(t, store, v)
	page, err := store.List(within(t), acme, models.Page{})
	if err != nil || len(page.Videos) != 1 || page.Videos[0].Title != v.Title {
		t.Errorf("list: %+v, %v", page, err)
	}
}

func times(t *testing.T, s Stores) {
	store := s.fresh(t)
	v := create(t, store, acme)
	zone := time.FixedZone("elsewhere", 5*3600)
	v = advance(t, store, v, func(v *models.Video, now time.Time) error {
		if now.Location() != time.UTC || now.Nanosecond()%1e6 != 0 || now != now.Round(0) {
			t.Errorf("the store's time is %v", now)
		}
		if off := time.Since(now).Abs(); off > time.Minute {
			t.Errorf("the store's time is off by %v", off)
		}
		v.FinishedAt = now.Add(123456 * time.Nanosecond).In(zone)
		v.StartedAt = time.Now()
		v.CreatedAt, v.ID, v.OrganizationID = now.Add(far), "other", "other"
		return nil
	})
	if v.FinishedAt.Location() != time.UTC || v.FinishedAt.Nanosecond()%1e6 != 0 || v.StartedAt.Nanosecond()%1e6 != 0 {
		t.Errorf("kept %v and %v", v.FinishedAt, v.StartedAt)
	}
	if v.OrganizationID != acme || !v.CreatedAt.Before(time.Now().Add(far/2)) {
		t.Errorf("a transition renamed or moved the record: %+v", v)
	}
	same(t, store, v)
}
