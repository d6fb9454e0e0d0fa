package socketio

import (
	"context"
	"net/http"
	"sync"
)

// cutter breaks the connections of one Engine.IO session, those under way and
// those to come, as a broken network does.
type cutter struct {
	inner http.Handler
	lines sync.Map // by session id, a *line
}

type line struct {
	ctx context.Context
	cut context.CancelFunc
}

func (c *cutter) line(sid string) *line {
	ctx, cut := context.WithCancel(context.Background())
	found, _ := c.lines.LoadOrStore(sid, &line{ctx, cut})
	return found.(*line)
}

func (c *cutter) cut(sid string) { c.line(sid).cut() }

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sid := r.URL.Query().Get("sid")
	if sid == "" {
		c.inner.ServeHTTP(w, r)
		return
	}
	l := c.line(sid)
	if l.ctx.Err() == nil {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(l.ctx, cancel)()
		c.inner.ServeHTTP(w, r.WithContext(ctx))
	}
	if l.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
}
