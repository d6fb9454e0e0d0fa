package mongostore

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
)

// The database has the indexes in which a search finds its order. (That a
// server uses them is for its own explain to say.)
func TestIndexes(t *testing.T) {
	t.Parallel()
	uri := freshDatabase(t)
	open(t, uri)
	s := open(t, uri) // again: what is there is left
	cursor, err := s.videos.Indexes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Name    string `bson:"name"`
		Key     bson.D `bson:"key"`
		Partial bson.D `bson:"partialFilterExpression"`
	}
	if err := cursor.All(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, index := range found {
		for _, e := range append(index.Key, index.Partial...) {
			got[index.Name] += e.Key + " "
		}
	}
	for name, want := range map[string]string{
		"_id_":       "_id ",
		"byCreation": "organizationId createdAt id status listed.verdict listed.title listed.name ",
		"byTitle":    "organizationId listed.title id status listed.verdict listed.name ",
		"bySize":     "organizationId listed.size id status listed.verdict listed.title listed.name ",
		"byDuration": "organizationId listed.duration id status listed.verdict listed.title listed.name ",
		"counted":    "organizationId listed.verdict status ",
		"unsettled":  "createdAt organizationId id unsettled ",
		"waiting":    "organizationId status unsettled ", "assessed": "organizationId assessedUnder id assessedUnder ",
		"batched": "organizationId batchId createdAt id status attempt batchId ",
	} {
		if got[name] != want {
			t.Errorf("index %s: %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 10 {
		t.Errorf("indexes: %v", got)
	}
}

// A database in which an address could stand in one organization only loses the
// index that says so.
func TestAddressesOfEarlierVersionsAreFreed(t *testing.T) {
	t.Parallel()
	uri := freshDatabase(t)
	s := open(t, uri)
	if _, err := s.users.Indexes().CreateOne(t.Context(), mongo.IndexModel{
		Keys: bson.D{{Key: "email", Value: 1}}, Options: options.Index().SetName("email").SetUnique(true),
	}); err != nil {
		t.Fatal(err)
	}
	in := func(org string) error {
		_, err := s.CreateUser(t.Context(), org, models.User{ID: models.NewID(time.Now()), Email: "amy@example.com"})
		return err
	}
	if err := in("acme"); err != nil {
		t.Fatal(err)
	}
	if err := in("globex"); models.CodeOf(err) != models.CodeConflict {
		t.Fatalf("with the index of before: %v", err)
	}
	open(t, uri)
	if err := in("globex"); err != nil {
		t.Error(err)
	}
	if err := in("globex"); models.CodeOf(err) != models.CodeEmailTaken {
		t.Errorf("twice in one organization: %v", err)
	}
}
