package sqlitestore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/record"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder", "100% #1?")
	s := open(t, filepath.Join(dir, "x.db"))
	if _, err := s.Create(t.Context(), "acme", models.Video{ID: "v"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Fatalf("%v, %v: want database, log, shared memory, lock and reserve", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	first := open(t, path)
	_, err := Open(t.Context(), path)
	if models.CodeOf(err) != models.CodeUnavailable || !strings.Contains(err.Error(), "Another Reelroom is running") {
		t.Errorf("a second one: %v", err)
	}
	if err := first.Ping(t.Context()); err != nil {
		t.Errorf("the first one: %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Error(err)
	}
	open(t, path)
}

func TestLaterVersionIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	if _, err := s.write.Exec(`PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	_ = s.Close(t.Context())
	for range 2 { // a refusal leaves no lock
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "later version") {
			t.Errorf("schema 99: %v", err)
		}
	}
}

func TestSettingsOfTheFile(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "user_version": fmt.Sprint(len(migrations))} {
		var got string
		if err := s.write.QueryRow(`PRAGMA ` + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
		}
	}
	if _, err := s.read.Exec(`DELETE FROM videos`); err == nil {
		t.Error("a reader may write")
	}
}

// Searches walk an index in order: no sorting, no scan of the whole table.
func TestSearchesUseTheirIndex(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	trail := func(page models.AuditPage) string {
		query, _, err := auditQuery("acme", page)
		if err != nil {
			t.Fatal(err)
		}
		return query
	}
	place := record.Cursor{CreatedAt: time.UnixMilli(1), ID: "x"}.String()
	for query, index := range map[string]string{
		unsettledQuery:        "videos_unsettled",
		waitingQuery:          "videos_waiting",
		unsettledBatchesQuery: "batches_unsettled",
		trimBatchesQuery:      "batches_by_age",
		`SELECT document FROM videos WHERE organization_id = ? AND id = ?`: "sqlite_autoindex_videos_1",
		subjectQuery:                          "sqlite_autoindex_revocations_1",
		activeQuery:                           "revocations_active",
		outdatedQuery:                         "videos_assessed",
		tallyQuery:                            "videos_of_batch", // a dozen groups are sorted
		trail(models.AuditPage{}):             "audit_listed",
		trail(models.AuditPage{After: place}): "audit_listed",
		trail(models.AuditPage{VideoID: "v", After: place}): "audit_of_video",
		trail(models.AuditPage{By: "u", After: place}):      "audit_of_actor",
		trail(models.AuditPage{Action: "x", After: place}):  "audit_of_action",
		trail(models.AuditPage{VideoID: "v"}):               "audit_of_video",
		trail(models.AuditPage{By: "u"}):                    "audit_of_actor",
		trail(models.AuditPage{Action: "x"}):                "audit_of_action",
	} {
		rows, err := s.read.Query(`EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "?"))...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		rows.Close()
		if all := strings.Join(plan, "; "); len(plan) != 1 && query != tallyQuery || !strings.Contains(all, "INDEX "+index) {
			t.Errorf("%s\nis done by %s", query, all)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	t.Run("limited file", func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "x.db"))
		fill(t, s, func() {
			if _, err := s.write.Exec(`PRAGMA max_page_count = 100`); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if _, err := s.write.Exec(`PRAGMA max_page_count = 1000000`); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("small file system", func(t *testing.T) {
		dir, ok := modelstest.SmallDisk(t, 4<<20)
		if !ok {
			t.Log("this process may not mount one; the other way must do")
			return
		}
		ballast := filepath.Join(dir, "ballast")
		s := open(t, filepath.Join(dir, "x.db"))
		fill(t, s, func() {
			if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// fill writes until the disk is full. What was written before stays readable,
// and when there is room again, writing goes on.
func fill(t *testing.T, s *Store, limit, relieve func()) {
	t.Helper()
	first, err := s.Create(t.Context(), "acme", models.Video{ID: "first", Title: strings.Repeat("x", 10_000)})
	if err != nil {
		t.Fatal(err)
	}
	limit()
	written := 0
	for ; err == nil && written < 2000; written++ {
		_, err = s.Create(t.Context(), "acme", models.Video{ID: fmt.Sprint(written), Title: first.Title})
	}
	if models.CodeOf(err) != models.CodeStorageFull {
		t.Fatalf("after %d records: %v", written, err)
	}
	if _, err := s.Get(t.Context(), "acme", "first"); err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
	if _, err := s.Get(t.Context(), "acme", fmt.Sprint(written-1)); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("the one that was refused: %v", err)
	}
	relieve()
	if _, err := s.Advance(t.Context(), "acme", "first", modelstest.Edit("again")); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

// On a disk without a free byte, what frees space is written, also by a process
// that starts there, and what brings new work is not.
func TestFullDiskLetsGo(t *testing.T) {
	t.Parallel()
	dir, ok := modelstest.SmallDisk(t, 16<<20)
	if !ok {
		testenv.Missing(t, "right to mount a small disk")
	}
	path, ctx := filepath.Join(dir, "x.db"), t.Context()
	s := open(t, path)
	const videos = 200
	for i := range videos {
		if _, err := s.Create(ctx, "acme", models.Video{ID: fmt.Sprint(i), Title: strings.Repeat("x", 150)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	modelstest.FillDisk(t, dir)
	s = open(t, path)
	modelstest.FillDisk(t, dir)
	if _, err := s.Create(ctx, "acme", models.Video{ID: "more"}); models.CodeOf(err) != models.CodeStorageFull {
		t.Errorf("new work was answered %v", err)
	}
	for i := range videos {
		for _, change := range []models.Transition{models.Cancel(), models.Delete()} {
			if v, err := s.Advance(ctx, "acme", fmt.Sprint(i), models.Audited(change, models.AuditEntry{ID: "e", By: "ann", Action: models.AuditDelete})); err != nil {
				t.Fatalf("video %d: %v", i, err)
			} else if err := s.AppendAudit(ctx, "acme", v.Audit[0]); err != nil {
				t.Fatalf("the entry of video %d: %v", i, err)
			}
		}
		if i%20 == 0 {
			modelstest.FillDisk(t, dir) // others take what was released
		}
	}
	for i := range videos {
		if err := s.Purge(ctx, "acme", fmt.Sprint(i)); err != nil {
			t.Fatalf("video %d: %v", i, err)
		}
	}
	// With room again the reserve is filled up.
	modelstest.EmptyDisk(t, dir)
	s.reserve.filled = time.Time{}
	if _, err := s.Create(ctx, "acme", models.Video{ID: "more"}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if info, err := os.Stat(path + ".reserve"); err != nil || info.Size() < 1<<20 {
		t.Errorf("the reserve is %+v, %v", info, err)
	}
}
