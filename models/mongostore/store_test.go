package mongostore

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
)

// serverVariable holds the URI of a MongoDB that tests may fill with databases.
const serverVariable = "MONGODB_TEST_URI"

func TestStore(t *testing.T) {
	testenv.Variable(t, serverVariable)
	modelstest.TestStore(t, modelstest.Stores{
		Fresh: freshDatabase,
		Open: func(ctx context.Context, uri string) (models.Store, error) {
			return Open(ctx, uri)
		},
		Shared: true,
	})
}

// freshDatabase returns the URI of a database that is dropped after the test.
func freshDatabase(t testing.TB) string {
	t.Helper()
	server, err := url.Parse(testenv.Variable(t, serverVariable))
	if err != nil {
		t.Fatal("MONGODB_TEST_URI is no URI")
	}
	name := "reelroom_test_" + primitive.NewObjectID().Hex()
	server.Path = "/" + name
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		client, err := mongo.Connect(ctx, options.Client().ApplyURI(server.String()))
		if err != nil {
			t.Error(err)
			return
		}
		if err := client.Database(name).Drop(ctx); err != nil && !strings.Contains(err.Error(), "not found") {
			t.Errorf("drop: %v", err)
		}
		_ = client.Disconnect(ctx)
	})
	return server.String()
}

func open(t testing.TB, uri string) *Store {
	t.Helper()
	s, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}
