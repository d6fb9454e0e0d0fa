package mongostore

import (
	"testing"

	"go.mongodb.org/mongo-driver/bson"
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
