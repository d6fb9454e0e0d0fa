package mongostore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"

	"reelroom/models"
	"reelroom/models/record"
)

// row is the document of a video: the record's own fields, and five beside.
type row struct {
	// Key holds organization and id: two organizations may use the same id.
	Key string `bson:"_id"`
	// Unsettled marks what a backlog may return; an index holds only those.
	Unsettled bool `bson:"unsettled"`
	// AssessedUnder is what [models.Video.AssessedUnder] says.
	AssessedUnder int `bson:"assessedUnder"`
	// Listed is what lists are searched and sorted by.
	Listed listed `bson:"listed"`
	// Write names the write that made this version, so that a writer whose
	// answer was lost can tell whether it was done.
	Write primitive.ObjectID `bson:"write"`

	models.Video `bson:",inline"`
}

func key(org, id string) string { return models.Segment(org) + ":" + models.Segment(id) }

func rowOf(v models.Video) row {
	return row{key(v.OrganizationID, v.ID), record.Unsettled(&v), v.AssessedUnder(), listedOf(&v), primitive.NewObjectID(), v}
}

// Create adds a queued record. See [models.Videos].
func (s *Store) Create(ctx context.Context, org string, v models.Video) (models.Video, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	if v, err = record.First(org, v, now); err != nil {
		return models.Video{}, err
	}
	r := rowOf(v)
	for n := 0; ; n++ {
		_, err = s.videos.InsertOne(ctx, &r)
		if mongo.IsDuplicateKeyError(err) && n > 0 {
			// An earlier try may have been done, and its answer lost.
			if there, ferr := s.find(ctx, org, v.ID); ferr == nil && there.Write == r.Write {
				err = nil
			}
		}
		if !again(ctx, err, n) {
			break
		}
	}
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	return v, nil
}

// find reads a row; [models.ErrNotFound] when there is none, or a deleted one.
func (s *Store) find(ctx context.Context, org, id string) (r row, err error) {
	err = s.videos.FindOne(ctx, bson.D{
		{Key: "_id", Value: key(org, id)},
		{Key: "organizationId", Value: org}, // the key says so already; a mistake there must not show another's
		{Key: "status", Value: bson.D{{Key: "$ne", Value: models.StatusDeleted}}},
	}).Decode(&r)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return row{}, models.ErrNotFound
	}
	return r, err
}

// Get returns one record. See [models.Videos].
func (s *Store) Get(ctx context.Context, org, id string) (models.Video, error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.Video{}, models.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := s.find(ctx, org, id)
	return r.Video, failure(ctx, err)
}

// Advance applies a transition: it reads, applies, and replaces what it read if
// that is still there, until one try succeeds. See [models.Videos].
func (s *Store) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.Video{}, models.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	free, err := s.turns.take(ctx, key(org, id))
	if err != nil {
		return models.Video{}, failure(ctx, err)
	}
	defer free()

	var written []row // by tries whose answer was lost
	for n := 0; ; n++ {
		v, done, err := s.try(ctx, org, id, t, &written)
		if done || !again(ctx, err, n) {
			return v, failure(ctx, err)
		}
	}
}

// try makes one compare-and-set. It is done when the record was written, by
// this try or by an earlier one, and when t or the store said no.
func (s *Store) try(ctx context.Context, org, id string, t models.Transition, written *[]row) (models.Video, bool, error) {
	old, err := s.find(ctx, org, id)
	for _, w := range *written {
		if err == nil && w.Write == old.Write || errors.Is(err, models.ErrNotFound) && w.Status == models.StatusDeleted {
			return w.Video, true, nil
		}
	}
	if err != nil {
		return models.Video{}, errors.Is(err, models.ErrNotFound), err
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Video{}, false, err
	}
	v, err := record.Step(old.Video, t, now)
	if err != nil {
		return models.Video{}, true, &refused{err}
	}
	r := rowOf(v)
	*written = append(*written, r)
	result, err := s.videos.ReplaceOne(ctx, bson.D{{Key: "_id", Value: r.Key}, {Key: "version", Value: old.Version}}, &r)
	if err != nil {
		return models.Video{}, false, err
	}
	if result.MatchedCount == 0 {
		return models.Video{}, false, errRaced
	}
	return v, true, nil
}

// errRaced tells that another writer was first.
var errRaced = errors.New("the record was changed meanwhile")

// again reports whether the nth try may be repeated, after a short pause that
// keeps writers from meeting again.
func again(ctx context.Context, err error, n int) bool {
	if err == nil || ctx.Err() != nil || !errors.Is(err, errRaced) && !lost(err) {
		return false
	}
	pause := time.NewTimer(rand.N(time.Millisecond << min(n+1, 6)))
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-ctx.Done():
		return false
	}
}
