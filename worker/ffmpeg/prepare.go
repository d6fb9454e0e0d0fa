package ffmpeg

import (
	"context"
	"time"
)

const (
	// embeddedVersion is what go-ffmpreg v0.6.10 carries.
	embeddedVersion = "5.1.7"
	// compileLimit is for slow machines, and for several that wait their turn.
	compileLimit = 10 * time.Minute
	// heartbeat is how often a waiting person hears something.
	heartbeat = time.Second
)

// Prepare compiles the embedded ffmpeg into the cache, or finds it there. It
// returns at once when that was done, or when the tools are native. The first
// time takes 5–9 s and 0.5 GB, in a process of its own. Of concurrent calls one
// works and the others wait, over processes too; a call whose ctx ends leaves
// the work to the next. Jobs call it themselves.
func (t *Tools) Prepare(ctx context.Context) error {
	began := time.Now()
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case t.turn <- struct{}{}:
	}
	defer func() { <-t.turn }()
	select {
	case <-t.ready: // by the one whose turn it was before
		return nil
	default:
	}

	done := make(chan error, 1)
	go func() {
		done <- t.run(ctx, command{tool: childCompile, wall: compileLimit, quiet: true})
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			spent := time.Since(began)
			t.progress(false, spent, "preparing the embedded ffmpeg, once for this DATA_DIR")
		case err := <-done:
			if err != nil {
				return err
			}
			close(t.ready)
			spent := time.Since(began)
			t.progress(true, spent, "the embedded ffmpeg is ready")
			return nil
		}
	}
}
