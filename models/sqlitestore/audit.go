package sqlitestore

import (
	"context"
	"encoding/json"
	"time"

	"reelroom/models"
	"reelroom/models/record"
)

// AppendAudit adds an entry. See [models.Audit].
func (s *Store) AppendAudit(ctx context.Context, org string, e models.AuditEntry) error {
	e, err := record.AuditEntry(org, e)
	if err != nil {
		return err
	}
	document, err := json.Marshal(&e)
	if err != nil {
		return internal(err)
	}
	p := keeping
	if e.Action == models.AuditDelete || e.Action == models.AuditCancel {
		p = freeing
	}
	_, err = s.exec(ctx, p, `INSERT INTO audit (organization_id, id, at, video_id, document) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (organization_id, id) DO NOTHING`, org, e.ID, e.At.UnixMilli(), e.VideoID, string(document))
	return err
}

// ListAudit returns a page, newest first. See [models.Audit].
func (s *Store) ListAudit(ctx context.Context, org string, page models.AuditPage) (models.AuditList, error) {
	query, args, err := auditQuery(org, page)
	if err != nil {
		return models.AuditList{}, err
	}
	found, err := documents[models.AuditEntry](ctx, s.read, query, args...)
	return record.CutAudit(page, found), err
}

func auditQuery(org string, page models.AuditPage) (query string, args []any, err error) {
	query, args = `SELECT document FROM audit WHERE organization_id = ?`, []any{org}
	for _, only := range []struct{ column, value string }{{"video_id", page.VideoID}, {"actor", page.By}, {"action", string(page.Action)}} {
		if only.value != "" {
			query += ` AND ` + only.column + ` = ?`
			args = append(args, only.value)
		}
	}
	if page.After != "" {
		c, err := record.ParseCursor(page.After)
		if err != nil {
			return "", nil, err
		}
		query += ` AND (at, id) < (?, ?)`
		args = append(args, c.CreatedAt.UnixMilli(), c.ID)
	}
	return query + ` ORDER BY at DESC, id DESC LIMIT ?`, append(args, page.Size()+1), nil
}

// TrimAudit removes what is too old or too much. See [models.Audit].
func (s *Store) TrimAudit(ctx context.Context, before time.Time, keep int) (int, error) {
	removed := 0
	remove := func(query string, args ...any) error {
		n, err := s.exec(ctx, freeing, query, args...)
		removed += n
		return err
	}
	if err := remove(`DELETE FROM audit WHERE at < ?`, record.Moment(before).UnixMilli()); err != nil {
		return removed, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT organization_id FROM audit GROUP BY organization_id HAVING COUNT(*) > ?`, keep)
	if err != nil {
		return removed, failure(ctx, err)
	}
	defer rows.Close()
	var full []string
	for rows.Next() {
		var org string
		if err := rows.Scan(&org); err != nil {
			return removed, failure(ctx, err)
		}
		full = append(full, org)
	}
	if err := rows.Err(); err != nil {
		return removed, failure(ctx, err)
	}
	for _, org := range full {
		if err := remove(`DELETE FROM audit WHERE organization_id = ?1 AND (at, id) <=
			(SELECT at, id FROM audit WHERE organization_id = ?1 ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?2)`, org, max(keep, 0)); err != nil {
			return removed, err
		}
	}
	return removed, nil
}
