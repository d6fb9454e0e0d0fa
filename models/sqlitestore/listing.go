package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"

	"reelroom/models"
)

// listingMigration adds what a list is searched and sorted by, in bytes where
// it is text: a NUL ends nothing there. fillListing then reads it from the
// records of before, and countingMigration counts them.
const listingMigration = `DROP INDEX videos_listed;
	ALTER TABLE videos ADD COLUMN title_key BLOB NOT NULL DEFAULT x'';
	ALTER TABLE videos ADD COLUMN name_key BLOB NOT NULL DEFAULT x'';
	ALTER TABLE videos ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE videos ADD COLUMN duration REAL NOT NULL DEFAULT 0;
	ALTER TABLE videos ADD COLUMN verdict TEXT NOT NULL DEFAULT '';`

const countingMigration = `
	CREATE INDEX videos_by_creation ON videos (organization_id, created_at, id, status, verdict, title_key, name_key);
	CREATE INDEX videos_by_title ON videos (organization_id, title_key, id, status, verdict, name_key);
	CREATE INDEX videos_by_size ON videos (organization_id, size, id, status, verdict, title_key, name_key);
	CREATE INDEX videos_by_duration ON videos (organization_id, duration, id, status, verdict, title_key, name_key);
	CREATE TABLE video_counts (
		organization_id TEXT    NOT NULL,
		status          TEXT    NOT NULL,
		verdict         TEXT    NOT NULL,
		videos          INTEGER NOT NULL,
		PRIMARY KEY (organization_id, status, verdict)
	) STRICT, WITHOUT ROWID;
	INSERT INTO video_counts SELECT organization_id, status, verdict, COUNT(*) FROM videos GROUP BY 1, 2, 3;
	CREATE TRIGGER video_counted AFTER INSERT ON videos BEGIN
		INSERT INTO video_counts VALUES (new.organization_id, new.status, new.verdict, 1)
			ON CONFLICT DO UPDATE SET videos = videos + 1;
	END;
	CREATE TRIGGER video_recounted AFTER UPDATE OF status, verdict ON videos
		WHEN old.status <> new.status OR old.verdict <> new.verdict BEGIN
		UPDATE video_counts SET videos = videos - 1
			WHERE organization_id = old.organization_id AND status = old.status AND verdict = old.verdict;
		INSERT INTO video_counts VALUES (new.organization_id, new.status, new.verdict, 1)
			ON CONFLICT DO UPDATE SET videos = videos + 1;
	END;
	CREATE TRIGGER video_uncounted AFTER DELETE ON videos BEGIN
		UPDATE video_counts SET videos = videos - 1
			WHERE organization_id = old.organization_id AND status = old.status AND verdict = old.verdict;
	END;`

// usageMigration counts the bytes of files beside the videos.
const usageMigration = `
	ALTER TABLE video_counts ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
	DELETE FROM video_counts;
	INSERT INTO video_counts SELECT organization_id, status, verdict, COUNT(*), SUM(size) FROM videos GROUP BY 1, 2, 3;
	DROP TRIGGER video_counted;
	DROP TRIGGER video_recounted;
	DROP TRIGGER video_uncounted;
	CREATE TRIGGER video_counted AFTER INSERT ON videos BEGIN
		INSERT INTO video_counts VALUES (new.organization_id, new.status, new.verdict, 1, new.size)
			ON CONFLICT DO UPDATE SET videos = videos + 1, bytes = bytes + excluded.bytes;
	END;
	CREATE TRIGGER video_recounted AFTER UPDATE OF status, verdict, size ON videos
		WHEN old.status <> new.status OR old.verdict <> new.verdict OR old.size <> new.size BEGIN
		UPDATE video_counts SET videos = videos - 1, bytes = bytes - old.size
			WHERE organization_id = old.organization_id AND status = old.status AND verdict = old.verdict;
		INSERT INTO video_counts VALUES (new.organization_id, new.status, new.verdict, 1, new.size)
			ON CONFLICT DO UPDATE SET videos = videos + 1, bytes = bytes + excluded.bytes;
	END;
	CREATE TRIGGER video_uncounted AFTER DELETE ON videos BEGIN
		UPDATE video_counts SET videos = videos - 1, bytes = bytes - old.size
			WHERE organization_id = old.organization_id AND status = old.status AND verdict = old.verdict;
	END;`

// listed are the columns of a record that a list is searched and sorted by, and
// which a record can change.
func listed(v *models.Video) []any {
	return []any{[]byte(models.TitleKey(v.Title)), []byte(models.NameKey(v.File.Name)), v.File.Size, v.Duration(), string(v.Verdict())}
}

// fillListing fills those columns for the records of before.
func fillListing(ctx context.Context, tx *sql.Tx) error {
	const batch = 500
	type record struct {
		row      int64
		document []byte
	}
	for after := int64(0); ; {
		rows, err := tx.QueryContext(ctx, `SELECT rowid, document FROM videos WHERE rowid > ? ORDER BY rowid LIMIT ?`, after, batch)
		if err != nil {
			return err
		}
		var found []record
		for rows.Next() {
			var r record
			if err := rows.Scan(&r.row, &r.document); err != nil {
				_ = rows.Close()
				return err
			}
			found = append(found, r)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, r := range found {
			after = r.row
			var v models.Video
			if json.Unmarshal(r.document, &v) != nil {
				continue // nobody can read it, so it is nowhere in a list
			}
			_, err := tx.ExecContext(ctx, `UPDATE videos SET title_key = ?, name_key = ?, size = ?, duration = ?, verdict = ? WHERE rowid = ?`,
				append(listed(&v), r.row)...)
			if err != nil {
				return err
			}
		}
		if len(found) < batch {
			return nil
		}
	}
}
