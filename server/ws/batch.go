package ws

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/stream"
)

// Batches is the part of the library that /ws/batch reads.
type Batches interface {
	// BatchStatus returns how a batch of the member's own organization stands.
	BatchStatus(ctx context.Context, who models.Identity, id string) (models.BatchState, error)
}

const (
	// batchPause is the least time between two messages about a batch.
	batchPause = 250 * time.Millisecond
	// batchLook is when a batch is looked at though no event told of it: while
	// files arrive, refused ones among them, and while it is being cancelled there
	// is much that no event tells.
	batchLook      = 10 * time.Second
	batchLookOften = time.Second
	// batchTime bounds one look.
	batchTime = 5 * time.Second
	// batchRejected bounds how many refused files a message names.
	batchRejected = 100
)

// batch answers GET /ws/batch/{id}?token=. Whoever comes again is told the
// present state, which is all there is to know: there is no ?after=.
func (d *Door) batch(g *api.Gate, w http.ResponseWriter, r *http.Request) error {
	return d.serve(g, w, r, reasonMissing, func(who models.Identity) (feed, error) {
		id := r.PathValue("id")
		if id == "" {
			return nil, &closing{codeMissing, reasonMissing, nil}
		}
		return d.followBatch(r, who, id)
	})
}

// batchFeed tells one batch: its state, and again whenever that has changed.
// Events are only a reason to look: what is told is what the record and the
// videos say.
type batchFeed struct {
	door   *Door
	who    models.Identity
	id     string
	mark   []byte // stands in the payloads of the batch's events
	stream *stream.Stream
	state  models.BatchState
	looked time.Time
	told   bool
}

// followBatch opens the feed of a batch. The stream is opened first: what
// happens from then on makes the feed look again.
func (d *Door) followBatch(r *http.Request, who models.Identity, id string) (_ feed, err error) {
	name, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	f := &batchFeed{door: d, who: who, id: id, mark: append([]byte(`"batchId":`), name...)}
	if f.stream, err = d.Streams.Open(r, who, stream.Query{Door: "ws-batch"}); err != nil {
		return nil, err
	}
	if f.state, err = f.look(r.Context()); err != nil {
		f.stream.Close()
		return nil, err
	}
	return f, nil
}

func (f *batchFeed) done() <-chan struct{} { return f.stream.Done() }

func (f *batchFeed) close() { f.stream.Close() }

func (f *batchFeed) measured(trip time.Duration) { f.stream.Measured(trip) }

func (f *batchFeed) next(ctx context.Context) (messages []any, last bool, err error) {
	for f.told {
		if err := f.wait(ctx); err != nil {
			return nil, false, err
		}
		now, err := f.look(ctx)
		if err != nil {
			return nil, false, ending(err)
		}
		if !now.Receiving && !f.state.Receiving { // a batch that is taken up again begins anew
			now.Progress = max(now.Progress, f.state.Progress)
		}
		f.told, f.state = reflect.DeepEqual(now, f.state), now
	}
	f.told = true
	return []any{f.state}, f.state.Ended(), nil
}

// wait returns when the batch may have changed, and no sooner than the last
// message permits.
func (f *batchFeed) wait(ctx context.Context) error {
	patience := batchLook
	if f.state.Receiving || f.state.Cancelling {
		patience = batchLookOften
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for mine := false; !mine; {
		part, err := f.stream.Next(waiting)
		if err != nil {
			select {
			case <-f.stream.Done():
				return leaving(err)
			default:
			}
			if waiting.Err() == nil || ctx.Err() != nil {
				return ending(err)
			}
			break
		}
		mine = part.Reset != ""
		for i := range part.Events {
			mine = mine || bytes.Contains(part.Events[i].Payload, f.mark)
		}
	}
	pause := time.NewTimer(time.Until(f.looked.Add(batchPause)))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	case <-f.stream.Done(): // the next look at it says why
	}
	return nil
}

// look reads the state.
func (f *batchFeed) look(ctx context.Context) (models.BatchState, error) {
	f.looked = time.Now()
	s, err := f.door.looks.at(ctx, f.who.OrganizationID+"\x00"+f.id, func() (models.BatchState, error) {
		reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTime)
		defer cancel()
		return f.door.Batches.BatchStatus(reading, f.who, f.id)
	})
	s.Rejected = s.Rejected[:min(len(s.Rejected), batchRejected)]
	return s, err
}
