package mongostore

import (
	"context"
	"encoding/json"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// policyRow is the document of an organization's policy. What is kept is JSON
// text: nobody searches it. Write names the write, as in [row].
type policyRow struct {
	Org    string             `bson:"_id"`
	Writes int64              `bson:"writes"`
	Write  primitive.ObjectID `bson:"write"`
	Record string             `bson:"record"`
}

func (r *policyRow) model() (p models.PolicyRecord, err error) {
	err = json.Unmarshal([]byte(r.Record), &p)
	return p, err
}

// Policy returns an organization's policy. See [models.Policies].
func (s *Store) Policy(ctx context.Context, org string) (models.PolicyRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	p, _, err := s.findPolicy(ctx, org)
	return p, failure(ctx, err)
}

func (s *Store) findPolicy(ctx context.Context, org string) (p models.PolicyRecord, r policyRow, err error) {
	if !models.ValidID(org) {
		return record.FirstPolicy(org), r, nil
	}
	err = s.policies.FindOne(ctx, bson.D{{Key: "_id", Value: org}}).Decode(&r)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return record.FirstPolicy(org), r, nil
	}
	if err == nil {
		p, err = r.model()
	}
	return p, r, err
}

// ChangePolicy applies a change by compare-and-set. See [models.Policies].
func (s *Store) ChangePolicy(ctx context.Context, org string, c models.PolicyChange) (models.PolicyRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	free, err := s.turns.take(ctx, "policy:"+org)
	if err != nil {
		return models.PolicyRecord{}, failure(ctx, err)
	}
	defer free()
	var written []primitive.ObjectID // by tries whose answer was lost
	for n := 0; ; n++ {
		p, err := s.changePolicy(ctx, org, c, &written)
		if !again(ctx, err, n) {
			return p, failure(ctx, err)
		}
	}
}

func (s *Store) changePolicy(ctx context.Context, org string, c models.PolicyChange, written *[]primitive.ObjectID) (models.PolicyRecord, error) {
	old, there, err := s.findPolicy(ctx, org)
	if err != nil {
		return models.PolicyRecord{}, err
	}
	for _, w := range *written {
		if w == there.Write {
			return old, nil
		}
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.PolicyRecord{}, err
	}
	p, err := record.StepPolicy(old, c, now)
	if err != nil {
		return models.PolicyRecord{}, &refused{err}
	}
	text, err := json.Marshal(&p)
	if err != nil {
		return models.PolicyRecord{}, err
	}
	r := policyRow{org, p.Writes, primitive.NewObjectID(), string(text)}
	*written = append(*written, r.Write)
	if old.Writes == 0 { // the key lets one writer be the first
		if _, err = s.policies.InsertOne(ctx, &r); mongo.IsDuplicateKeyError(err) {
			err = errRaced
		}
		return p, err
	}
	result, err := s.policies.ReplaceOne(ctx, bson.D{{Key: "_id", Value: org}, {Key: "writes", Value: old.Writes}}, &r)
	if err == nil && result.MatchedCount == 0 {
		err = errRaced
	}
	return p, err
}

// ChosenPolicies returns what was ever written. See [models.Policies].
func (s *Store) ChosenPolicies(ctx context.Context, after string, limit int) ([]models.PolicyRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.policies.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(record.Limit(limit))))
	if err != nil {
		return nil, failure(ctx, err)
	}
	var rows []policyRow
	if err := cursor.All(ctx, &rows); err != nil {
		return nil, failure(ctx, err)
	}
	found := make([]models.PolicyRecord, len(rows))
	for i := range rows {
		if found[i], err = rows[i].model(); err != nil {
			return nil, failure(ctx, err)
		}
	}
	return found, nil
}

// Outdated returns videos that an older policy assessed. See [models.Policies].
func (s *Store) Outdated(ctx context.Context, org string, version int, after models.AssessedRef, limit int) ([]models.Video, error) {
	if !models.ValidID(org) {
		return nil, nil
	}
	return s.query(ctx, bson.D{
		{Key: "organizationId", Value: org},
		{Key: "assessedUnder", Value: bson.D{{Key: "$gt", Value: 0}, {Key: "$lt", Value: version}}}, // the first as in the index
		{Key: "$and", Value: bson.A{beyond("$gt", bson.D{{Key: "assessedUnder", Value: after.Version}, {Key: "id", Value: after.VideoID}})}},
	}, record.Limit(limit), bson.D{{Key: "assessedUnder", Value: 1}, {Key: "id", Value: 1}})
}
