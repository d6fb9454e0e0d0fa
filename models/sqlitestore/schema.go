package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"

	"reelroom/models"
)

// migrations bring a file from version i to i+1; user_version counts them.
// One that was released is never changed: the next one is appended.
//
// Columns beside the document repeat what is searched by: times in Unix
// milliseconds; lease_until is 0 when nobody holds the video.
var migrations = []string{
	`CREATE TABLE videos (
		organization_id TEXT    NOT NULL,
		id              TEXT    NOT NULL,
		status          TEXT    NOT NULL,
		created_at      INTEGER NOT NULL,
		lease_until     INTEGER NOT NULL,
		rev             INTEGER NOT NULL,
		published_rev   INTEGER NOT NULL,
		document        TEXT    NOT NULL,
		PRIMARY KEY (organization_id, id)
	) STRICT;
	CREATE INDEX videos_listed ON videos (organization_id, created_at, id, status);
	CREATE INDEX videos_unsettled ON videos (created_at, organization_id, id)
		WHERE ` + unsettled + `;
	CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,

	`CREATE TABLE revocations (
		seq             INTEGER PRIMARY KEY AUTOINCREMENT,
		organization_id TEXT    NOT NULL,
		kind            TEXT    NOT NULL,
		subject         TEXT    NOT NULL,
		at              INTEGER NOT NULL,
		until           INTEGER NOT NULL,
		by_user         TEXT    NOT NULL,
		UNIQUE (organization_id, kind, subject)
	) STRICT;
	CREATE INDEX revocations_active ON revocations (organization_id, kind, until);
	CREATE INDEX revocations_over ON revocations (until);`,

	`CREATE INDEX videos_waiting ON videos (organization_id)
		WHERE ` + waiting + `;`,

	`CREATE TABLE experience (
		one      INTEGER PRIMARY KEY CHECK (one = 1),
		document TEXT    NOT NULL
	) STRICT;`,

	`ALTER TABLE videos ADD COLUMN assessed_under INTEGER NOT NULL DEFAULT 0;
	CREATE INDEX videos_assessed ON videos (organization_id, assessed_under, id)
		WHERE ` + assessed + `;
	CREATE TABLE policies (organization_id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE audit (
		organization_id TEXT    NOT NULL,
		id              TEXT    NOT NULL,
		at              INTEGER NOT NULL,
		video_id        TEXT    NOT NULL,
		document        TEXT    NOT NULL,
		PRIMARY KEY (organization_id, id)
	) STRICT;
	CREATE INDEX audit_listed ON audit (organization_id, at, id);
	CREATE INDEX audit_of_video ON audit (organization_id, video_id, at, id);
	CREATE INDEX audit_by_age ON audit (at);`,

	`ALTER TABLE videos ADD COLUMN batch_id TEXT NOT NULL DEFAULT '';
	ALTER TABLE videos ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
	CREATE INDEX videos_of_batch ON videos (organization_id, batch_id, created_at, id, status, attempt)
		WHERE ` + batched + `;
	CREATE TABLE batches (
		organization_id TEXT    NOT NULL,
		id              TEXT    NOT NULL,
		created_at      INTEGER NOT NULL,
		finished_at     INTEGER NOT NULL,
		document        TEXT    NOT NULL,
		PRIMARY KEY (organization_id, id)
	) STRICT;
	CREATE INDEX batches_unsettled ON batches (created_at, organization_id, id) WHERE finished_at = 0;
	CREATE INDEX batches_by_age ON batches (finished_at) WHERE finished_at > 0;`,

	listingMigration,
	countingMigration,
	`ALTER TABLE audit ADD COLUMN action TEXT GENERATED ALWAYS AS (document ->> '$.action') VIRTUAL;
	ALTER TABLE audit ADD COLUMN actor TEXT GENERATED ALWAYS AS (document ->> '$.by') VIRTUAL;
	CREATE INDEX audit_of_action ON audit (organization_id, action, at, id);
	CREATE INDEX audit_of_actor ON audit (organization_id, actor, at, id);`,

	`CREATE TABLE organizations (
		id       TEXT NOT NULL PRIMARY KEY,
		document TEXT NOT NULL
	) STRICT;
	CREATE TABLE users (
		organization_id TEXT    NOT NULL,
		id              TEXT    NOT NULL,
		email           TEXT    NOT NULL UNIQUE,
		first           INTEGER UNIQUE,
		document        TEXT    NOT NULL,
		PRIMARY KEY (organization_id, id)
	) STRICT;`,

	addressMigration,
	usageMigration,
}

// addressMigration makes an address unique within its organization, where it was
// so among all.
const addressMigration = `CREATE TABLE members (
		organization_id TEXT    NOT NULL,
		id              TEXT    NOT NULL,
		email           TEXT    NOT NULL,
		first           INTEGER UNIQUE,
		document        TEXT    NOT NULL,
		PRIMARY KEY (organization_id, id),
		UNIQUE (email, organization_id)
	) STRICT;
	INSERT INTO members (organization_id, id, email, first, document) SELECT organization_id, id, email, first, document FROM users;
	DROP TABLE users;
	ALTER TABLE members RENAME TO users;`

// fills are done after a migration, in the same transaction.
var fills = map[string]func(context.Context, *sql.Tx) error{
	listingMigration: fillListing,
}

// unsettled is the condition of the partial index; a query must repeat it word
// for word for SQLite to use that index.
const unsettled = `(status IN ('queued', 'processing', 'deleted') OR published_rev < rev)`

// waiting is the condition of another, in the same way.
const waiting = `status IN ('queued', 'processing')`

// assessed is the condition of the third: the version of the policy is known.
const assessed = `assessed_under > 0`

// batched is the condition of the fourth: the video came with others.
const batched = `batch_id <> ''`

func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	var version int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return models.Errorf(models.CodeUnavailable,
			"The database was written by a later version of Reelroom (schema %d, this one knows %d).", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return fmt.Errorf("migration to schema %d: %w", version+1, err)
		}
		if fill := fills[migrations[version]]; fill != nil {
			if err := fill(ctx, tx); err != nil {
				return fmt.Errorf("filling schema %d: %w", version+1, err)
			}
		}
	}
	// A pragma takes no arguments; the number is our own.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, version)); err != nil {
		return err
	}
	return tx.Commit()
}
