package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"reelroom/models"
	"reelroom/models/record"
)

// Create adds a queued record. See [models.Videos].
func (s *Store) Create(ctx context.Context, org string, v models.Video) (models.Video, error) {
	v, err := record.First(org, v, s.now())
	if err != nil {
		return models.Video{}, err
	}
	document, err := json.Marshal(&v)
	if err != nil {
		return models.Video{}, internal(err)
	}
	_, err = s.exec(ctx, taking, `INSERT INTO videos
		(lease_until, rev, published_rev, assessed_under, document, status, attempt, title_key, name_key, size, duration, verdict,
			batch_id, created_at, organization_id, id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		slices.Concat(columns(&v, document), standing(&v), listed(&v), []any{v.BatchID, v.CreatedAt.UnixMilli(), v.OrganizationID, v.ID})...)
	if err != nil {
		return models.Video{}, err
	}
	return v, nil
}

// columns are the values of a row that any write may change.
func columns(v *models.Video, document []byte) []any {
	lease := int64(0)
	if v.Lease.Worker != "" {
		lease = v.Lease.Until.UnixMilli()
	}
	return []any{lease, v.Rev, v.PublishedRev, v.AssessedUnder(), string(document)}
}

// standing are those that few writes change.
func standing(v *models.Video) []any { return []any{string(v.Status), v.Attempt} }

// Get returns one record. See [models.Videos].
func (s *Store) Get(ctx context.Context, org, id string) (models.Video, error) {
	return get(ctx, s.read, org, id)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func get(ctx context.Context, from queryer, org, id string) (v models.Video, err error) {
	var document []byte
	row := from.QueryRowContext(ctx,
		`SELECT document FROM videos WHERE organization_id = ? AND id = ? AND status <> 'deleted'`, org, id)
	if err := row.Scan(&document); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return v, models.ErrNotFound
		}
		return v, failure(ctx, err)
	}
	return v, internal(json.Unmarshal(document, &v))
}

// Advance applies a transition. See [models.Videos].
func (s *Store) Advance(ctx context.Context, org, id string, t models.Transition) (v models.Video, err error) {
	err = s.spend(func() (p purpose, err error) {
		if v, err = s.advance(ctx, org, id, t); v.Status == models.StatusDeleted || v.Status == models.StatusCancelled {
			return freeing, err
		}
		return keeping, err
	})
	if err != nil {
		return models.Video{}, err
	}
	return v, nil
}

// advance is one try. What it returns beside an error was not written.
func (s *Store) advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	v, err := get(ctx, tx, org, id)
	if err != nil {
		return models.Video{}, err
	}
	before := slices.Concat(standing(&v), listed(&v))
	if v, err = record.Step(v, t, s.now()); err != nil {
		return models.Video{}, err
	}
	document, err := json.Marshal(&v)
	if err != nil {
		return models.Video{}, internal(err)
	}
	set, args := `lease_until = ?, rev = ?, published_rev = ?, assessed_under = ?, document = ?`, columns(&v, document)
	if after := slices.Concat(standing(&v), listed(&v)); !reflect.DeepEqual(before, after) {
		// Naming a column rewrites each index that has it, whatever its value.
		set += `, status = ?, attempt = ?, title_key = ?, name_key = ?, size = ?, duration = ?, verdict = ?`
		args = append(args, after...)
	}
	_, err = tx.ExecContext(ctx, `UPDATE videos SET `+set+` WHERE organization_id = ? AND id = ?`, append(args, org, id)...)
	if err == nil {
		err = tx.Commit()
	}
	return v, failure(ctx, err)
}

func (s *Store) query(ctx context.Context, query string, args ...any) ([]models.Video, error) {
	return documents[models.Video](ctx, s.read, query, args...)
}
