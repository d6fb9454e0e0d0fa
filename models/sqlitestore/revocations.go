package sqlitestore

import (
	"context"
	"database/sql"
	"time"

	"reelroom/models"
	"reelroom/models/record"
)

const (
	revocationColumns = `seq, organization_id, kind, subject, at, until, by_user`
	subjectQuery      = `SELECT ` + revocationColumns + ` FROM revocations WHERE organization_id = ? AND kind = ? AND subject = ?`
	activeQuery       = `SELECT count(*) FROM revocations WHERE organization_id = ? AND kind = ? AND until > ?`
	pruneQuery        = `DELETE FROM revocations WHERE until <= ?`
)

// Revoke adds a revocation. See [models.Revocations].
//
// Writers stand in line, and AUTOINCREMENT never gives a number twice: the
// order of seq is the order of commits.
func (s *Store) Revoke(ctx context.Context, org string, r models.Revocation) (kept models.Revocation, err error) {
	err = s.spend(func() (_ purpose, err error) {
		kept, err = s.revoke(ctx, org, r)
		return freeing, err
	})
	return kept, err
}

func (s *Store) revoke(ctx context.Context, org string, r models.Revocation) (models.Revocation, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.Revocation{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	earlier, err := revocations(ctx, tx, subjectQuery, org, string(r.Kind), r.Subject)
	if err != nil {
		return models.Revocation{}, err
	}
	now := s.now()
	r, needed, err := record.Revocation(org, r, earlier, now)
	if err != nil || !needed {
		return r, err
	}
	if len(earlier) == 0 {
		var active int
		if err := tx.QueryRowContext(ctx, activeQuery, org, string(r.Kind), now.UnixMilli()).Scan(&active); err != nil {
			return models.Revocation{}, failure(ctx, err)
		}
		if active >= models.MaxRevocations {
			return models.Revocation{}, models.ErrRevocationsFull
		}
	}
	if _, err := tx.ExecContext(ctx, pruneQuery, now.Add(-record.RevocationGrace).UnixMilli()); err != nil {
		return models.Revocation{}, failure(ctx, err)
	}
	// Replacing gives the row a new number, and so brings it to the readers.
	row := tx.QueryRowContext(ctx, `INSERT OR REPLACE INTO revocations
		(organization_id, kind, subject, at, until, by_user) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq`,
		org, string(r.Kind), r.Subject, r.At.UnixMilli(), r.Until.UnixMilli(), r.By)
	if err = row.Scan(&r.Seq); err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return models.Revocation{}, failure(ctx, err)
	}
	return r, nil
}

// Since returns what was revoked after a place. See [models.Revocations].
func (s *Store) Since(ctx context.Context, after int64, limit int) ([]models.Revocation, error) {
	return revocations(ctx, s.read, `SELECT `+revocationColumns+` FROM revocations WHERE seq > ? ORDER BY seq LIMIT ?`,
		after, record.Limit(limit))
}

type rowsQueryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func revocations(ctx context.Context, from rowsQueryer, query string, args ...any) ([]models.Revocation, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer rows.Close()
	var found []models.Revocation
	for rows.Next() {
		var r models.Revocation
		var at, until int64
		if err := rows.Scan(&r.Seq, &r.OrganizationID, &r.Kind, &r.Subject, &at, &until, &r.By); err != nil {
			return nil, failure(ctx, err)
		}
		r.At, r.Until = time.UnixMilli(at).UTC(), time.UnixMilli(until).UTC()
		found = append(found, r)
	}
	return found, failure(ctx, rows.Err())
}
