package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
)

// listed is what lists are searched and sorted by, made from the record.
type listed struct {
	Title    string         `bson:"title"`
	Name     string         `bson:"name"`
	Size     int64          `bson:"size"`
	Duration float64        `bson:"duration"`
	Verdict  models.Verdict `bson:"verdict"`
}

func listedOf(v *models.Video) listed {
	return listed{models.TitleKey(v.Title), models.NameKey(v.File.Name), v.File.Size, v.Duration(), v.Verdict()}
}

// listingIndexes hold each order that a list can have, with what is asked
// besides; "counted" holds what is counted. "listed" of earlier versions is
// dropped: what "byCreation" has holds it.
func listingIndexes() []mongo.IndexModel {
	filtered := func(name, field string) mongo.IndexModel {
		keys := bson.D{{Key: "organizationId", Value: 1}, {Key: field, Value: 1}, {Key: "id", Value: 1}, {Key: "status", Value: 1}, {Key: "listed.verdict", Value: 1}}
		if field != "listed.title" {
			keys = append(keys, bson.E{Key: "listed.title", Value: 1})
		}
		return mongo.IndexModel{Keys: append(keys, bson.E{Key: "listed.name", Value: 1}), Options: options.Index().SetName(name)}
	}
	return []mongo.IndexModel{
		filtered("byCreation", "createdAt"), filtered("byTitle", "listed.title"), filtered("bySize", "listed.size"), filtered("byDuration", "listed.duration"),
		{
			Keys:    bson.D{{Key: "organizationId", Value: 1}, {Key: "listed.verdict", Value: 1}, {Key: "status", Value: 1}},
			Options: options.Index().SetName("counted"),
		},
	}
}

// dropFormer drops the index that earlier versions listed by.
func (s *Store) dropFormer(ctx context.Context) error { return dropIndex(ctx, s.videos, "listed") }

// dropIndex drops an index, if there is one of that name.
func dropIndex(ctx context.Context, in *mongo.Collection, name string) error {
	_, err := in.Indexes().DropOne(ctx, name)
	var said mongo.CommandError
	if errors.As(err, &said) && (said.Code == 26 || said.Code == 27) { // no such collection, no such index
		return nil
	}
	return err
}

// fillBatch is how many records are filled in one go.
const fillBatch = 500

// allFilled names the setting that tells that fillAll was done.
const allFilled = "videos-listed"

// fillAll gives the records of all organizations what lists need and an earlier
// version did not write. It reads all of them, in one go, and does so once in the
// life of a database: what nodes of that version write later, or have written
// meanwhile, is filled when it is listed.
func (s *Store) fillAll(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := s.settings.FindOne(short, bson.D{{Key: "_id", Value: allFilled}}).Err(); !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	cursor, err := s.videos.Find(ctx, lacking, options.Find().SetBatchSize(fillBatch))
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the server forgets it anyway
	writes := make([]mongo.WriteModel, 0, fillBatch)
	for more := true; more; {
		if more = cursor.Next(ctx); more {
			var r row
			if cursor.Decode(&r) != nil {
				continue // nobody can read it, so that it hinders no other
			}
			writes = append(writes, filling(&r.Video))
		}
		if len(writes) == fillBatch || !more && len(writes) > 0 {
			if err := s.fill(ctx, writes); err != nil {
				return err
			}
			writes = writes[:0]
		}
	}
	if err := cursor.Err(); err != nil {
		return err
	}
	_, err = s.Once(ctx, allFilled, "yes")
	return err
}

// lacking is the condition of records that an earlier version wrote.
var lacking = bson.D{{Key: "listed.verdict", Value: nil}}

// fillListing is fillAll for one organization, when a list is begun. An index
// finds that there are none.
func (s *Store) fillListing(ctx context.Context, org string) error {
	filter := append(bson.D{{Key: "organizationId", Value: org}}, lacking...)
	for {
		found, err := s.query(ctx, filter, fillBatch, bson.D{})
		if err != nil || len(found) == 0 {
			return err
		}
		writes := make([]mongo.WriteModel, len(found))
		for i := range found {
			writes[i] = filling(&found[i])
		}
		if err := s.fill(ctx, writes); err != nil || len(found) < fillBatch {
			return err
		}
	}
}

// filling fills a record. One that is written meanwhile is filled by who writes it.
func filling(v *models.Video) mongo.WriteModel {
	return mongo.NewUpdateOneModel().
		SetFilter(bson.D{{Key: "_id", Value: key(v.OrganizationID, v.ID)}, {Key: "version", Value: v.Version}}).
		SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: "listed", Value: listedOf(v)}}}})
}

func (s *Store) fill(ctx context.Context, writes []mongo.WriteModel) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := s.videos.BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(false))
	return failure(ctx, err)
}

// Count counts in the index that holds just that. See [models.Videos].
func (s *Store) Count(ctx context.Context, org string) (models.Counts, error) {
	counts := models.NewCounts()
	if !models.ValidID(org) {
		return counts, nil
	}
	if err := s.fillListing(ctx, org); err != nil {
		return models.Counts{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cursor, err := s.videos.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "organizationId", Value: org}}}},
		{{Key: "$group", Value: bson.D{
			{Key: "_id", Value: bson.D{{Key: "status", Value: "$status"}, {Key: "verdict", Value: "$listed.verdict"}}},
			{Key: "videos", Value: bson.D{{Key: "$sum", Value: 1}}},
		}}},
	}, options.Aggregate().SetHint("counted"))
	if err != nil {
		return models.Counts{}, failure(ctx, err)
	}
	var groups []struct {
		Group struct {
			Status  models.Status  `bson:"status"`
			Verdict models.Verdict `bson:"verdict"`
		} `bson:"_id"`
		Videos int `bson:"videos"`
	}
	if err := cursor.All(ctx, &groups); err != nil {
		return models.Counts{}, failure(ctx, err)
	}
	for _, g := range groups {
		counts = counts.Add(g.Group.Status, g.Group.Verdict, g.Videos)
	}
	return counts, nil
}
