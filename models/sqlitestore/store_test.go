package sqlitestore

import (
	"context"
	"path/filepath"
	"testing"

	"reelroom/models"
	"reelroom/models/modelstest"
)

func TestStore(t *testing.T) {
	modelstest.TestStore(t, modelstest.Stores{
		Fresh: func(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "reelroom.db") },
		Open: func(ctx context.Context, path string) (models.Store, error) {
			return Open(ctx, path)
		},
	})
}
