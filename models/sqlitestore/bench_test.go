package sqlitestore

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

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

// BenchmarkList is a page of 20 from the middle of 8,000 records.
func BenchmarkList(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "x.db"))
	tx, err := s.write.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := range 8000 {
		_, err := tx.Exec(`INSERT INTO videos VALUES ('acme', ?, 'completed', ?, 0, 1, 1, '{"id":"x","status":"completed"}')`, fmt.Sprint(i), i)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		page, err := s.List(context.Background(), "acme", models.Page{After: "NDAwMC54"})
		if err != nil || len(page.Videos) != 20 {
			b.Fatal(len(page.Videos), err)
		}
	}
}
