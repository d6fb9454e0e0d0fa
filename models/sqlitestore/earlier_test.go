package sqlitestore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
)

// A file of the schema before policies, with a video of that time: it is read,
// reviewed, and never assessed again, as its scores were not kept.
func TestVideosFromBeforePolicies(t *testing.T) {
	t.Parallel()
	const before = 4
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
	const document = `{"id":"v","organizationId":"acme","title":"old","status":"completed","attempt":1,"rev":5,"publishedRev":5,"version":7,
		"sensitivity":{"verdict":"flagged","scores":{"explicit":0.9},"segments":[{"startMs":1,"endMs":2,"category":"explicit","score":0.9}],"frames":3},
		"createdAt":"2026-01-01T00:00:00Z"}`
	_, err = db.Exec(`INSERT INTO videos (organization_id, id, status, created_at, lease_until, rev, published_rev, document)
		VALUES ('acme', 'v', 'completed', 1767225600000, 0, 5, 5, ?)`, document)
	if err == nil {
		_, err = db.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, before))
	}
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	v, err := s.Get(t.Context(), "acme", "v")
	if err != nil || v.Sensitivity.Verdict != models.VerdictFlagged || v.Sensitivity.Machine() != models.VerdictFlagged {
		t.Fatalf("%+v, %v", v.Sensitivity, err)
	}
	if _, err := s.ChangePolicy(t.Context(), "acme", models.SetPolicy(1, models.Policy{FlagAt: 1, MinimumRun: 1}, "amy", "e")); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Outdated(t.Context(), "acme", 2, models.AssessedRef{}, 10); err != nil || len(found) != 0 {
		t.Errorf("to be assessed again: %+v, %v", found, err)
	}
	v, err = s.Advance(t.Context(), "acme", "v", models.ReviewVideo(models.DecisionApprove, "", "amy"))
	if err != nil || v.Sensitivity.Verdict != models.VerdictSafe || v.Sensitivity.MachineVerdict != models.VerdictFlagged || v.UpdatedAt.Before(time.Now().Add(-time.Minute)) {
		t.Errorf("reviewed: %+v, %v", v.Sensitivity, err)
	}
}
