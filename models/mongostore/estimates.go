package mongostore

import (
	"context"
	"encoding/json"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"reelroom/models"
)

// experienceKey is the key of the one document.
const experienceKey = "experience"

// experience is that document. The figures are JSON text: nobody searches
// them, and the name of a class needs no care about dots and dollars.
type experience struct {
	Key     string `bson:"_id"`
	Version int64  `bson:"version"`
	Figures string `bson:"figures"`
}

// Experience returns what was learned. See [models.Estimates].
func (s *Store) Experience(ctx context.Context) (models.Experience, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	e, err := s.findExperience(ctx)
	return e, failure(ctx, err)
}

func (s *Store) findExperience(ctx context.Context) (e models.Experience, err error) {
	var row experience
	err = s.experience.FindOne(ctx, bson.D{{Key: "_id", Value: experienceKey}}).Decode(&row)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return e, nil
	case err != nil:
		return e, err
	}
	return e, json.Unmarshal([]byte(row.Figures), &e)
}

// Learn changes what was learned, by compare-and-set. See [models.Estimates].
func (s *Store) Learn(ctx context.Context, change func(*models.Experience)) (models.Experience, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	free, err := s.turns.take(ctx, experienceKey)
	if err != nil {
		return models.Experience{}, failure(ctx, err)
	}
	defer free()
	for n := 0; ; n++ {
		e, err := s.learn(ctx, change)
		if !again(ctx, err, n) {
			return e, failure(ctx, err)
		}
	}
}

func (s *Store) learn(ctx context.Context, change func(*models.Experience)) (models.Experience, error) {
	old, err := s.findExperience(ctx)
	if err != nil {
		return models.Experience{}, err
	}
	e, err := old.Changed(change)
	if err != nil {
		return models.Experience{}, err
	}
	figures, err := json.Marshal(&e)
	if err != nil {
		return models.Experience{}, err
	}
	row := experience{experienceKey, e.Version, string(figures)}
	if old.Version == 0 { // the key lets one writer be the first
		if _, err = s.experience.InsertOne(ctx, &row); mongo.IsDuplicateKeyError(err) {
			err = errRaced
		}
		return e, err
	}
	result, err := s.experience.ReplaceOne(ctx, bson.D{{Key: "_id", Value: experienceKey}, {Key: "version", Value: old.Version}}, &row)
	if err == nil && result.MatchedCount == 0 {
		err = errRaced
	}
	return e, err
}
