package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"reelroom/models"
	"reelroom/models/record"
)

// CreateOrganization adds a record. See [models.Accounts].
func (s *Store) CreateOrganization(ctx context.Context, o models.Organization) (models.Organization, error) {
	o, err := record.FirstOrganization(o, s.now())
	if err != nil {
		return models.Organization{}, err
	}
	document, err := json.Marshal(&o)
	if err != nil {
		return models.Organization{}, internal(err)
	}
	if _, err = s.exec(ctx, taking, `INSERT INTO organizations (id, document) VALUES (?, ?)`, o.ID, string(document)); err != nil {
		return models.Organization{}, err
	}
	return o, nil
}

// account reads one document; [models.ErrNoAccount] when there is none.
func account[T any](ctx context.Context, from queryer, query string, args ...any) (found T, err error) {
	var document []byte
	err = from.QueryRowContext(ctx, query, args...).Scan(&document)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return found, models.ErrNoAccount
	case err != nil:
		return found, failure(ctx, err)
	}
	return found, internal(json.Unmarshal(document, &found))
}

const (
	organizationQuery = `SELECT document FROM organizations WHERE id = ?`
	userQuery         = `SELECT document FROM users WHERE organization_id = ? AND id = ?`
)

// Organization returns a record. See [models.Accounts].
func (s *Store) Organization(ctx context.Context, org string) (models.Organization, error) {
	return account[models.Organization](ctx, s.read, organizationQuery, org)
}

// AdvanceOrganization applies a change. See [models.Accounts].
func (s *Store) AdvanceOrganization(ctx context.Context, org string, c models.OrganizationChange) (o models.Organization, err error) {
	err = s.inTurn(ctx, func(tx *sql.Tx) (own, err error) {
		if o, err = account[models.Organization](ctx, tx, organizationQuery, org); err != nil {
			return nil, err
		}
		if o, err = record.StepOrganization(o, c, s.now()); err != nil {
			return err, nil
		}
		document, err := json.Marshal(&o)
		if err != nil {
			return nil, internal(err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE organizations SET document = ? WHERE id = ?`, string(document), org)
		return nil, err
	})
	if err != nil {
		return models.Organization{}, err
	}
	return o, nil
}

// CreateUser adds a user. See [models.Accounts].
func (s *Store) CreateUser(ctx context.Context, org string, u models.User) (models.User, error) {
	u, err := record.FirstUser(org, u, s.now())
	if err != nil {
		return models.User{}, err
	}
	document, err := json.Marshal(&u)
	if err != nil {
		return models.User{}, internal(err)
	}
	err = s.inTurn(ctx, func(tx *sql.Tx) (own, err error) {
		var taken bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE email = ? AND organization_id = ?)`, u.Email, org).Scan(&taken); err != nil {
			return nil, err
		}
		if taken {
			return models.ErrEmailTaken, nil
		}
		var first any // NULLs differ from each other
		if u.First {
			first = 1
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO users (organization_id, id, email, first, document) VALUES (?, ?, ?, ?, ?)`,
			org, u.ID, u.Email, first, string(document))
		return nil, err
	})
	if err != nil {
		return models.User{}, err
	}
	return u, nil
}

// User returns a record. See [models.Accounts].
func (s *Store) User(ctx context.Context, org, id string) (models.User, error) {
	return account[models.User](ctx, s.read, userQuery, org, id)
}

// UsersByEmail returns who has the address. See [models.Accounts].
func (s *Store) UsersByEmail(ctx context.Context, email, org string, limit int) ([]models.User, error) {
	return documents[models.User](ctx, s.read, `SELECT document FROM users WHERE email = ?1 AND (?2 = '' OR organization_id = ?2) ORDER BY id LIMIT ?3`, email, org, limit)
}

// ListUsers returns a page. See [models.Accounts].
func (s *Store) ListUsers(ctx context.Context, org string, page models.UserPage) ([]models.User, error) {
	return documents[models.User](ctx, s.read, `SELECT document FROM users WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		org, page.After, page.Size())
}

// AdvanceUser applies a change. See [models.Accounts].
func (s *Store) AdvanceUser(ctx context.Context, org, id string, c models.UserChange) (u models.User, err error) {
	err = s.inTurn(ctx, func(tx *sql.Tx) (own, err error) {
		if u, err = account[models.User](ctx, tx, userQuery, org, id); err != nil {
			return nil, err
		}
		if u, err = record.StepUser(u, c, s.now()); err != nil {
			return err, nil
		}
		document, err := json.Marshal(&u)
		if err != nil {
			return nil, internal(err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE users SET document = ? WHERE organization_id = ? AND id = ?`, string(document), org, id)
		return nil, err
	})
	if err != nil {
		return models.User{}, err
	}
	return u, nil
}

// DeleteUser removes a user. See [models.Accounts].
func (s *Store) DeleteUser(ctx context.Context, org, id string) error {
	n, err := s.exec(ctx, freeing, `DELETE FROM users WHERE organization_id = ? AND id = ?`, org, id)
	if err == nil && n == 0 {
		err = models.ErrNoAccount
	}
	return err
}

// HasUsers reports whether there is an account. See [models.Accounts].
func (s *Store) HasUsers(ctx context.Context) (there bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users)`).Scan(&there)
	return there, failure(ctx, err)
}

// inTurn runs f in a transaction of the one writer. An error of the change that
// f applies is returned as it is.
func (s *Store) inTurn(ctx context.Context, f func(tx *sql.Tx) (own, err error)) error {
	return s.spend(func() (purpose, error) { return keeping, s.once(ctx, f) })
}

// once is one try of inTurn.
func (s *Store) once(ctx context.Context, f func(tx *sql.Tx) (own, err error)) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return failure(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	own, err := f(tx)
	if own != nil {
		return own
	}
	if err == nil {
		err = tx.Commit()
	}
	return failure(ctx, err)
}
