package mongostore

import (
	"context"
	"fmt"
	"sync"
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
	upgraded(t, s)
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

// upgraded lets the next one that opens the database take it for one of an earlier
// version.
func upgraded(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.settings.DeleteOne(t.Context(), bson.D{{Key: "_id", Value: allFilled}}); err != nil {
		t.Fatal(err)
	}
}

// However many videos an earlier version has left, and in however many
// organizations, they are brought up once, by two servers at the same time if need
// be; what nobody can read stops neither. A later start does not read them all.
func TestManyVideosFromBefore(t *testing.T) {
	t.Parallel()
	uri := freshDatabase(t)
	s := open(t, uri)
	const orgs, each = 3, fillBatch - 100
	var rows []any
	for i := range orgs * each {
		rows = append(rows, rowOf(models.Video{ID: fmt.Sprint("v", i), OrganizationID: fmt.Sprint("org", i%orgs), Title: "One", Status: models.StatusQueued, Version: 1}))
	}
	if _, err := s.videos.InsertMany(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if _, err := s.videos.UpdateMany(t.Context(), bson.D{}, bson.D{{Key: "$unset", Value: bson.D{{Key: "listed", Value: 1}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.videos.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "broken"}, {Key: "organizationId", Value: "broken"}, {Key: "version", Value: "no number"}}); err != nil {
		t.Fatal(err)
	}
	lack := func() int64 {
		n, err := s.videos.CountDocuments(t.Context(), lacking)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	upgraded(t, s)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			other, err := Open(t.Context(), uri)
			if err != nil {
				t.Error(err)
				return
			}
			_ = other.Close(context.Background())
		})
	}
	both.Wait()
	if n := lack(); n != 1 {
		t.Errorf("%d are left, not the one that cannot be read", n)
	}
	if _, err := s.videos.UpdateByID(t.Context(), key("org0", "v0"), bson.D{{Key: "$unset", Value: bson.D{{Key: "listed", Value: 1}}}}); err != nil {
		t.Fatal(err)
	}
	again := open(t, uri)
	if n := lack(); n != 2 {
		t.Errorf("a later start has left %d: it reads all videos", n)
	}
	if counts, err := again.Count(t.Context(), "org0"); err != nil || counts.Total != each || lack() != 1 {
		t.Errorf("counted %+v, %v", counts, err)
	}
}

// That an index of many videos takes its time does not take that of the steps
// after it.
func TestOpenWithASlowIndex(t *testing.T) {
	t.Parallel()
	p, uri := proxied(t)
	p.delay("createIndexes")
	s, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close(context.Background())
	if p.late.Load() != nil {
		t.Error("no index was slow")
	}
}

// A pattern matches its text and nothing else.
func TestLiteral(t *testing.T) {
	t.Parallel()
	if got, want := literal("a.B%\\\x00é😀 9"), `a\x2eB\x25\x5c\x00é😀\x209`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
