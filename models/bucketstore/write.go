package bucketstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"gocloud.dev/blob"

	"reelroom/models"
)

const (
	contentType = "application/octet-stream"
	// smallBytes are sent in one request, and only at the end.
	smallBytes = 1 << 20
	// partBytes is the part of a larger blob, the least that S3 takes; partsAtOnce
	// of them are under way, and one more is being filled.
	partBytes   = 5 << 20
	partsAtOnce = 2
	// MaxBytes is the largest blob: S3 takes 10,000 parts.
	MaxBytes = 10_000 * partBytes
	// abortTime is how long parts that are under way may take to end before
	// they are cut off, and left to Tidy.
	abortTime = 5 * time.Second
)

// Create begins a blob. The context is that of the whole writing: when it ends,
// Write and Commit fail. See [models.Blobs].
func (s *Store) Create(ctx context.Context, org, key string) (models.BlobWriter, error) {
	to, err := s.place(org, key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(err)
	}
	return &writer{ctx: ctx, store: s, to: to}, nil
}

// writer is a blob being written. It is used by one goroutine at a time.
type writer struct {
	ctx      context.Context //nolint:containedctx // see Create
	store    *Store
	to       string
	small    bytes.Buffer // what was written so far, while it is little
	size     int64
	upload   *upload // nil while it is little
	finished bool
	failed   error // the first failure: what comes after it is not whole
}

var (
	errFinished = models.Errorf(models.CodeInternal, "The file is finished already.")
	errAborted  = errors.New("the upload was given up")
)

// Write adds to the blob.
func (w *writer) Write(p []byte) (int, error) {
	if err := w.usable(); err != nil {
		return 0, err
	}
	if w.size += int64(len(p)); w.size > MaxBytes {
		w.failed = models.Errorf(models.CodeTooLarge, "The file is larger than the storage takes.")
		return 0, w.failed
	}
	if w.upload == nil && w.size <= smallBytes {
		return w.small.Write(p)
	}
	if w.upload == nil {
		w.upload = w.store.begin(w.ctx, w.to)
		if _, err := w.upload.Write(w.small.Bytes()); err != nil {
			w.failed = failure(err)
			return 0, w.failed
		}
		w.small = bytes.Buffer{}
	}
	n, err := w.upload.Write(p)
	w.failed = failure(err)
	return n, w.failed
}

func (w *writer) usable() error {
	if w.finished {
		return errFinished
	}
	if w.failed == nil {
		w.failed = failure(w.ctx.Err())
	}
	return w.failed
}

// Commit makes the blob exist. After an error the key has what it had before,
// unless only the answer of the last request was lost.
func (w *writer) Commit() error {
	if err := w.usable(); err != nil {
		w.Abort()
		return err
	}
	w.finished = true
	if w.upload != nil {
		return failure(w.upload.commit(w.ctx))
	}
	return failure(w.store.send(w.ctx, w.to, bytes.NewReader(w.small.Bytes())))
}

// Abort drops what was written; after Commit it does nothing.
func (w *writer) Abort() {
	if !w.finished && w.upload != nil {
		w.upload.abort()
	}
	w.finished = true
}

// send uploads everything that the reader has. An error of the reader makes the
// uploader drop the parts that were sent, as long as ctx has not ended.
func (s *Store) send(ctx context.Context, to string, from io.Reader) error {
	return s.bucket.Upload(ctx, to, from, &blob.WriterOptions{
		ContentType: contentType, BufferSize: partBytes, MaxConcurrency: partsAtOnce,
	})
}

// upload is a large blob on its way.
type upload struct {
	*io.PipeWriter
	cancel  context.CancelFunc // cuts off
	forget  func() bool
	done    chan struct{}
	outcome error // written before done closes
}

// begin starts an upload. The end of ctx ends it as an error of its reader, so
// that there is still time to drop what was sent.
func (s *Store) begin(ctx context.Context, to string) *upload {
	reader, pipe := io.Pipe()
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	u := &upload{PipeWriter: pipe, cancel: cancel, done: make(chan struct{})}
	u.forget = context.AfterFunc(ctx, func() { _ = pipe.CloseWithError(ctx.Err()) })
	go func() {
		defer close(u.done)
		defer cancel()
		u.outcome = s.send(sending, to, reader)
		// Whoever still writes learns why: nil stands for a closed pipe.
		_ = reader.CloseWithError(u.outcome)
	}()
	return u
}

func (u *upload) commit(ctx context.Context) error {
	defer u.forget()
	_ = u.Close() // of the pipe: never fails
	select {
	case <-u.done:
	case <-ctx.Done():
		u.cancel()
		<-u.done
	}
	return u.outcome
}

func (u *upload) abort() {
	defer u.forget()
	_ = u.CloseWithError(errAborted)
	timer := time.NewTimer(abortTime)
	defer timer.Stop()
	select {
	case <-u.done:
	case <-timer.C:
		u.cancel()
		<-u.done
	}
}
