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

// accountRow is the document of an organization or a user: what is searched by,
// and the record as JSON text. Write names the write, as in [row]. Email and
// First are a user's; no two documents of an organization have the same Email,
// and no two at all are First.
type accountRow struct {
	Key     string             `bson:"_id"`
	Org     string             `bson:"organizationId"`
	ID      string             `bson:"id"`
	Email   string             `bson:"email,omitempty"`
	First   bool               `bson:"first,omitempty"`
	Version int64              `bson:"version"`
	Write   primitive.ObjectID `bson:"write"`
	Record  string             `bson:"record"`
}

func organizationRow(o models.Organization) (accountRow, error) {
	text, err := json.Marshal(&o)
	return accountRow{Key: o.ID, Org: o.ID, ID: o.ID, Version: o.Version, Write: primitive.NewObjectID(), Record: string(text)}, err
}

func userRow(u models.User) (accountRow, error) {
	text, err := json.Marshal(&u)
	return accountRow{
		Key: key(u.OrganizationID, u.ID), Org: u.OrganizationID, ID: u.ID, Email: u.Email, First: u.First,
		Version: u.Version, Write: primitive.NewObjectID(), Record: string(text),
	}, err
}

func userIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{{
		Keys:    bson.D{{Key: "email", Value: 1}, {Key: "organizationId", Value: 1}},
		Options: options.Index().SetName("address").SetUnique(true),
	}, {
		Keys:    bson.D{{Key: "first", Value: 1}},
		Options: options.Index().SetName("first").SetUnique(true).SetPartialFilterExpression(bson.D{{Key: "first", Value: true}}),
	}, {
		Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "id", Value: 1}},
		Options: options.Index().SetName("listed"),
	}}
}

// insertAccount adds a document. A duplicate after a lost answer may be its own.
func insertAccount(ctx context.Context, in *mongo.Collection, r *accountRow) (err error) {
	for n := 0; ; n++ {
		_, err = in.InsertOne(ctx, r)
		if mongo.IsDuplicateKeyError(err) && n > 0 {
			if there, ferr := findAccount(ctx, in, bson.D{{Key: "_id", Value: r.Key}}); ferr == nil && there.Write == r.Write {
				return nil
			}
		}
		if !again(ctx, err, n) {
			return err
		}
	}
}

func findAccount(ctx context.Context, in *mongo.Collection, filter bson.D) (r accountRow, err error) {
	err = in.FindOne(ctx, filter).Decode(&r)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return accountRow{}, models.ErrNoAccount
	}
	return r, err
}

// readAccount returns the record of a document.
func readAccount[T any](ctx context.Context, in *mongo.Collection, filter bson.D) (found T, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := findAccount(ctx, in, filter)
	if err == nil {
		err = json.Unmarshal([]byte(r.Record), &found)
	}
	return found, failure(ctx, err)
}

// advanceAccount applies step by compare-and-set.
func advanceAccount[T any](ctx context.Context, s *Store, in *mongo.Collection, id string, step func(T) (T, accountRow, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var none T
	free, err := s.turns.take(ctx, in.Name()+":"+id)
	if err != nil {
		return none, failure(ctx, err)
	}
	defer free()
	var written []primitive.ObjectID // by tries whose answer was lost
	for n := 0; ; n++ {
		next, err := tryAccount(ctx, in, id, step, &written)
		if err == nil {
			return next, nil
		}
		if !again(ctx, err, n) {
			return none, failure(ctx, err)
		}
	}
}

func tryAccount[T any](ctx context.Context, in *mongo.Collection, id string, step func(T) (T, accountRow, error), written *[]primitive.ObjectID) (old T, err error) {
	there, err := findAccount(ctx, in, bson.D{{Key: "_id", Value: id}})
	if err != nil {
		return old, err
	}
	if err := json.Unmarshal([]byte(there.Record), &old); err != nil {
		return old, err
	}
	for _, w := range *written {
		if w == there.Write {
			return old, nil
		}
	}
	next, r, err := step(old)
	if err != nil {
		return old, err
	}
	*written = append(*written, r.Write)
	result, err := in.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "version", Value: there.Version}}, &r)
	if err == nil && result.MatchedCount == 0 {
		err = errRaced
	}
	return next, err
}

// CreateOrganization adds a record. See [models.Accounts].
func (s *Store) CreateOrganization(ctx context.Context, o models.Organization) (models.Organization, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.Organization{}, failure(ctx, err)
	}
	if o, err = record.FirstOrganization(o, now); err != nil {
		return models.Organization{}, err
	}
	r, err := organizationRow(o)
	if err == nil {
		err = insertAccount(ctx, s.organizations, &r)
	}
	if err != nil {
		return models.Organization{}, failure(ctx, err)
	}
	return o, nil
}

