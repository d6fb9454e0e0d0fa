package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

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
	_, err = s.write.ExecContext(ctx, `INSERT INTO videos
		(status, attempt, lease_until, rev, published_rev, assessed_under, document, batch_id, created_at, organization_id, id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(columns(&v, document), v.BatchID, v.CreatedAt.UnixMilli(), v.OrganizationID, v.ID)...)
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	return v, nil
}

// columns are the values, beside those that never change, that stand in a row.
func columns(v *models.Video, document []byte) []any {
	lease := int64(0)
	if v.Lease.Worker != "" {
		lease = v.Lease.Until.UnixMilli()
	}
	return []any{string(v.Status), v.Attempt, lease, v.Rev, v.PublishedRev, v.AssessedUnder(), string(document)}
}

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
func (s *Store) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	v, err := get(ctx, tx, org, id)
	if err != nil {
		return models.Video{}, err
	}
	if v, err = record.Step(v, t, s.now()); err != nil {
		return models.Video{}, err
	}
	document, err := json.Marshal(&v)
	if err != nil {
		return models.Video{}, internal(err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE videos
		SET status = ?, attempt = ?, lease_until = ?, rev = ?, published_rev = ?, assessed_under = ?, document = ?
		WHERE organization_id = ? AND id = ?`, append(columns(&v, document), org, id)...)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	return v, nil
}

// List returns a page, newest first. See [models.Videos].
func (s *Store) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	args := []any{org}
	if page.Batch != "" {
		args = append(args, page.Batch)
	}
	if page.After != "" {
		c, err := record.ParseCursor(page.After)
		if err != nil {
			return models.VideoPage{}, err
		}
		args = append(args, c.CreatedAt.UnixMilli(), c.ID)
	}
	statuses := record.Statuses(page)
	if len(statuses) == 0 {
		return models.VideoPage{}, nil
	}
	for _, status := range statuses {
		args = append(args, string(status))
	}
	found, err := s.query(ctx, listQuery(page.Batch != "", page.After != "", len(statuses)), append(args, page.Size()+1)...)
	return record.CutPage(page, found), err
}

func listQuery(batch, after bool, statuses int) string {
	query := `SELECT document FROM videos WHERE organization_id = ?`
	if batch {
		query += ` AND ` + batched + ` AND batch_id = ?`
	}
	if after {
		query += ` AND (created_at, id) < (?, ?)`
	}
	// The plus keeps the order of the index: no sorting by status first.
	return query + ` AND +status IN (?` + strings.Repeat(`, ?`, statuses-1) + `)
		ORDER BY created_at DESC, id DESC LIMIT ?`
}

func (s *Store) query(ctx context.Context, query string, args ...any) ([]models.Video, error) {
	return documents[models.Video](ctx, s.read, query, args...)
}
