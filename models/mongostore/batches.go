package mongostore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// batchRow is the document of a batch: what is searched by, and the record as
// JSON text. Write names the write, as in [row].
type batchRow struct {
	Key        string             `bson:"_id"`
	Org        string             `bson:"organizationId"`
	ID         string             `bson:"id"`
	CreatedAt  time.Time          `bson:"createdAt"`
	Ended      bool               `bson:"ended"`
	FinishedAt time.Time          `bson:"finishedAt"`
	Version    int64              `bson:"version"`
	Write      primitive.ObjectID `bson:"write"`
	Record     string             `bson:"record"`
}

func batchRowOf(b models.Batch) (batchRow, error) {
	text, err := json.Marshal(&b)
	return batchRow{
		key(b.OrganizationID, b.ID), b.OrganizationID, b.ID, b.CreatedAt, !b.FinishedAt.IsZero(), b.FinishedAt,
		b.Version, primitive.NewObjectID(), string(text),
	}, err
}

func (r *batchRow) model() (b models.Batch, err error) {
	err = json.Unmarshal([]byte(r.Record), &b)
	return b, err
}

func batchIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{{
		Keys: bson.D{{Key: "createdAt", Value: 1}, {Key: "organizationId", Value: 1}, {Key: "id", Value: 1}},
		Options: options.Index().SetName("unsettled").
			SetPartialFilterExpression(bson.D{{Key: "ended", Value: false}}),
	}, {
		Keys: bson.D{{Key: "finishedAt", Value: 1}},
		Options: options.Index().SetName("age").
			SetPartialFilterExpression(bson.D{{Key: "ended", Value: true}}),
	}}
}

// CreateBatch adds a record. See [models.Batches].
func (s *Store) CreateBatch(ctx context.Context, org string, b models.Batch) (models.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Batch{}, failure(ctx, err)
	}
	if b, err = record.FirstBatch(org, b, now); err != nil {
		return models.Batch{}, err
	}
	r, err := batchRowOf(b)
	for n := 0; err == nil; n++ {
		_, err = s.batches.InsertOne(ctx, &r)
		if mongo.IsDuplicateKeyError(err) && n > 0 {
			// An earlier try may have been done, and its answer lost.
			if there, ferr := s.findBatch(ctx, org, b.ID); ferr == nil && there.Write == r.Write {
				err = nil
			}
		}
		if !again(ctx, err, n) {
			break
		}
		err = nil
	}
	if err != nil {
		return models.Batch{}, failure(ctx, err)
	}
	return b, nil
}

func (s *Store) findBatch(ctx context.Context, org, id string) (r batchRow, err error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return r, models.ErrNoBatch
	}
	err = s.batches.FindOne(ctx, bson.D{{Key: "_id", Value: key(org, id)}, {Key: "organizationId", Value: org}}).Decode(&r)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return batchRow{}, models.ErrNoBatch
	}
	return r, err
}

// Batch returns one record. See [models.Batches].
func (s *Store) Batch(ctx context.Context, org, id string) (models.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := s.findBatch(ctx, org, id)
	if err != nil {
		return models.Batch{}, failure(ctx, err)
	}
	b, err := r.model()
	return b, failure(ctx, err)
}

// AdvanceBatch applies a change by compare-and-set. See [models.Batches].
func (s *Store) AdvanceBatch(ctx context.Context, org, id string, c models.BatchChange) (models.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	free, err := s.turns.take(ctx, "batch:"+key(org, id))
	if err != nil {
		return models.Batch{}, failure(ctx, err)
	}
	defer free()
	var written []primitive.ObjectID // by tries whose answer was lost
	for n := 0; ; n++ {
		b, err := s.tryBatch(ctx, org, id, c, &written)
		if !again(ctx, err, n) {
			return b, failure(ctx, err)
		}
	}
}

func (s *Store) tryBatch(ctx context.Context, org, id string, c models.BatchChange, written *[]primitive.ObjectID) (models.Batch, error) {
	there, err := s.findBatch(ctx, org, id)
	if err != nil {
		return models.Batch{}, err
	}
	old, err := there.model()
	if err != nil {
		return models.Batch{}, err
	}
	for _, w := range *written {
		if w == there.Write {
			return old, nil
		}
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Batch{}, err
	}
	b, err := record.StepBatch(old, c, now)
	if err != nil {
		return models.Batch{}, &refused{err}
	}
	r, err := batchRowOf(b)
	if err != nil {
		return models.Batch{}, err
	}
	*written = append(*written, r.Write)
	result, err := s.batches.ReplaceOne(ctx, bson.D{{Key: "_id", Value: r.Key}, {Key: "version", Value: old.Version}}, &r)
	if err == nil && result.MatchedCount == 0 {
		err = errRaced
	}
	if err != nil {
		return models.Batch{}, err
	}
	return b, nil
}

// TallyBatch counts the videos of a batch. See [models.Batches].
func (s *Store) TallyBatch(ctx context.Context, org, id string) (t models.BatchTally, err error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return t, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.videos.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "organizationId", Value: org}, {Key: "batchId", Value: id}}}},
		{{Key: "$group", Value: bson.D{
			{Key: "_id", Value: bson.D{{Key: "status", Value: "$status"}, {Key: "attempt", Value: "$attempt"}}},
			{Key: "videos", Value: bson.D{{Key: "$sum", Value: 1}}},
		}}},
	})
	if err != nil {
		return t, failure(ctx, err)
	}
	var groups []struct {
		ID struct {
			Status  models.Status `bson:"status"`
			Attempt int           `bson:"attempt"`
		} `bson:"_id"`
		Videos int `bson:"videos"`
	}
	if err := cursor.All(ctx, &groups); err != nil {
		return t, failure(ctx, err)
	}
	for _, g := range groups {
		t.Add(g.ID.Status, g.ID.Attempt, g.Videos)
	}
	return t, nil
}

// UnsettledBatches returns what has no outcome. See [models.Batches].
func (s *Store) UnsettledBatches(ctx context.Context, after models.BatchRef, limit int) ([]models.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	filter := append(bson.D{{Key: "ended", Value: false}}, beyond("$gt", bson.D{
		{Key: "createdAt", Value: record.Moment(after.CreatedAt)},
		{Key: "organizationId", Value: after.OrganizationID},
		{Key: "id", Value: after.BatchID},
	})...)
	cursor, err := s.batches.Find(ctx, filter, options.Find().SetSort(oldest).SetLimit(int64(record.Limit(limit))))
	if err != nil {
		return nil, failure(ctx, err)
	}
	var rows []batchRow
	if err := cursor.All(ctx, &rows); err != nil {
		return nil, failure(ctx, err)
	}
	found := make([]models.Batch, len(rows))
	for i := range rows {
		if found[i], err = rows[i].model(); err != nil {
			return nil, failure(ctx, err)
		}
	}
	return found, nil
}

// TrimBatches removes what ended long ago. See [models.Batches].
func (s *Store) TrimBatches(ctx context.Context, before time.Time) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	result, err := s.batches.DeleteMany(ctx, bson.D{
		{Key: "ended", Value: true}, {Key: "finishedAt", Value: bson.D{{Key: "$lt", Value: record.Moment(before)}}},
	})
	if err != nil {
		return 0, failure(ctx, err)
	}
	return int(result.DeletedCount), nil
}
