package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reelroom/worker/ffmpeg"
)

// OpenFFmpeg chooses between the native ffmpeg and the embedded one. The
// latter is compiled in the background, once for each DATA_DIR, and says so on
// out while it lasts; a video that comes meanwhile waits for it. With
// SANDBOX=required it returns an error where ffmpeg cannot be confined.
func (b *Backend) OpenFFmpeg(ctx context.Context, out *Status) (*ffmpeg.Tools, error) {
	places := []string{b.Config.workDir()}
	if err := os.MkdirAll(b.Config.workDir(), 0o700); err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	if dir, _, err := b.Config.blobPlace(); err == nil && dir != "" {
		places = append(places, dir)
	}
	tools, err := ffmpeg.Open(ctx, ffmpeg.Options{
		Path:     b.Config.FFmpeg,
		CacheDir: filepath.Join(b.Config.DataDir, "ffmpeg"),
		Places:   places,
		Progress: func(done bool, elapsed time.Duration, message string) {
			switch {
			case done && elapsed > time.Second:
				out.Done("ffmpeg: ready", elapsed)
			case !done:
				out.Tell("ffmpeg: "+message, elapsed)
			}
		},
	})
	if err != nil {
		if b.Config.FFmpeg == "" {
			return nil, fmt.Errorf("FFMPEG is not set, and PATH has no ffmpeg that can be used: %w", err)
		}
		return nil, fmt.Errorf("FFMPEG=%q: %w", b.Config.FFmpeg, err)
	}
	if confined := tools.Confined(); confined != nil && b.Config.Sandbox == sandboxRequired {
		return nil, fmt.Errorf("SANDBOX=%s: %w. Allow this process user namespaces, or Landlock (Linux 5.13) with seccomp; or set FFMPEG=%s, or SANDBOX=%s",
			sandboxRequired, confined, ffmpeg.Embedded, sandboxBest)
	}
	if !tools.Isolated() {
		b.Logger.Warn("the system does not let ffmpeg be shut in as well as it could be", "tools", tools.Describe())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := tools.Prepare(ctx); err != nil && ctx.Err() == nil {
			b.Logger.Error("the embedded ffmpeg could not be prepared; the first video will try again", "error", err)
		}
	}()
	b.closers = append(b.closers, func() {
		cancel()
		<-done
	})
	return tools, nil
}