// Organization returns a record. See [models.Accounts].
func (s *Store) Organization(ctx context.Context, org string) (models.Organization, error) {
	if !models.ValidID(org) {
		return models.Organization{}, models.ErrNoAccount
	}
	return readAccount[models.Organization](ctx, s.organizations, bson.D{{Key: "_id", Value: org}})
}

// AdvanceOrganization applies a change. See [models.Accounts].
func (s *Store) AdvanceOrganization(ctx context.Context, org string, c models.OrganizationChange) (models.Organization, error) {
	if !models.ValidID(org) {
		return models.Organization{}, models.ErrNoAccount
	}
	return advanceAccount(ctx, s, s.organizations, org, func(o models.Organization) (models.Organization, accountRow, error) {
		now, err := s.clock.now(ctx)
		if err != nil {
			return o, accountRow{}, err
		}
		if o, err = record.StepOrganization(o, c, now); err != nil {
			return o, accountRow{}, &refused{err}
		}
		r, err := organizationRow(o)
		return o, r, err
	})
}

// CreateUser adds a user. See [models.Accounts].
func (s *Store) CreateUser(ctx context.Context, org string, u models.User) (models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	now, err := s.clock.now(ctx)
	if err != nil {
		return models.User{}, failure(ctx, err)
	}
	if u, err = record.FirstUser(org, u, now); err != nil {
		return models.User{}, err
	}
	r, err := userRow(u)
	if err == nil {
		err = insertAccount(ctx, s.users, &r)
	}
	if mongo.IsDuplicateKeyError(err) {
		if _, taken := findAccount(ctx, s.users, bson.D{{Key: "email", Value: u.Email}, {Key: "organizationId", Value: org}}); taken == nil {
			return models.User{}, models.ErrEmailTaken
		}
	}
	if err != nil {
		return models.User{}, failure(ctx, err)
	}
	return u, nil
}

// User returns a record. See [models.Accounts].
func (s *Store) User(ctx context.Context, org, id string) (models.User, error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.User{}, models.ErrNoAccount
	}
	return readAccount[models.User](ctx, s.users, bson.D{{Key: "_id", Value: key(org, id)}})
}

// UsersByEmail returns who has the address. See [models.Accounts].
func (s *Store) UsersByEmail(ctx context.Context, email, org string, limit int) ([]models.User, error) {
	filter := bson.D{{Key: "email", Value: email}}
	if org != "" {
		filter = append(filter, bson.E{Key: "organizationId", Value: org})
	}
	return s.findUsers(ctx, filter, limit)
}

// ListUsers returns a page. See [models.Accounts].
func (s *Store) ListUsers(ctx context.Context, org string, page models.UserPage) ([]models.User, error) {
	return s.findUsers(ctx, bson.D{{Key: "organizationId", Value: org}, {Key: "id", Value: bson.D{{Key: "$gt", Value: page.After}}}}, page.Size())
}

// findUsers returns users in the order of their ids.
func (s *Store) findUsers(ctx context.Context, filter bson.D, limit int) ([]models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.users.Find(ctx, filter, options.Find().SetSort(bson.D{{Key: "id", Value: 1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, failure(ctx, err)
	}
	var rows []accountRow
	if err := cursor.All(ctx, &rows); err != nil {
		return nil, failure(ctx, err)
	}
	found := make([]models.User, len(rows))
	for i := range rows {
		if err := json.Unmarshal([]byte(rows[i].Record), &found[i]); err != nil {
			return nil, failure(ctx, err)
		}
	}
	return found, nil
}

// AdvanceUser applies a change. See [models.Accounts].
func (s *Store) AdvanceUser(ctx context.Context, org, id string, c models.UserChange) (models.User, error) {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.User{}, models.ErrNoAccount
	}
	return advanceAccount(ctx, s, s.users, key(org, id), func(u models.User) (models.User, accountRow, error) {
		now, err := s.clock.now(ctx)
		if err != nil {
			return u, accountRow{}, err
		}
		if u, err = record.StepUser(u, c, now); err != nil {
			return u, accountRow{}, &refused{err}
		}
		r, err := userRow(u)
		return u, r, err
	})
}

// DeleteUser removes a user. See [models.Accounts].
func (s *Store) DeleteUser(ctx context.Context, org, id string) error {
	if !models.ValidID(org) || !models.ValidID(id) {
		return models.ErrNoAccount
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	result, err := s.users.DeleteOne(ctx, bson.D{{Key: "_id", Value: key(org, id)}})
	if err == nil && result.DeletedCount == 0 {
		err = models.ErrNoAccount
	}
	return failure(ctx, err)
}

// HasUsers reports whether there is an account. See [models.Accounts].
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	n, err := s.users.CountDocuments(ctx, bson.D{}, options.Count().SetLimit(1))
	return n > 0, failure(ctx, err)
}
