package mongostore

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// What an earlier version wrote, before this one started or since, is listed and
// counted as all else, and that version's index goes.
func TestVideosFromBeforeSearch(t *testing.T) {
	t.Parallel()
	uri := freshDatabase(t)
	s := open(t, uri)
	_, err := s.videos.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "createdAt", Value: -1}}, Options: options.Index().SetName("listed")})
	if err != nil {
		t.Fatal(err)
	}
	var all []models.Video
	for i := range 7 {
		v, err := s.Create(t.Context(), "acme", models.Video{ID: fmt.Sprint(i), Title: fmt.Sprintf("Clip %c", 'z'-i), File: models.File{Name: "A.MP4", Size: int64(i % 3)}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	forget := func(from, to int) {
		for i := from; i < to; i++ {
			_, err := s.videos.UpdateByID(t.Context(), key("acme", fmt.Sprint(i)), bson.D{{Key: "$unset", Value: bson.D{{Key: "listed", Value: 1}}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(s *Store) {
		t.Helper()
		for _, page := range []models.Page{{Sort: models.SortTitle, Query: "CLIP"}, {Sort: models.SortSizeDown, Query: "a.mp4"}} {
			found, err := s.List(t.Context(), "acme", page)
			want := modelstest.Listed(all, page)
			if err != nil || len(found.Videos) != len(want) {
				t.Fatalf("%+v: %d, %v", page, len(found.Videos), err)
			}
			for i := range want {
				if found.Videos[i].ID != want[i].ID {
					t.Errorf("%+v: %s stands at %d", page, found.Videos[i].ID, i)
				}
			}
		}
	}
	forget(0, 7)
	again := open(t, uri)
	if n, err := s.videos.CountDocuments(t.Context(), bson.D{{Key: "listed.verdict", Value: nil}}); err != nil || n != 0 {
		t.Errorf("after the start %d are left, %v", n, err)
	}
	check(again)
	forget(2, 5) // by a node of the earlier version
	check(again)
	forget(0, 7)
	if counts, err := again.Count(t.Context(), "acme"); err != nil || counts.Total != 7 || counts.Status[models.StatusQueued] != 7 {
		t.Errorf("counted %+v, %v", counts, err)
	}
	names, err := s.videos.Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range names {
		if spec.Name == "listed" {
			t.Error("the index of before is still there")
		}
	}
}

// A pattern matches its text and nothing else.
func TestLiteral(t *testing.T) {
	t.Parallel()
	if got, want := literal("a.B%\\\x00é😀 9"), `a\x2eB\x25\x5c\x00é😀\x209`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
