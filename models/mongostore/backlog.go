package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// oldest is the order of a backlog.
var oldest = bson.D{{Key: "createdAt", Value: 1}, {Key: "organizationId", Value: 1}, {Key: "id", Value: 1}}

// Unsettled returns what still needs something. See [models.Backlog].
func (s *Store) Unsettled(ctx context.Context, after models.VideoRef, limit int) ([]models.Video, error) {
	asked, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	now, err := s.clock.now(asked)
	if err != nil {
		return nil, failure(asked, err)
	}
	filter := bson.D{
		{Key: "unsettled", Value: true},
		{Key: "$and", Value: bson.A{
			bson.D{{Key: "$or", Value: bson.A{
				bson.D{{Key: "status", Value: bson.D{{Key: "$ne", Value: models.StatusProcessing}}}},
				bson.D{{Key: "lease.worker", Value: ""}},
				bson.D{{Key: "lease.until", Value: bson.D{{Key: "$lte", Value: record.Moment(now)}}}},
				bson.D{{Key: "$expr", Value: bson.D{{Key: "$lt", Value: bson.A{"$publishedRev", "$rev"}}}}},
			}}},
			beyond("$gt", bson.D{
				{Key: "createdAt", Value: record.Moment(after.CreatedAt)},
				{Key: "organizationId", Value: after.OrganizationID},
				{Key: "id", Value: after.VideoID},
			}),
		}},
	}
	return s.query(ctx, filter, record.Limit(limit), oldest)
}

// Waiting counts work that has not ended. See [models.Waiting].
func (s *Store) Waiting(ctx context.Context, org string) (int, error) {
	if !models.ValidID(org) {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	n, err := s.videos.CountDocuments(ctx, bson.D{
		{Key: "organizationId", Value: org}, {Key: "unsettled", Value: true}, // as in the index
		{Key: "status", Value: bson.D{{Key: "$in", Value: bson.A{models.StatusQueued, models.StatusProcessing}}}},
	})
	return int(n), failure(ctx, err)
}

// Usage adds up in the index that has the sizes. See [models.Usages].
func (s *Store) Usage(ctx context.Context, org string) (u models.Usage, err error) {
	if !models.ValidID(org) {
		return u, nil
	}
	if err := s.fillListing(ctx, org); err != nil {
		return u, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.videos.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "organizationId", Value: org}, {Key: "status", Value: bson.D{{Key: "$in", Value: models.ListedStatuses}}}}}},
		{{Key: "$group", Value: bson.D{
			{Key: "_id", Value: "$status"},
			{Key: "videos", Value: bson.D{{Key: "$sum", Value: 1}}},
			{Key: "bytes", Value: bson.D{{Key: "$sum", Value: "$listed.size"}}},
		}}},
	}, options.Aggregate().SetHint("bySize"))
	if err != nil {
		return u, failure(ctx, err)
	}
	var groups []struct {
		Videos int   `bson:"videos"`
		Bytes  int64 `bson:"bytes"`
	}
	if err := cursor.All(ctx, &groups); err != nil {
		return u, failure(ctx, err)
	}
	for _, g := range groups {
		u.Videos, u.Bytes = u.Videos+g.Videos, u.Bytes+g.Bytes
	}
	return u, nil
}

// Purge removes a deleted record. See [models.Backlog].
func (s *Store) Purge(ctx context.Context, org, id string) error {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	result, err := s.videos.DeleteOne(ctx, bson.D{
		{Key: "_id", Value: key(org, id)}, {Key: "organizationId", Value: org}, {Key: "status", Value: models.StatusDeleted},
	})
	if err != nil {
		return failure(ctx, err)
	}
	if result.DeletedCount == 0 {
		return models.ErrNotFound
	}
	return nil
}

// Once keeps the first caller's value. See [models.Settings].
func (s *Store) Once(ctx context.Context, name, value string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var kept struct {
		Value string `bson:"value"`
	}
	for n := 0; ; n++ {
		err := s.settings.FindOne(ctx, bson.D{{Key: "_id", Value: name}}).Decode(&kept)
		if errors.Is(err, mongo.ErrNoDocuments) {
			kept.Value = value
			_, err = s.settings.InsertOne(ctx, bson.D{{Key: "_id", Value: name}, {Key: "value", Value: value}})
		}
		if mongo.IsDuplicateKeyError(err) { // another caller was first; a majority will have it soon
			err = errRaced
		}
		if err == nil {
			return kept.Value, nil
		}
		if !again(ctx, err, n) {
			return "", failure(ctx, err)
		}
	}
}
