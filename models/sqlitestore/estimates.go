package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"reelroom/models"
)

// Experience returns what was learned. See [models.Estimates].
func (s *Store) Experience(ctx context.Context) (models.Experience, error) {
	return experience(ctx, s.read)
}

func experience(ctx context.Context, from queryer) (e models.Experience, err error) {
	var document []byte
	err = from.QueryRowContext(ctx, `SELECT document FROM experience WHERE one = 1`).Scan(&document)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return e, nil
	case err != nil:
		return e, failure(ctx, err)
	}
	return e, internal(json.Unmarshal(document, &e))
}

// Learn changes what was learned; writers stand in line. See [models.Estimates].
func (s *Store) Learn(ctx context.Context, change func(*models.Experience)) (models.Experience, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return models.Experience{}, failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	e, err := experience(ctx, tx)
	if err != nil {
		return models.Experience{}, err
	}
	if e, err = e.Changed(change); err != nil {
		return models.Experience{}, err
	}
	document, err := json.Marshal(&e)
	if err != nil {
		return models.Experience{}, internal(err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO experience (one, document) VALUES (1, ?)
		ON CONFLICT (one) DO UPDATE SET document = excluded.document`, string(document))
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return models.Experience{}, failure(ctx, err)
	}
	return e, nil
}
