package bucketstore

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"

	"reelroom/models"
)

const (
	// headBytes are read with the first request: a picture is there at once,
	// and a player that looks at the head of a file asks no more.
	headBytes = 64 << 10
	// firstWindow is how much is asked for at a new place; each next window is
	// twice as large, up to lastWindow. What was asked for and is not read costs
	// a connection, so it is little after a seek.
	firstWindow = 256 << 10
	lastWindow  = 16 << 20
	// lost bounds how often in a row a window is asked for that breaks off
	// before its first byte.
	lost = 3
)

// reader is one version of a blob, read by ranges as they are needed. It is
// used by one goroutine at a time.
type reader struct {
	ctx    context.Context //nolint:containedctx // see models.Blobs
	bucket *blob.Bucket
	name   string
	tag    string // names the version
	size   int64
	time   time.Time
	head   []byte // the first bytes

	at     int64     // where the next Read begins
	body   io.Reader // the window that is being read; nil for none
	closer io.Closer // of body
	from   int64     // where body stands
	left   int64     // how much of the window is left
	window int64     // how much is asked for next
}

// Open reads a blob. See [models.Blobs].
func (s *Store) Open(ctx context.Context, org, key string) (models.Blob, error) {
	name, err := s.place(org, key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(err)
	}
	r, err := s.open(ctx, name)
	if err != nil {
		return nil, failure(err)
	}
	return r, nil
}

func (s *Store) open(ctx context.Context, name string) (*reader, error) {
	r := &reader{ctx: ctx, bucket: s.bucket, name: name}
	first, err := s.bucket.NewRangeReader(ctx, name, 0, headBytes, nil)
	if errorCode(err) == "InvalidRange" { // of an empty object there is no range
		attributes, err := s.bucket.Attributes(ctx, name)
		if err != nil {
			return nil, err
		}
		r.tag, r.size, r.time = attributes.ETag, attributes.Size, attributes.ModTime
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer first.Close()
	var raw s3.GetObjectOutput
	if !first.As(&raw) {
		return nil, errors.New("the answer of another service than S3")
	}
	r.tag, r.size, r.time = aws.ToString(raw.ETag), first.Size(), first.ModTime()
	r.head = make([]byte, min(headBytes, r.size))
	if _, err := io.ReadFull(first, r.head); err != nil {
		return nil, err
	}
	return r, nil
}

// Size is in bytes.
func (r *reader) Size() int64 { return r.size }

// ModTime is when the blob was written.
func (r *reader) ModTime() time.Time { return r.time }

// Seek asks the bucket for nothing.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, models.Errorf(models.CodeInvalid, "A place before the beginning of a file.")
	}
	r.at = offset
	return offset, nil
}

// Read asks for a window where none is open at the place.
func (r *reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.at < int64(len(r.head)) {
		n := copy(p, r.head[r.at:])
		r.at += int64(n)
		return n, nil
	}
	for try := 1; ; try++ {
		err := r.ask()
		if err == nil {
			var n int
			n, err = r.body.Read(p[:min(int64(len(p)), r.left)])
			if n > 0 {
				r.at, r.from, r.left = r.at+int64(n), r.from+int64(n), r.left-int64(n)
				return n, nil // an error comes again, or a new window does better
			}
			_ = r.Close()
		}
		if r.ctx.Err() != nil {
			return 0, failure(r.ctx.Err())
		}
		if try == lost || errorCode(err) != "" {
			return 0, failure(errors.Join(err, io.ErrUnexpectedEOF))
		}
	}
}

// ask opens a window at the present place, of the same version of the blob.
func (r *reader) ask() error {
	if r.body != nil && r.from == r.at && r.left > 0 {
		return nil
	}
	if r.body == nil || r.from != r.at {
		r.window = firstWindow
	} else {
		r.window = min(2*r.window, lastWindow)
	}
	_ = r.Close()
	length := min(r.window, r.size-r.at)
	body, err := r.bucket.NewRangeReader(r.ctx, r.name, r.at, length, &blob.ReaderOptions{
		BeforeRead: func(as func(any) bool) error {
			var in *s3.GetObjectInput
			if as(&in) {
				in.IfMatch = aws.String(r.tag)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	r.body, r.closer, r.from, r.left = body, body, r.at, length
	return nil
}

// Close ends the request that is under way; the reader may still be read.
func (r *reader) Close() error {
	if r.closer == nil {
		return nil
	}
	err := r.closer.Close()
	r.body, r.closer = nil, nil
	return err
}
