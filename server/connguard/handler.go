package connguard

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// bodyTime is how long the body of a request may take in all when its token
	// was verified, unless it is an upload.
	bodyTime = 30 * time.Second
	// uploadTime is how long an upload may take for uploadBytes; in all it may
	// take as long as it takes.
	uploadTime  = 30 * time.Second
	uploadBytes = 4 << 10
	// restTime is how long net/http may read on of a body that its handler left
	// unread, so that a client which sends first and listens then is answered.
	restTime = 5 * time.Second
)

// visit is one request, from its head to its answer.
type visit struct {
	conn     *Conn // nil where the listener is another's
	control  *http.ResponseController
	body     *body
	verified atomic.Bool
	out      *writer
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// Handler returns h behind the guard.
func (g *Guard) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{control: http.NewResponseController(w)}
		v.conn, _ = r.Context().Value(connKey{}).(*Conn)
		if v.conn != nil && v.conn.refused != nil {
			g.serveOverflow(w, r, v.conn, h)
			return
		}
		v.out = &writer{ResponseWriter: w, visit: v}
		defer v.out.finish()
		leave, err := g.Limits.Visit(r)
		if err != nil {
			g.refuse(v.out, err)
			return
		}
		defer leave()
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if r.Body == nil || r.Body == http.NoBody {
			v.readBy(time.Time{}) // net/http reads on, to notice a client that leaves
		} else {
			v.body = &body{ReadCloser: r.Body, visit: v}
			r.Body = v.body
			if v.conn == nil { // else it is set since the head was awaited
				v.readBy(time.Now().Add(strangerTime))
			}
		}
		h.ServeHTTP(v.out, r)
	})
}

// readBy sets the read deadline; a writer without deadlines, as in tests, has
// none.
func (v *visit) readBy(at time.Time) { _ = v.control.SetReadDeadline(at) }

// leaveRest bounds the reading of what the handler has left of the body.
func (v *visit) leaveRest() {
	if v.body == nil || v.body.ended {
		return
	}
	if by := time.Now().Add(restTime); v.conn == nil || !v.conn.reads(by) {
		v.readBy(by)
	}
}

// Verified tells that the request brought a token, or something as good, that
// was verified: its body may be larger than a stranger's, and its connection may
// stay open.
func Verified(ctx context.Context) {
	v := visitOf(ctx)
	if v == nil {
		return
	}
	v.conn.Verified()
	if !v.verified.Swap(true) && v.body != nil && !v.body.ended {
		v.readBy(time.Now().Add(bodyTime))
	}
}

// Upload tells that the request of a verified member brings a file: its body may
// take any time as long as it makes progress.
func Upload(ctx context.Context) {
	if v := visitOf(ctx); v != nil && v.body != nil {
		v.body.upload.Store(true)
	}
}

// body is the body of a request. It is bounded until a token was verified.
type body struct {
	io.ReadCloser
	visit  *visit
	upload atomic.Bool

	read    int64 // bytes
	renewed int64 // read when the deadline of an upload was last set
	set     bool  // that deadline was set
	ended   bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	full := false
	if !b.visit.verified.Load() {
		left := strangerBytes - b.read
		full = left <= 0
		p = p[:min(int64(len(p)), max(left, 1))]
	} else if b.upload.Load() && (!b.set || b.read-b.renewed >= uploadBytes) {
		b.set, b.renewed = true, b.read
		b.visit.readBy(time.Now().Add(uploadTime))
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if full && n > 0 {
		return 0, &http.MaxBytesError{Limit: strangerBytes}
	}
	if err == io.EOF {
		b.ended = true
		b.visit.readBy(time.Time{})
	}
	return n, err
}

// Begun reports whether something was read of the request's body.
func Begun(ctx context.Context) bool {
	v := visitOf(ctx)
	return v != nil && v.body != nil && (v.body.read > 0 || v.body.ended)
}
