package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"reelroom/models"
	"reelroom/models/record"
)

// Policy returns an organization's policy. See [models.Policies].
func (s *Store) Policy(ctx context.Context, org string) (models.PolicyRecord, error) {
	return policy(ctx, s.read, org)
}

func policy(ctx context.Context, from queryer, org string) (models.PolicyRecord, error) {
	r := record.FirstPolicy(org)
	var document []byte
	err := from.QueryRowContext(ctx, `SELECT document FROM policies WHERE organization_id = ?`, org).Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	if err != nil {
		return r, failure(ctx, err)
	}
	return r, internal(json.Unmarshal(document, &r))
}

// ChangePolicy applies a change. See [models.Policies].
func (s *Store) ChangePolicy(ctx context.Context, org string, c models.PolicyChange) (r models.PolicyRecord, err error) {
	err = s.spend(func() (_ purpose, err error) {
		r, err = s.changePolicy(ctx, org, c)
		return keeping, err
	})
	return r, err
}

func (s *Store) changePolicy(ctx context.Context, org string, c models.PolicyChange) (models.PolicyRecord, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.PolicyRecord{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	r, err := policy(ctx, tx, org)
	if err != nil {
		return models.PolicyRecord{}, err
	}
	if r, err = record.StepPolicy(r, c, s.now()); err != nil {
		return models.PolicyRecord{}, err
	}
	document, err := json.Marshal(&r)
	if err != nil {
		return models.PolicyRecord{}, internal(err)
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO policies (organization_id, document) VALUES (?, ?)`, org, string(document))
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return models.PolicyRecord{}, failure(ctx, err)
	}
	return r, nil
}

// ChosenPolicies returns what was ever written. See [models.Policies].
func (s *Store) ChosenPolicies(ctx context.Context, after string, limit int) ([]models.PolicyRecord, error) {
	return documents[models.PolicyRecord](ctx, s.read,
		`SELECT document FROM policies WHERE organization_id > ? ORDER BY organization_id LIMIT ?`, after, record.Limit(limit))
}

// Outdated returns videos that an older policy assessed. See [models.Policies].
func (s *Store) Outdated(ctx context.Context, org string, version int, after models.AssessedRef, limit int) ([]models.Video, error) {
	return s.query(ctx, outdatedQuery, org, version, after.Version, after.VideoID, record.Limit(limit))
}

const outdatedQuery = `SELECT document FROM videos
	WHERE ` + assessed + ` AND organization_id = ? AND assessed_under < ? AND (assessed_under, id) > (?, ?)
	ORDER BY assessed_under, id LIMIT ?`

// documents reads rows of one JSON document each.
func documents[T any](ctx context.Context, from rowsQueryer, query string, args ...any) ([]T, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		var document []byte
		if err := rows.Scan(&document); err != nil {
			return nil, failure(ctx, err)
		}
		var one T
		if err := json.Unmarshal(document, &one); err != nil {
			return nil, internal(err)
		}
		found = append(found, one)
	}
	return found, failure(ctx, rows.Err())
}
