package mongostore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"

	"reelroom/models"
)

// See the test of this name in sqlitestore.
func TestRevocationsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, freshDatabase(t))
	var rows []any
	for i := range models.MaxRevocations {
		rows = append(rows, revocation{Seq: int64(i + 1), OrganizationID: "acme", Kind: models.RevokeUser, Subject: fmt.Sprint("u", i), Until: models.Forever})
	}
	if _, err := s.revocations.InsertMany(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	user := func(id string) models.Revocation {
		return models.Revocation{Kind: models.RevokeUser, Subject: id}
	}
	if _, err := s.Revoke(t.Context(), "acme", user("one-more")); !errors.Is(err, models.ErrRevocationsFull) {
		t.Errorf("one more: %v", err)
	}
	if r, err := s.Revoke(t.Context(), "acme", user("u7")); err != nil || r.Seq != models.MaxRevocations+1 {
		t.Errorf("one of them again: %+v, %v", r, err)
	}
	if _, err := s.Revoke(t.Context(), "globex", user("one-more")); err != nil {
		t.Errorf("another organization: %v", err)
	}
	over := bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: time.Now().Add(-time.Minute)}}}}
	if _, err := s.revocations.UpdateOne(t.Context(), bson.D{{Key: "subject", Value: "u9"}}, over); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revoke(t.Context(), "acme", user("one-more")); err != nil {
		t.Errorf("when one is over: %v", err)
	}
}
