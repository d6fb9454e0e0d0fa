package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// mediaFolder holds what the tests read; each file is made when first wanted.
var mediaFolder string

func TestMain(m *testing.M) {
	Child()
	if path := os.Getenv(orphanVariable); path != "" {
		leaveOrphan(path)
		return
	}
	var err error
	if mediaFolder, err = os.MkdirTemp("", "reelroom-media-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(mediaFolder)
		os.Exit(code)
	}))
}

// embedded opens the embedded tools and compiles them once for all tests.
var embedded = sync.OnceValues(func() (*Tools, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cache := ""
	if _, err := os.UserCacheDir(); err != nil {
		cache = filepath.Join(os.TempDir(), "reelroom-ffmpeg-cache")
	}
	t, err := Open(ctx, Options{Path: Embedded, CacheDir: cache})
	if err != nil {
		return nil, err
	}
	if err := t.withoutRace(); err != nil {
		return nil, err
	}
	return t, t.Prepare(ctx)
})

// plainChild builds a program without the race detector to be the embedded
// ffmpeg: the detector makes each start and the compilation ten times slower,
// and a child of one thread has nothing to show it.
var plainChild = sync.OnceValues(func() (string, error) {
	path := filepath.Join(mediaFolder, "plain")
	out, err := exec.Command("go", "build", "-race=false", "-o", path, "reelroom/worker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the child: %w\n%s", err, out)
	}
	return path, nil
})

func (t *Tools) withoutRace() (err error) {
	if underRace {
		t.program, err = plainChild()
	}
	return err
}

func openEmbedded(t testing.TB) *Tools {
	t.Helper()
	if !embeddedBuilt {
		t.Skip("skipped: built with the tag noffmpeg")
	}
	tools, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// nativeTools opens the native tools once for all tests, in the strongest
// sandbox that there is here.
var nativeTools = sync.OnceValues(func() (*Tools, error) {
	t, err := Open(context.Background(), Options{Path: "ffmpeg"})
	if err != nil {
		return nil, err
	}
	return t, t.withoutRace()
})

func openNative(t testing.TB) *Tools {
	t.Helper()
	testenv.Program(t, "ffmpeg")
	tools, err := nativeTools()
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// both runs the test with the native tools and with the embedded ones.
func both(t *testing.T, test func(t *testing.T, tools *Tools)) {
	t.Helper()
	t.Run("native", func(t *testing.T) { t.Parallel(); test(t, openNative(t)) })
	t.Run("embedded", func(t *testing.T) { t.Parallel(); test(t, openEmbedded(t)) })
}

func wantCode(t *testing.T, err error, codes ...models.Code) {
	t.Helper()
	for _, code := range codes {
		if err != nil && models.CodeOf(err) == code {
			return
		}
	}
	t.Errorf("got error %v, want one of %q", err, codes)
}
