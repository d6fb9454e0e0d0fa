package mongostore

import (
	"context"
	"encoding/json"
	"regexp"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/record"
)

// auditRow is the document of one entry: its JSON text, and what is searched by.
type auditRow struct {
	Key            string    `bson:"_id"`
	OrganizationID string    `bson:"organizationId"`
	ID             string    `bson:"id"`
	At             time.Time `bson:"at"`
	VideoID        string    `bson:"videoId"`
	Entry          string    `bson:"entry"`
}

// auditIndexes are made anew for each call, as [indexes] are.
func auditIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{{
		Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "at", Value: -1}, {Key: "id", Value: -1}},
		Options: options.Index().SetName("listed"),
	}, {
		Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "videoId", Value: 1}, {Key: "at", Value: -1}, {Key: "id", Value: -1}},
		Options: options.Index().SetName("ofVideo"),
	}, {
		Keys:    bson.D{{Key: "at", Value: 1}},
		Options: options.Index().SetName("byAge"),
	}}
}

// lastFirst is the order of a trail.
var lastFirst = bson.D{{Key: "at", Value: -1}, {Key: "id", Value: -1}}

// AppendAudit adds an entry; the key lets it be there once. See [models.Audit].
func (s *Store) AppendAudit(ctx context.Context, org string, e models.AuditEntry) error {
	e, err := record.AuditEntry(org, e)
	if err != nil {
		return err
	}
	text, err := json.Marshal(&e)
	if err != nil {
		return failure(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r := auditRow{key(org, e.ID), org, e.ID, e.At, e.VideoID, string(text)}
	for n := 0; ; n++ {
		_, err := s.audit.InsertOne(ctx, &r)
		if mongo.IsDuplicateKeyError(err) {
			return nil
		}
		if !again(ctx, err, n) {
			return failure(ctx, err)
		}
	}
}

// auditBeginning is how the text of an entry begins that a page asks for: what
// it is searched by stands there in all versions, before any word of a person.
func auditBeginning(page models.AuditPage) string {
	text := func(want string) string {
		if want == "" {
			return `"(?:[^"\\]|\\.)*"`
		}
		quoted, err := json.Marshal(want)
		if err != nil { // a string always has a JSON form
			return `$^`
		}
		return regexp.QuoteMeta(string(quoted))
	}
	return `^\{"id":"[^"]*","at":"[^"]*","by":` + text(page.By) + `,"action":` + text(string(page.Action)) + `[,}]`
}

// ListAudit returns a page, newest first. See [models.Audit].
func (s *Store) ListAudit(ctx context.Context, org string, page models.AuditPage) (models.AuditList, error) {
	filter := bson.D{{Key: "organizationId", Value: org}}
	if page.VideoID != "" {
		filter = append(filter, bson.E{Key: "videoId", Value: page.VideoID})
	}
	if page.Action != "" || page.By != "" {
		filter = append(filter, bson.E{Key: "entry", Value: bson.D{{Key: "$regex", Value: auditBeginning(page)}}})
	}
	if page.After != "" {
		c, err := record.ParseCursor(page.After)
		if err != nil {
			return models.AuditList{}, err
		}
		filter = append(filter, beyond("$lt", bson.D{{Key: "at", Value: c.CreatedAt}, {Key: "id", Value: c.ID}})...)
	}
	if !models.ValidID(org) {
		return models.AuditList{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.audit.Find(ctx, filter, options.Find().SetSort(lastFirst).SetLimit(int64(page.Size()+1)))
	if err != nil {
		return models.AuditList{}, failure(ctx, err)
	}
	var rows []auditRow
	if err := cursor.All(ctx, &rows); err != nil {
		return models.AuditList{}, failure(ctx, err)
	}
	found := make([]models.AuditEntry, len(rows))
	for i := range rows {
		if err := json.Unmarshal([]byte(rows[i].Entry), &found[i]); err != nil {
			return models.AuditList{}, failure(ctx, err)
		}
	}
	return record.CutAudit(page, found), nil
}

// TrimAudit removes what is too old or too much. See [models.Audit].
func (s *Store) TrimAudit(ctx context.Context, before time.Time, keep int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	old, err := s.audit.DeleteMany(ctx, bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: record.Moment(before)}}}})
	if err != nil {
		return 0, failure(ctx, err)
	}
	removed := int(old.DeletedCount)
	cursor, err := s.audit.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$organizationId"}, {Key: "entries", Value: bson.D{{Key: "$sum", Value: 1}}}}}},
		{{Key: "$match", Value: bson.D{{Key: "entries", Value: bson.D{{Key: "$gt", Value: keep}}}}}},
	})
	if err != nil {
		return removed, failure(ctx, err)
	}
	var full []struct {
		Org string `bson:"_id"`
	}
	if err := cursor.All(ctx, &full); err != nil {
		return removed, failure(ctx, err)
	}
	for _, f := range full {
		filter := bson.D{{Key: "organizationId", Value: f.Org}}
		var first auditRow // of those that go
		err := s.audit.FindOne(ctx, filter, options.FindOne().SetSort(lastFirst).SetSkip(int64(max(keep, 0)))).Decode(&first)
		if err != nil {
			return removed, failure(ctx, err)
		}
		gone, err := s.audit.DeleteMany(ctx, append(filter, beyond("$lt", bson.D{{Key: "at", Value: first.At}, {Key: "id", Value: first.ID}})...))
		if err != nil {
			return removed, failure(ctx, err)
		}
		last, err := s.audit.DeleteOne(ctx, bson.D{{Key: "_id", Value: first.Key}})
		if err != nil {
			return removed, failure(ctx, err)
		}
		removed += int(gone.DeletedCount + last.DeletedCount)
	}
	return removed, nil
}
