package mongostore

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/mongo/readconcern"
	"go.mongodb.org/mongo-driver/mongo/readpref"
	"go.mongodb.org/mongo-driver/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"

	"reelroom/models"
)

const (
	// callTime bounds one call of the store, with all that is retried in it.
	callTime = 4500 * time.Millisecond
	// selectionTime bounds the search for a server that can take a call.
	selectionTime = 4 * time.Second
	// defaultDatabase is used when the URI names none.
	defaultDatabase = "reelroom"
)

// Store is a [models.Store] in a MongoDB database.
type Store struct {
	client   *mongo.Client
	database *mongo.Database
	videos   *mongo.Collection
	settings *mongo.Collection
	// experience holds one document.
	experience *mongo.Collection
	// revocations are numbered by their keys; see [revocation].
	revocations *mongo.Collection
	policies    *mongo.Collection
	audit       *mongo.Collection
	batches     *mongo.Collection
	// organizations and users are those of accounts.
	organizations, users *mongo.Collection
	clock                clock
	turns                turns
}

var _ models.Store = (*Store)(nil)

// Open connects to the database that the path of the URI names ("reelroom"
// when it names none), and makes the indexes. An [models.Error] with
// [models.CodeUnavailable] and Retry tells that no server answered.
func Open(ctx context.Context, uri string) (*Store, error) {
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		bad := models.Errorf(models.CodeInvalid, "MONGODB_URI is not the address of a MongoDB database.")
		if strings.Contains(uri, "@") {
			return nil, bad // the cause may quote the password
		}
		return nil, bad.Because(err)
	}
	client, err := mongo.Connect(ctx, options.Client().ApplyURI(uri).
		SetServerSelectionTimeout(selectionTime).
		SetConnectTimeout(selectionTime).
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(writeconcern.Majority()).
		SetBSONOptions(&options.BSONOptions{UseJSONStructTags: true}))
	if err != nil {
		return nil, models.Errorf(models.CodeInvalid, "MONGODB_URI does not fit the MongoDB driver.")
	}
	name := parsed.Database
	if name == "" {
		name = defaultDatabase
	}
	s := &Store{client: client, database: client.Database(name)}
	s.videos, s.settings = s.database.Collection("videos"), s.database.Collection("settings")
	s.revocations, s.experience = s.database.Collection("revocations"), s.database.Collection("experience")
	s.policies, s.audit = s.database.Collection("policies"), s.database.Collection("audit")
	s.batches = s.database.Collection("batches")
	s.organizations, s.users = s.database.Collection("organizations"), s.database.Collection("users")
	s.clock.ask = s.serverTime
	if err := s.prepare(ctx); err != nil {
		_ = client.Disconnect(context.WithoutCancel(ctx))
		return nil, failure(ctx, err)
	}
	return s, nil
}

// prepare makes the database ready. Each step has the time of a call, whatever
// the ones before took; but to bring up the videos of an earlier version may take
// as long as there are many.
func (s *Store) prepare(ctx context.Context) error {
	soon := func(step func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		return step(ctx)
	}
	made := func(in *mongo.Collection, indexes []mongo.IndexModel) error {
		return soon(func(ctx context.Context) error {
			_, err := in.Indexes().CreateMany(ctx, indexes)
			return err
		})
	}
	err := soon(func(ctx context.Context) error {
		_, err := s.clock.now(ctx)
		return err
	})
	if err == nil {
		_, err = s.videos.Indexes().CreateMany(ctx, append(indexes(), listingIndexes()...))
	}
	if err == nil {
		err = soon(s.dropFormer)
	}
	if err == nil {
		err = made(s.revocations, revocationIndexes())
	}
	if err == nil {
		err = made(s.audit, auditIndexes())
	}
	if err == nil {
		err = made(s.batches, batchIndexes())
	}
	if err == nil {
		err = made(s.users, userIndexes())
	}
	if err == nil { // earlier versions let an address stand in one organization only
		err = soon(func(ctx context.Context) error { return dropIndex(ctx, s.users, "email") })
	}
	if err == nil {
		err = s.fillAll(ctx)
	}
	return err
}

// indexes of the videos; names are given so that a changed one is noticed. They
// are made anew for each call: the driver writes into them.
func indexes() []mongo.IndexModel {
	return []mongo.IndexModel{{
		Keys: bson.D{{Key: "createdAt", Value: 1}, {Key: "organizationId", Value: 1}, {Key: "id", Value: 1}},
		Options: options.Index().SetName("unsettled").
			SetPartialFilterExpression(bson.D{{Key: "unsettled", Value: true}}),
	}, {
		Keys: bson.D{{Key: "organizationId", Value: 1}, {Key: "status", Value: 1}},
		Options: options.Index().SetName("waiting").
			SetPartialFilterExpression(bson.D{{Key: "unsettled", Value: true}}),
	}, {
		Keys: bson.D{{Key: "organizationId", Value: 1}, {Key: "assessedUnder", Value: 1}, {Key: "id", Value: 1}},
		Options: options.Index().SetName("assessed").
			SetPartialFilterExpression(bson.D{{Key: "assessedUnder", Value: bson.D{{Key: "$gt", Value: 0}}}}),
	}, {
		Keys: bson.D{
			{Key: "organizationId", Value: 1}, {Key: "batchId", Value: 1}, {Key: "createdAt", Value: -1}, {Key: "id", Value: -1},
			{Key: "status", Value: 1}, {Key: "attempt", Value: 1},
		},
		Options: options.Index().SetName("batched").
			SetPartialFilterExpression(bson.D{{Key: "batchId", Value: bson.D{{Key: "$gt", Value: ""}}}}),
	}}
}

// Ping reports whether a primary answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return failure(ctx, s.client.Ping(ctx, readpref.Primary()))
}

// Close ends the connections. It may be called twice.
func (s *Store) Close(ctx context.Context) error {
	if err := s.client.Disconnect(ctx); err != nil && err != mongo.ErrClientDisconnected {
		return failure(ctx, err)
	}
	return nil
}
