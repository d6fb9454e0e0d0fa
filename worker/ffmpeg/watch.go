package ffmpeg

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"reelroom/models"
)

// watch notices that a tool has fallen silent. Time in which nobody reads its
// output does not count: then it is we who keep it waiting.
type watch struct {
	began   time.Time
	last    atomic.Int64 // nanoseconds after began of the last sign of life
	waiting atomic.Bool  // somebody waits for output
	end     chan struct{}
	ended   atomic.Bool          // the tool has ended
	late    atomic.Bool          // and yet somebody held a pipe open
	starved func() time.Duration // how long the tool waited for a processor since the last call
}

func newWatch() *watch {
	w := &watch{began: time.Now(), end: make(chan struct{}), starved: func() time.Duration { return 0 }}
	w.waiting.Store(true)
	return w
}

func (w *watch) touch() { w.last.Store(int64(time.Since(w.began))) }

// idle says that from now on somebody always waits for output.
func (w *watch) idle() { w.touch(); w.waiting.Store(true) }

func (w *watch) done() { w.ended.Store(true); close(w.end) }

// guard cancels with errStalled after so long a silence, and with errTime after
// wall. A limit of 0 does not exist.
func (w *watch) guard(ctx context.Context, silence, wall time.Duration, cancel context.CancelCauseFunc) {
	every := time.Second
	if silence > 0 {
		every = min(every, silence/4)
	}
	every = max(every, time.Millisecond)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	spent := spans{most: 2 * every}
	for {
		select {
		case <-w.end:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		spent.look(time.Since(w.began), time.Duration(w.last.Load()), w.waiting.Load(), w.starved())
		switch {
		case silence > 0 && spent.silent > silence:
			cancel(errStalled)
		case wall > 0 && spent.all > wall:
			cancel(errTime)
		}
	}
}

// spans measures time by looking at a clock again and again. Of the time between
// two looks it counts no more than most: in the rest this process did not run,
// because it or its machine was suspended, and could not have heard the tool.
type spans struct {
	most        time.Duration
	now, last   time.Duration // as of the look before
	all, silent time.Duration
}

// look adds the time since the look before. last is when the tool was heard of,
// waiting tells whether somebody waits for it. As long as it was starved, which
// is to say ready and without a processor, its silence does not count.
func (s *spans) look(now, last time.Duration, waiting bool, starved time.Duration) {
	gap := min(now-s.now, s.most)
	s.all += gap
	gap -= min(starved, gap)
	switch {
	case !waiting:
		s.silent = 0
	case last > s.last:
		s.silent = min(now-last, gap)
	default:
		s.silent += gap
	}
	s.now, s.last = now, last
}

// folder cancels with errOutput when the folder has grown by more than limit
// bytes. It looks often enough for a fast disk; a file alone is bounded by the
// kernel.
func (w *watch) folder(ctx context.Context, path string, limit int64, cancel context.CancelCauseFunc) {
	before, _ := folderSize(path)
	ticker := time.NewTicker(folderEvery)
	defer ticker.Stop()
	for {
		if size, files := folderSize(path); size-before > limit || files > folderFiles {
			cancel(errOutput)
			return
		}
		select {
		case <-w.end:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

const folderEvery = 250 * time.Millisecond

// folderSize adds up what lies in a folder and below, up to folderFiles.
func folderSize(path string) (size int64, files int) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if files++; files > folderFiles {
			return fs.SkipAll
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size, files
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// stdout is f, watched: it knows when it is waited for.
func (w *watch) stdout(f *os.File) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		w.idle()
		n, err := w.read(f, p)
		w.waiting.Store(err != nil)
		return n, err
	})
}

// stderr is f, watched: each byte is a sign of life.
func (w *watch) stderr(f *os.File) io.Reader {
	return readerFunc(func(p []byte) (int, error) { return w.read(f, p) })
}

func (w *watch) read(f *os.File, p []byte) (int, error) {
	if w.ended.Load() {
		w.hurry(f)
	}
	n, err := f.Read(p)
	w.touch()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.late.Store(true)
		return n, io.EOF
	}
	return n, err
}

// hurry gives reads of f little time, because the tool has ended.
func (w *watch) hurry(f *os.File) { _ = f.SetReadDeadline(time.Now().Add(waitDelay)) }

// asError returns err as the models.Error that it is known to be.
func asError(err error) *models.Error {
	e, _ := errors.AsType[*models.Error](err)
	return e
}
