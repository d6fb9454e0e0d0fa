package mongostore

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// List returns a page. See [models.Videos].
func (s *Store) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	selection, err := record.Select(page)
	if err != nil || len(selection.Statuses) == 0 || !models.ValidID(org) {
		return models.VideoPage{}, err
	}
	if page.After == "" {
		if err := s.fillListing(ctx, org); err != nil {
			return models.VideoPage{}, err
		}
	}
	found, err := s.query(ctx, listFilter(org, &selection), selection.Size+1, listOrder(&selection))
	return selection.Cut(found), err
}

// sorted are the fields that a list can be in the order of.
var sorted = map[string]string{"createdAt": "createdAt", "title": "listed.title", "size": "listed.size", "duration": "listed.duration"}

func listOrder(s *record.Selection) bson.D {
	direction := 1
	if s.Down {
		direction = -1
	}
	return bson.D{{Key: sorted[s.Field], Value: direction}, {Key: "id", Value: direction}}
}

func listFilter(org string, s *record.Selection) bson.D {
	filter := bson.D{{Key: "organizationId", Value: org}, {Key: "status", Value: bson.D{{Key: "$in", Value: s.Statuses}}}}
	if s.Batch != "" {
		filter = append(filter, bson.E{Key: "batchId", Value: s.Batch})
	}
	if len(s.Verdicts) > 0 {
		filter = append(filter, bson.E{Key: "listed.verdict", Value: bson.D{{Key: "$in", Value: s.Verdicts}}})
	}
	if s.Text != "" {
		text := primitive.Regex{Pattern: literal(s.Text)}
		filter = append(filter, bson.E{Key: "$and", Value: bson.A{bson.D{{Key: "$or", Value: bson.A{
			bson.D{{Key: "listed.title", Value: text}}, bson.D{{Key: "listed.name", Value: text}},
		}}}}})
	}
	if s.After != nil {
		operator := "$gt"
		if s.Down {
			operator = "$lt"
		}
		filter = append(filter, beyond(operator, bson.D{{Key: sorted[s.Field], Value: bound(s)}, {Key: "id", Value: s.After.ID}})...)
	}
	return filter
}

// bound is the place's value in its field.
func bound(s *record.Selection) any {
	switch s.Field {
	case "title":
		return s.After.Text
	case "size":
		return int64(s.After.Number)
	case "duration":
		return s.After.Number
	}
	return time.UnixMilli(int64(s.After.Number)).UTC()
}

// literal is the pattern that matches the text and nothing else: only letters
// and digits of ASCII, and what is beyond ASCII, stand as they are.
func literal(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
			fmt.Fprintf(&b, `\x%02x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// beyond is the condition that a tuple of fields stands after (or before) the
// given place, in the order of the fields. The bound of the first field alone
// is said again: an index can start there.
func beyond(operator string, place bson.D) bson.D {
	var either bson.A
	for i := range place {
		all := append(bson.D{}, place[:i]...)
		either = append(either, append(all, bson.E{Key: place[i].Key, Value: bson.D{{Key: operator, Value: place[i].Value}}}))
	}
	return bson.D{
		{Key: place[0].Key, Value: bson.D{{Key: operator + "e", Value: place[0].Value}}},
		{Key: "$or", Value: either},
	}
}

func (s *Store) query(ctx context.Context, filter bson.D, limit int, sort bson.D) ([]models.Video, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.videos.Find(ctx, filter, options.Find().SetSort(sort).SetLimit(int64(limit)))
	if err != nil {
		return nil, failure(ctx, err)
	}
	var rows []row
	if err := cursor.All(ctx, &rows); err != nil {
		return nil, failure(ctx, err)
	}
	found := make([]models.Video, len(rows))
	for i := range rows {
		found[i] = rows[i].Video
	}
	return found, nil
}
