package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// revocation is the document of one: its place is its key.
//
// A number that is handed out before the write, by a counter or by the clock,
// may become visible after a higher one, and a reader that follows the numbers
// has passed it by then. Here a writer takes the number after the highest that
// a majority has, and the unique key lets one writer have it: number n+1 is
// never written before n can be read. The highest is never removed but after a
// higher one, so that no number is given twice.
type revocation struct {
	Seq            int64                 `bson:"_id"`
	OrganizationID string                `bson:"organizationId"`
	Kind           models.RevocationKind `bson:"kind"`
	Subject        string                `bson:"subject"`
	At             time.Time             `bson:"at"`
	Until          time.Time             `bson:"until"`
	By             string                `bson:"by"`
}

func (r revocation) model() models.Revocation {
	m := models.Revocation(r)
	m.At, m.Until = m.At.UTC(), m.Until.UTC()
	return m
}

// revocationIndexes are made anew for each call, as [indexes] are.
func revocationIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{{
		Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "kind", Value: 1}, {Key: "subject", Value: 1}},
		Options: options.Index().SetName("subject"),
	}, {
		Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "kind", Value: 1}, {Key: "until", Value: 1}},
		Options: options.Index().SetName("active"),
	}, {
		Keys:    bson.D{{Key: "until", Value: 1}},
		Options: options.Index().SetName("over"),
	}}
}

// Revoke adds a revocation. See [models.Revocations]. A try whose answer was
// lost is simply made again: to revoke twice is to revoke.
func (s *Store) Revoke(ctx context.Context, org string, r models.Revocation) (models.Revocation, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	free, err := s.turns.take(ctx, "revocations")
	if err != nil {
		return models.Revocation{}, failure(ctx, err)
	}
	defer free()
	for n := 0; ; n++ {
		kept, err := s.revoke(ctx, org, r)
		if !again(ctx, err, n) {
			return kept, failure(ctx, err)
		}
	}
}

func (s *Store) revoke(ctx context.Context, org string, r models.Revocation) (models.Revocation, error) {
	subject := bson.D{{Key: "organizationId", Value: org}, {Key: "kind", Value: r.Kind}}
	earlier, err := s.findRevocations(ctx, append(subject[:2:2], bson.E{Key: "subject", Value: r.Subject}), options.Find())
	if err != nil {
		return models.Revocation{}, err
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Revocation{}, err
	}
	r, needed, err := record.Revocation(org, r, earlier, now)
	if err != nil || !needed {
		return r, err
	}
	if len(earlier) == 0 {
		active, err := s.revocations.CountDocuments(ctx, append(subject[:2:2], bson.E{Key: "until", Value: bson.D{{Key: "$gt", Value: now}}}))
		if err != nil {
			return models.Revocation{}, err
		}
		if active >= models.MaxRevocations {
			return models.Revocation{}, models.ErrRevocationsFull
		}
	}
	var last revocation
	err = s.revocations.FindOne(ctx, bson.D{}, options.FindOne().SetSort(bson.D{{Key: "_id", Value: -1}})).Decode(&last)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return models.Revocation{}, err
	}
	r.Seq = last.Seq + 1
	if _, err := s.revocations.InsertOne(ctx, revocation(r)); err != nil {
		if mongo.IsDuplicateKeyError(err) {
			err = errRaced
		}
		return models.Revocation{}, err
	}
	s.dropRevocations(ctx, r.Seq, earlier, now)
	return r, nil
}

// dropRevocations removes what the one of seq replaced, and what is over. What
// is left when it fails is removed the next time.
func (s *Store) dropRevocations(ctx context.Context, seq int64, replaced []models.Revocation, now time.Time) {
	either := bson.A{bson.D{{Key: "until", Value: bson.D{{Key: "$lte", Value: now.Add(-record.RevocationGrace)}}}}}
	for _, r := range replaced {
		either = append(either, bson.D{{Key: "_id", Value: r.Seq}})
	}
	_, _ = s.revocations.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: seq}}}, {Key: "$or", Value: either}})
}

// Since returns what was revoked after a place. See [models.Revocations].
func (s *Store) Since(ctx context.Context, after int64, limit int) ([]models.Revocation, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	found, err := s.findRevocations(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(record.Limit(limit))))
	return found, failure(ctx, err)
}

func (s *Store) findRevocations(ctx context.Context, filter bson.D, o *options.FindOptions) ([]models.Revocation, error) {
	cursor, err := s.revocations.Find(ctx, filter, o)
	if err != nil {
		return nil, err
	}
	var rows []revocation
	if err := cursor.All(ctx, &rows); err != nil {
		return nil, err
	}
	found := make([]models.Revocation, len(rows))
	for i, r := range rows {
		found[i] = r.model()
	}
	return found, nil
}
