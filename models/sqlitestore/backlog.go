package sqlitestore

import (
	"context"

	"reelroom/models"
	"reelroom/models/record"
)

// Unsettled returns what still needs something. See [models.Backlog].
func (s *Store) Unsettled(ctx context.Context, after models.VideoRef, limit int) ([]models.Video, error) {
	return s.query(ctx, unsettledQuery, s.now().UnixMilli(),
		record.Moment(after.CreatedAt).UnixMilli(), after.OrganizationID, after.VideoID, record.Limit(limit))
}

const unsettledQuery = `SELECT document FROM videos
	WHERE ` + unsettled + `
	AND (status <> 'processing' OR lease_until <= ? OR published_rev < rev)
	AND (created_at, organization_id, id) > (?, ?, ?)
	ORDER BY created_at, organization_id, id LIMIT ?`

// Waiting counts work that has not ended. See [models.Waiting].
func (s *Store) Waiting(ctx context.Context, org string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, waitingQuery, org).Scan(&n)
	return n, failure(ctx, err)
}

// waitingQuery names its index: SQLite would walk all videos of the organization,
// as it takes the other index for as good.
const waitingQuery = `SELECT COUNT(*) FROM videos INDEXED BY videos_waiting WHERE organization_id = ? AND ` + waiting

// Usage reads the counters. See [models.Usages].
func (s *Store) Usage(ctx context.Context, org string) (u models.Usage, err error) {
	err = s.read.QueryRowContext(ctx, usageQuery, org).Scan(&u.Videos, &u.Bytes)
	return u, failure(ctx, err)
}

const usageQuery = `SELECT COALESCE(SUM(videos), 0), COALESCE(SUM(bytes), 0) FROM video_counts
	WHERE organization_id = ? AND status <> 'deleted'`

// Purge removes a deleted record. See [models.Backlog].
func (s *Store) Purge(ctx context.Context, org, id string) error {
	n, err := s.exec(ctx, freeing, `DELETE FROM videos WHERE organization_id = ? AND id = ? AND status = 'deleted'`, org, id)
	if err == nil && n == 0 {
		err = models.ErrNotFound
	}
	return err
}

// Once keeps the first caller's value. See [models.Settings].
func (s *Store) Once(ctx context.Context, name, value string) (kept string, err error) {
	// The update that changes nothing makes the row that was there come back.
	err = s.spend(func() (purpose, error) {
		return keeping, s.write.QueryRowContext(ctx, `INSERT INTO settings (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = value RETURNING value`, name, value).Scan(&kept)
	})
	return kept, failure(ctx, err)
}
