package backend

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// try opens and closes once.
func try(t *testing.T, values map[string]string) error {
	t.Helper()
	b, err := Open(t.Context(), settings(t, values), slog.New(slog.DiscardHandler))
	if err == nil {
		b.Close()
	}
	return err
}

// refused checks that the error names the variable and says what is wrong.
func refused(t *testing.T, err error, variable string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), variable) || !strings.Contains(err.Error(), "installation") {
		t.Errorf("want a refusal that names %s, got %v", variable, err)
	}
}

func TestRedisOfAnotherInstallationIsRefused(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	a := map[string]string{"DATA_DIR": t.TempDir(), "REDIS_URL": "redis://" + m.Addr()}
	b := map[string]string{"DATA_DIR": t.TempDir(), "REDIS_HOST": m.Host(), "REDIS_PORT": m.Port()}
	for range 2 {
		if err := try(t, a); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, try(t, b), "REDIS_HOST")
	m.FlushAll() // a loss is no split: who comes first marks it again
	if err := try(t, b); err != nil {
		t.Fatal(err)
	}
	refused(t, try(t, a), "REDIS_URL")
}

func TestRedisIsMarkedAgainAfterItWasEmptied(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	values := map[string]string{"DATA_DIR": t.TempDir(), "REDIS_URL": "redis://" + m.Addr()}
	b, err := Open(t.Context(), settings(t, values), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	id, _ := m.Get(installationKey)
	m.FlushAll()
	if err := b.Ready()["log"](t.Context()); err != nil {
		t.Errorf("not ready without the mark: %v", err)
	}
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer client.Close()
	if err := claimRedis(t.Context(), b.Config, client, id); err != nil {
		t.Error(err)
	}
	if again, _ := m.Get(installationKey); id == "" || again != id {
		t.Errorf("marked with %q, then %q", id, again)
	}
}

func TestFolderOfAnotherInstallationIsRefused(t *testing.T) {
	t.Parallel()
	shared := "file://" + filepath.Join(t.TempDir(), "blobs")
	a := map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": shared}
	for range 2 {
		if err := try(t, a); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, try(t, map[string]string{"DATA_DIR": t.TempDir(), "BLOB_URL": shared}), "BLOB_URL")
}

// An empty folder where this installation has another one: a disk that is not
// mounted, or a machine that does not share it.
func TestEmptyFolderInPlaceOfTheSharedOneIsRefused(t *testing.T) {
	t.Parallel()
	data, shared, empty := t.TempDir(), t.TempDir(), t.TempDir()
	if err := try(t, map[string]string{"DATA_DIR": data, "BLOB_URL": "file://" + shared}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the refusal leaves no mark
		refused(t, try(t, map[string]string{"DATA_DIR": data, "BLOB_URL": "file://" + empty}), "BLOB_URL")
	}
	// The folder may move with its mark.
	if err := os.Rename(filepath.Join(shared, markerFile), filepath.Join(empty, markerFile)); err != nil {
		t.Fatal(err)
	}
	if err := try(t, map[string]string{"DATA_DIR": data, "BLOB_URL": "file://" + empty}); err != nil {
		t.Error(err)
	}
}

func TestEmptiedFolderBesideItsDatabaseIsTaken(t *testing.T) {
	t.Parallel()
	values := map[string]string{"DATA_DIR": t.TempDir()}
	for range 3 {
		if err := try(t, values); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(values["DATA_DIR"], "blobs")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProcessesThatStartTogetherAgree(t *testing.T) {
	t.Parallel()
	first, err := Open(t.Context(), settings(t, map[string]string{"DATA_DIR": t.TempDir()}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	// The same store for all, as MongoDB is; the first round makes the mark.
	all := &Backend{Config: settings(t, map[string]string{"BLOB_URL": "file://" + t.TempDir()}), Store: fresh{first.Store}}
	dir := t.TempDir()
	for range 2 {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := all.claimBlobs(t.Context(), folderMark(dir), "one"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

// fresh is a store that does not know the folder yet.
type fresh struct{ models.Store }

func (f fresh) Once(ctx context.Context, name, value string) (string, error) {
	return f.Store.Once(ctx, "fresh-"+name, value)
}

func TestDamagedMarkIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, markerFile)
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readMark(t.Context(), folderMark(dir)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestGuessedAddressIsWarnedOfOnlyWhereItMatters(t *testing.T) {
	t.Parallel()
	many := map[string]string{"MONGODB_URI": "mongodb://localhost/x", "REDIS_URL": "redis://localhost"}
	const want = "PUBLIC_URL is not set: links in events will begin with http://localhost:5000"
	if got := settings(t, many).Warnings(); len(got) != 1 || got[0] != want {
		t.Errorf("got %q", got)
	}
	many["PUBLIC_URL"] = "https://video.example.com"
	if got := append(settings(t, many).Warnings(), settings(t, nil).Warnings()...); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestWarningsReachTheLog(t *testing.T) {
	t.Parallel()
	c := settings(t, map[string]string{"DATA_DIR": t.TempDir()})
	var out bytes.Buffer
	warn(c, slog.New(slog.NewTextHandler(&out, nil)))
	if out.Len() > 0 {
		t.Errorf("one process needs no warning: %s", &out)
	}
	c.MongoURI = "mongodb://localhost/x"
	warn(c, slog.New(slog.NewTextHandler(&out, nil)))
	if !strings.Contains(out.String(), "level=WARN") || !strings.Contains(out.String(), "PUBLIC_URL is not set") {
		t.Errorf("the log says %q", &out)
	}
}
