package sqlitestore

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/record"
)

// A list walks one index in its order: nothing is sorted but what a batch holds.
func TestListsUseTheirIndex(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	for _, sort := range models.Sorts {
		for n, page := range []models.Page{
			{}, {Status: []models.Status{models.StatusFailed}}, {Verdicts: models.Verdicts}, {Query: "x"},
			{Query: "x", Verdicts: models.Verdicts[:1], Status: models.ListedStatuses[:2]}, {Batch: "b"}, {Batch: "b", Query: "x"},
		} {
			page.Sort = sort
			selection, err := record.Select(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, after := range []*record.Place{nil, {ID: "a"}} {
				selection.After = after
				query, args := listQuery("acme", &selection)
				plan := planOf(t, s, query, args)
				want := sorted[selection.Field].index
				if page.Batch != "" {
					want = "videos_of_batch"
				}
				sorts := page.Batch != "" && selection.Field != "createdAt"
				if !strings.Contains(plan, "SEARCH videos USING INDEX "+want+" (organization_id=?") || strings.Contains(plan, "TEMP B-TREE") != sorts ||
					after != nil && !sorts && !strings.Contains(plan, "("+sorted[selection.Field].column+",id)") {
					t.Errorf("%s, %d: %s\nis done by %s", sort, n, query, plan)
				}
			}
		}
	}
	if plan := planOf(t, s, countQuery, []any{"acme"}); !strings.Contains(plan, "SEARCH video_counts USING PRIMARY KEY (organization_id=?)") {
		t.Errorf("counting is done by %s", plan)
	}
}

func planOf(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := s.read.Query(`EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var a, b, c int
		var detail string
		if err := rows.Scan(&a, &b, &c, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "; ")
}

// Records of a file from before lists were searched and sorted are listed as
// those made today: so are those of a file with more of them than are filled at
// once, and one that nobody can read hinders nothing.
func TestVideosFromBeforeSearch(t *testing.T) {
	t.Parallel()
	before := slices.Index(migrations, listingMigration)
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range migrations[:before] {
		if _, err := db.Exec(m); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	insert := func(v models.Video, document []byte) {
		_, err = tx.Exec(`INSERT INTO videos (organization_id, id, status, created_at, lease_until, rev, published_rev, document)
			VALUES ('acme', ?, ?, ?, 0, 1, 1, ?)`, v.ID, string(v.Status), v.CreatedAt.UnixMilli(), string(document))
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []models.Video
	for i := range 1203 {
		v := models.Video{
			ID: fmt.Sprintf("%04d", i), OrganizationID: "acme", Title: fmt.Sprintf("Ä\x00%d", i*7919%1203), Status: models.StatusCompleted,
			File: models.File{Name: fmt.Sprintf("CLIP%d.MP4", i), Size: int64(i % 7)}, CreatedAt: time.UnixMilli(int64(i / 2)).UTC(),
			Sensitivity: &models.Sensitivity{Verdict: models.Verdicts[i%3]},
		}
		if i%2 == 0 {
			v.Status, v.Sensitivity, v.Metadata = models.StatusFailed, nil, &models.Metadata{DurationSeconds: float64(i%5) / 3}
		}
		document, err := json.Marshal(&v)
		if err != nil {
			t.Fatal(err)
		}
		insert(v, document)
		all = append(all, v)
	}
	insert(models.Video{ID: "broken", Status: models.StatusDeleted}, []byte("{"))
	if _, err := tx.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, before)); err != nil || tx.Commit() != nil || db.Close() != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for _, sort := range models.Sorts {
		for _, page := range []models.Page{{}, {Query: "ä\x001"}, {Query: "clip11"}, {Verdicts: models.Verdicts[1:2]}, {Status: []models.Status{models.StatusFailed}}} {
			page.Sort, page.Limit = sort, 100
			want := modelstest.Listed(all, page)
			found, err := s.List(t.Context(), "acme", page)
			if err != nil || len(found.Videos) != min(len(want), 100) {
				t.Fatalf("%+v: %d, %v", page, len(found.Videos), err)
			}
			for i, v := range found.Videos {
				if v.ID != want[i].ID {
					t.Fatalf("%+v: %s stands at %d, not %s", page, v.ID, i, want[i].ID)
				}
			}
		}
	}
	counts, err := s.Count(t.Context(), "acme")
	if want := modelstest.Counted(all); err != nil || fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("counted %v, %v, want %v", counts, err, want)
	}
}

// A write that changes nothing of what lists ask for touches none of their
// indices.
func TestQuietWrites(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	v, err := s.Create(t.Context(), "acme", models.Video{ID: "v", Title: "One"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.write.Exec(`CREATE TABLE touched (n); CREATE TRIGGER touching AFTER UPDATE OF status, title_key, size, verdict ON videos BEGIN INSERT INTO touched VALUES (1); END`)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range []models.Transition{
		models.Published(v.Rev),
		func(v *models.Video, _ time.Time) error { v.Title = "Two"; return nil },
		models.Claim("w", 1),
	} {
		if _, err := s.Advance(t.Context(), "acme", "v", change); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.read.QueryRow(`SELECT COUNT(*) FROM touched`).Scan(&n); err != nil || n != want {
			t.Errorf("after %d: %d writes of what is listed, %v", want, n, err)
		}
	}
}
