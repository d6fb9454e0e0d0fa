package sqlitestore

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
)

// An organization that has as many revocations as are kept is told so; what is
// in force can still be renewed, and neither the other kind nor another
// organization is touched by it.
func TestRevocationsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	_, err := s.write.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO revocations (organization_id, kind, subject, at, until, by_user)
		SELECT 'acme', 'user', 'u' || i, 0, ?, '' FROM n`, models.MaxRevocations, models.Forever.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	user := func(id string) models.Revocation {
		return models.Revocation{Kind: models.RevokeUser, Subject: id}
	}
	if _, err := s.Revoke(t.Context(), "acme", user("one-more")); !errors.Is(err, models.ErrRevocationsFull) {
		t.Errorf("one more: %v", err)
	}
	if r, err := s.Revoke(t.Context(), "acme", user("u7")); err != nil || r.Seq <= models.MaxRevocations {
		t.Errorf("one of them again: %+v, %v", r, err)
	}
	if _, err := s.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeToken, Subject: "t"}); err != nil {
		t.Errorf("a token: %v", err)
	}
	if _, err := s.Revoke(t.Context(), "globex", user("one-more")); err != nil {
		t.Errorf("another organization: %v", err)
	}
	if _, err := s.write.Exec(`UPDATE revocations SET until = ? WHERE subject = 'u9'`, time.Now().Add(-time.Minute).UnixMilli()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revoke(t.Context(), "acme", user("one-more")); err != nil {
		t.Errorf("when one is over: %v", err)
	}
}
