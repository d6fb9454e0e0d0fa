package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// newest is the order of a list.
var newest = bson.D{{Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}

// List returns a page, newest first. See [models.Videos].
func (s *Store) List(ctx context.Context, org string, page models.Page) (models.VideoPage, error) {
	filter := bson.D{{Key: "organizationId", Value: org}, {Key: "status", Value: bson.D{{Key: "$in", Value: record.Statuses(page)}}}}
	if page.Batch != "" {
		filter = append(filter, bson.E{Key: "batchId", Value: page.Batch})
	}
	if page.After != "" {
		c, err := record.ParseCursor(page.After)
		if err != nil {
			return models.VideoPage{}, err
		}
		filter = append(filter, beyond("$lt", bson.D{{Key: "createdAt", Value: c.CreatedAt}, {Key: "id", Value: c.ID}})...)
	}
	if !models.ValidID(org) {
		return models.VideoPage{}, nil
	}
	found, err := s.query(ctx, filter, page.Size()+1, newest)
	return record.CutPage(page, found), err
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
