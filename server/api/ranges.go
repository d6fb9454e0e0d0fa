package api

import (
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"reelroom/models"
)

// maxRanges bounds the ranges of one request. A player asks for one, and each
// may be a request to the bucket.
const maxRanges = 16

// fewRanges is the request without its ranges where they are too many, or of
// another unit than bytes: the whole is the answer to those (RFC 9110, section
// 14.2).
func fewRanges(r *http.Request) *http.Request {
	asked := r.Header.Get("Range")
	if asked == "" || strings.HasPrefix(asked, "bytes=") && strings.Count(asked, ",") < maxRanges {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Del("Range")
	return r
}

// refusable lets [http.ServeContent] answer, but for its refusals: those are
// problems as everywhere else.
type refusable struct {
	http.ResponseWriter
	refused int
}

func (w *refusable) WriteHeader(status int) {
	if status >= 400 {
		w.refused = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *refusable) Write(p []byte) (int, error) {
	if w.refused != 0 {
		return len(p), nil // words for nobody
	}
	return w.ResponseWriter.Write(p)
}

func (w *refusable) refusal() error {
	switch w.refused {
	case 0:
		return nil
	case http.StatusRequestedRangeNotSatisfiable:
		return models.Errorf(codeRange, "The file has no such range of bytes.")
	case http.StatusPreconditionFailed:
		return models.Errorf(codeCondition, "The file is another one than was thought.")
	}
	return models.Errorf(models.CodeInternal, "The file could not be served.")
}

// content is a blob whose reader may end in the middle of a Read: an answer of
// several ranges is read by a goroutine of its own, which ends a little later.
type content struct {
	mu   sync.Mutex
	blob models.Blob // nil when closed
}

func (c *content) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blob == nil {
		return 0, fs.ErrClosed
	}
	return c.blob.Read(p)
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blob == nil {
		return 0, fs.ErrClosed
	}
	return c.blob.Seek(offset, whence)
}

// Close closes the blob, once.
func (c *content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blob == nil {
		return nil
	}
	blob := c.blob
	c.blob = nil
	return blob.Close()
}

var _ io.ReadSeekCloser = (*content)(nil)
