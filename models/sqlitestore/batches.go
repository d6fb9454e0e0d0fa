package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"reelroom/models"
	"reelroom/models/record"
)

// CreateBatch adds a record. See [models.Batches].
func (s *Store) CreateBatch(ctx context.Context, org string, b models.Batch) (models.Batch, error) {
	b, err := record.FirstBatch(org, b, s.now())
	if err != nil {
		return models.Batch{}, err
	}
	document, err := json.Marshal(&b)
	if err != nil {
		return models.Batch{}, internal(err)
	}
	_, err = s.exec(ctx, taking, `INSERT INTO batches (organization_id, id, created_at, finished_at, document) VALUES (?, ?, ?, 0, ?)`,
		org, b.ID, b.CreatedAt.UnixMilli(), string(document))
	if err != nil {
		return models.Batch{}, err
	}
	return b, nil
}

// Batch returns one record. See [models.Batches].
func (s *Store) Batch(ctx context.Context, org, id string) (models.Batch, error) {
	return batch(ctx, s.read, org, id)
}

func batch(ctx context.Context, from queryer, org, id string) (b models.Batch, err error) {
	var document []byte
	err = from.QueryRowContext(ctx, `SELECT document FROM batches WHERE organization_id = ? AND id = ?`, org, id).Scan(&document)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return b, models.ErrNoBatch
	case err != nil:
		return b, failure(ctx, err)
	}
	return b, internal(json.Unmarshal(document, &b))
}

// AdvanceBatch applies a change. See [models.Batches].
func (s *Store) AdvanceBatch(ctx context.Context, org, id string, c models.BatchChange) (b models.Batch, err error) {
	err = s.spend(func() (p purpose, err error) {
		if b, err = s.advanceBatch(ctx, org, id, c); b.CancelledAt.IsZero() {
			return keeping, err
		}
		return freeing, err
	})
	if err != nil {
		return models.Batch{}, err
	}
	return b, nil
}

// advanceBatch is one try. What it returns beside an error was not written.
func (s *Store) advanceBatch(ctx context.Context, org, id string, c models.BatchChange) (models.Batch, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.Batch{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	b, err := batch(ctx, tx, org, id)
	if err != nil {
		return models.Batch{}, err
	}
	if b, err = record.StepBatch(b, c, s.now()); err != nil {
		return models.Batch{}, err
	}
	document, err := json.Marshal(&b)
	if err != nil {
		return models.Batch{}, internal(err)
	}
	finished := int64(0)
	if !b.FinishedAt.IsZero() {
		finished = b.FinishedAt.UnixMilli()
	}
	_, err = tx.ExecContext(ctx, `UPDATE batches SET finished_at = ?, document = ? WHERE organization_id = ? AND id = ?`,
		finished, string(document), org, id)
	if err == nil {
		err = tx.Commit()
	}
	return b, failure(ctx, err)
}

// TallyBatch counts the videos of a batch. See [models.Batches].
func (s *Store) TallyBatch(ctx context.Context, org, id string) (t models.BatchTally, err error) {
	rows, err := s.read.QueryContext(ctx, tallyQuery, org, id)
	if err != nil {
		return t, failure(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var status models.Status
		var attempt, n int
		if err := rows.Scan(&status, &attempt, &n); err != nil {
			return t, failure(ctx, err)
		}
		t.Add(status, attempt, n)
	}
	return t, failure(ctx, rows.Err())
}

const tallyQuery = `SELECT status, attempt, COUNT(*) FROM videos
	WHERE organization_id = ? AND ` + batched + ` AND batch_id = ? GROUP BY status, attempt`

// UnsettledBatches returns what has no outcome. See [models.Batches].
func (s *Store) UnsettledBatches(ctx context.Context, after models.BatchRef, limit int) ([]models.Batch, error) {
	return documents[models.Batch](ctx, s.read, unsettledBatchesQuery,
		record.Moment(after.CreatedAt).UnixMilli(), after.OrganizationID, after.BatchID, record.Limit(limit))
}

const unsettledBatchesQuery = `SELECT document FROM batches
	WHERE finished_at = 0 AND (created_at, organization_id, id) > (?, ?, ?)
	ORDER BY created_at, organization_id, id LIMIT ?`

// TrimBatches removes what ended long ago. See [models.Batches].
func (s *Store) TrimBatches(ctx context.Context, before time.Time) (int, error) {
	return s.exec(ctx, freeing, trimBatchesQuery, record.Moment(before).UnixMilli())
}

const trimBatchesQuery = `DELETE FROM batches WHERE finished_at > 0 AND finished_at < ?`
