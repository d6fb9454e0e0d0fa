package sqlitestore

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// BenchmarkAdvance is one durable compare-and-set: read, apply, write, sync.
func BenchmarkAdvance(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "x.db"))
			v, err := s.Create(context.Background(), "acme", models.Video{ID: "v"})
			if err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(writers) // goroutines per processor
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Advance(context.Background(), "acme", v.ID, modelstest.Edit("x")); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "advances/s")
		})
	}
}

// BenchmarkList is a page of 20 of 10,000 and of 100,000 videos, whose records
// have the size of real ones: the first, one from the middle, and the first of a
// search that few match.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		s := open(b, filepath.Join(b.TempDir(), "x.db"))
		fillLibrary(b, s, n)
		for _, sort := range models.Sorts {
			middle := models.Page{Sort: sort, Limit: 100}
			for range n / 200 {
				page, err := s.List(context.Background(), "acme", middle)
				if err != nil {
					b.Fatal(err)
				}
				middle.After = page.NextCursor
			}
			middle.Limit = 20
			for name, page := range map[string]models.Page{
				"first": {Sort: sort}, "deep": middle, "search": {Sort: sort, Query: "7777"},
				"nothing": {Sort: sort, Query: "no such thing"}, "failed": {Sort: sort, Status: []models.Status{models.StatusFailed}},
			} {
				b.Run(fmt.Sprintf("videos=%d/sort=%s/%s", n, sort, name), func(b *testing.B) {
					for b.Loop() {
						if page, err := s.List(context.Background(), "acme", page); err != nil || len(page.Videos) == 0 && name != "nothing" {
							b.Fatal(len(page.Videos), err)
						}
					}
				})
			}
		}
		b.Run(fmt.Sprintf("videos=%d/count", n), func(b *testing.B) {
			for b.Loop() {
				if counts, err := s.Count(context.Background(), "acme"); err != nil || counts.Total != n {
					b.Fatal(counts, err)
				}
			}
		})
	}
}

// fillLibrary adds n completed videos, of which one in a thousand failed.
func fillLibrary(b *testing.B, s *Store, n int) {
	b.Helper()
	tx, err := s.write.Begin()
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.Prepare(`INSERT INTO videos
		(organization_id, id, status, created_at, lease_until, rev, published_rev, document, title_key, name_key, size, duration, verdict)
		VALUES ('acme', ?, ?, ?, 0, 1, 1, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		v := models.Video{
			ID: fmt.Sprintf("%026d", i), OrganizationID: "acme", Title: fmt.Sprintf("Title of video %d", i*7919%n), Status: models.StatusCompleted,
			File:        models.File{Name: fmt.Sprintf("VID_%08d.mp4", i), Size: int64(i * 104729 % n)},
			Metadata:    &models.Metadata{DurationSeconds: float64(i * 1299709 % n)},
			Sensitivity: &models.Sensitivity{Verdict: models.Verdicts[i%3], Scope: models.SensitivityScope, Segments: make([]models.SensitivitySegment, 12)},
			CreatedAt:   time.UnixMilli(int64(i)),
		}
		if i%1000 == 0 {
			v.Status = models.StatusFailed
		}
		document, err := json.Marshal(&v)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := insert.Exec(append([]any{v.ID, string(v.Status), i, string(document)}, listed(&v)...)...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
