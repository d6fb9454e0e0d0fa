package sqlitestore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
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

// Accounts of a file in which an address stood in one organization only are kept,
// and the address may stand in another one.
func TestAccountsFromBeforeSharedAddresses(t *testing.T) {
	t.Parallel()
	before := slices.Index(migrations, addressMigration)
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(slices.Clone(migrations[:before]), fmt.Sprintf(`PRAGMA user_version = %d`, before),
		`INSERT INTO users (organization_id, id, email, first, document) VALUES
			('acme', 'u1', 'amy@example.com', 1, '{"id":"u1","organizationId":"acme","email":"amy@example.com","first":true,"reset":{"hash":"h"}}'),
			('acme', 'u2', 'bob@example.com', NULL, '{"id":"u2","organizationId":"acme","email":"bob@example.com"}')`) {
		if _, err := db.Exec(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if u, err := s.User(t.Context(), "acme", "u1"); err != nil || u.Email != "amy@example.com" || !u.First {
		t.Errorf("%+v, %v", u, err)
	}
	for _, c := range []struct {
		org  string
		u    models.User
		code models.Code
	}{
		{"globex", models.User{ID: "u3", Email: "amy@example.com"}, ""}, {"acme", models.User{ID: "u4", Email: "amy@example.com"}, models.CodeEmailTaken},
		{"globex", models.User{ID: "u5", Email: "eve@example.com", First: true}, models.CodeConflict}, {"acme", models.User{ID: "u2", Email: "carl@example.com"}, models.CodeConflict},
	} {
		if _, err := s.CreateUser(t.Context(), c.org, c.u); (err == nil) != (c.code == "") || err != nil && models.CodeOf(err) != c.code {
			t.Errorf("%s in %s: %v", c.u.Email, c.org, err)
		}
	}
	if found, err := s.UsersByEmail(t.Context(), "amy@example.com", "", 9); err != nil || len(found) != 2 || found[0].ID != "u1" {
		t.Errorf("%+v, %v", found, err)
	}
}
