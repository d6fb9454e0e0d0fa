package sqlitestore

import (
	"context"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/models/record"
)

// sorted are the columns that a list can be in the order of, and the indices
// that have that order and all that is asked besides.
var sorted = map[string]struct{ column, index string }{
	"createdAt": {"created_at", "videos_by_creation"},
	"title":     {"title_key", "videos_by_title"},
	"size":      {"size", "videos_by_size"},
	"duration":  {"duration", "videos_by_duration"},
}

// List returns a page. See [models.Videos].
func (s *Store) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	selection, err := record.Select(page)
	if err != nil || len(selection.Statuses) == 0 {
		return models.VideoPage{}, err
	}
	if selection.Text != "" {
		free, err := s.searches.take(ctx, org)
		if err != nil {
			return models.VideoPage{}, unavailable(err)
		}
		defer free()
	}
	query, args := listQuery(org, &selection)
	found, err := s.query(ctx, query, args...)
	return selection.Cut(found), err
}

// unavailable tells of a search that waited too long for its turn.
func unavailable(err error) error {
	return models.Errorf(models.CodeUnavailable, "Too much is searched for at the moment.").Because(err).Again(time.Second)
}

// listQuery walks an index in order from the place on, so that a page costs
// what it holds, and not what stands before it. What the index has is compared
// in it: only the records of the page are read.
func listQuery(org string, s *record.Selection) (string, []any) {
	by, args := sorted[s.Field], []any{org}
	direction, beyond := "", ">"
	if s.Down {
		direction, beyond = " DESC", "<"
	}
	var where strings.Builder
	in := func(column string, values []string) {
		// The plus keeps the order of the index: no sorting by status first.
		where.WriteString(` AND +` + column + ` IN (?` + strings.Repeat(`, ?`, len(values)-1) + `)`)
		for _, v := range values {
			args = append(args, v)
		}
	}
	index := by.index
	if s.Batch != "" {
		index = "videos_of_batch" // a batch is small: in another order it is sorted
		where.WriteString(` AND ` + batched + ` AND batch_id = ?`)
		args = append(args, s.Batch)
	}
	if s.After != nil {
		where.WriteString(` AND (` + by.column + `, id) ` + beyond + ` (?, ?)`)
		args = append(args, bound(s), s.After.ID)
	}
	in("status", s.Statuses)
	if len(s.Verdicts) > 0 {
		in("verdict", s.Verdicts)
	}
	if s.Text != "" {
		where.WriteString(` AND (instr(title_key, ?) > 0 OR instr(name_key, ?) > 0)`)
		args = append(args, []byte(s.Text), []byte(s.Text))
	}
	return `SELECT document FROM videos INDEXED BY ` + index + ` WHERE organization_id = ?` + where.String() +
		` ORDER BY ` + by.column + direction + `, id` + direction + ` LIMIT ?`, append(args, s.Size+1)
}

// bound is the place's value in its column.
func bound(s *record.Selection) any {
	switch s.Field {
	case "title":
		return []byte(s.After.Text)
	case "duration":
		return s.After.Number
	}
	return int64(s.After.Number)
}

// Count reads the counters that triggers keep. See [models.Videos].
func (s *Store) Count(ctx context.Context, org string) (models.Counts, error) {
	counts := models.NewCounts()
	rows, err := s.read.QueryContext(ctx, countQuery, org)
	if err != nil {
		return models.Counts{}, failure(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var status, verdict string
		var n int
		if err := rows.Scan(&status, &verdict, &n); err != nil {
			return models.Counts{}, failure(ctx, err)
		}
		counts = counts.Add(models.Status(status), models.Verdict(verdict), n)
	}
	return counts, failure(ctx, rows.Err())
}

const countQuery = `SELECT status, verdict, videos FROM video_counts WHERE organization_id = ?`
