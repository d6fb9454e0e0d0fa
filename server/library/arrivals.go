package library

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// arrivalsEvery is how often the organization hears of one upload at most.
	arrivalsEvery = 500 * time.Millisecond
	// arrivalsAtOnce bounds how many uploads of one organization are told of each
	// time; when there are more, chance takes turns.
	arrivalsAtOnce = 16
	// arrivalsHeld bounds how many ends wait to be told. They are hints: what
	// became of an upload stands in the list of videos.
	arrivalsHeld = 4096
	// quietTime is how long a plain upload goes on before it is told of: one that
	// is through in a moment would only be noise.
	quietTime = time.Second
)

// Arrivals tells organizations of the files on their way in. Its methods may be
// called by many at once, and on nil, which tells nobody; none of them waits.
type Arrivals struct {
	Log    rooms.Log
	Logger *slog.Logger

	mu     sync.Mutex
	latest map[arrival]models.UploadProgress
	ends   []models.Event
}

type arrival struct{ org, upload string }

// Progress notes how far an upload is.
func (a *Arrivals) Progress(p models.UploadProgress) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.latest == nil {
		a.latest = map[arrival]models.UploadProgress{}
	}
	a.latest[arrival{p.OrganizationID, p.UploadID}] = p
}

// Finished notes that an upload has become a video. It may be called again.
func (a *Arrivals) Finished(p models.UploadFinished) { a.end(p.UploadBase, p.Event()) }

// Cancelled notes that nothing comes of an upload. It may be called again.
func (a *Arrivals) Cancelled(p models.UploadCancelled) { a.end(p.UploadBase, p.Event()) }

func (a *Arrivals) end(b models.UploadBase, e models.Event) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.latest, arrival{b.OrganizationID, b.UploadID})
	if len(a.ends) < arrivalsHeld {
		a.ends = append(a.ends, e)
	}
}

// Run tells what was noted until ctx ends, and once more then.
func (a *Arrivals) Run(ctx context.Context) error {
	tick := time.NewTicker(arrivalsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.tell(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), logTime)
			defer cancel()
			a.tell(last)
			return nil
		}
	}
}

// tell publishes what there is. While the log does not answer, ends wait and
// progress is forgotten: there will be newer.
func (a *Arrivals) tell(ctx context.Context) {
	events := a.take()
	for i := range events {
		if _, _, err := a.Log.Append(ctx, events[i].OrganizationID, events[i]); err != nil {
			a.Logger.Debug("uploads under way are not told", "error", err)
			a.keep(events[i:])
			return
		}
	}
}

// take returns the ends, and the progress that may be told now.
func (a *Arrivals) take() []models.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	events := a.ends
	a.ends = nil
	told := map[string]int{}
	for key, p := range a.latest {
		if told[key.org] < arrivalsAtOnce {
			told[key.org]++
			events = append(events, p.Event())
			delete(a.latest, key)
		}
	}
	return events
}

// keep puts the ends back that could not be told.
func (a *Arrivals) keep(events []models.Event) {
	var ends []models.Event
	for _, e := range events {
		if e.Name != models.EventUploadProgress {
			ends = append(ends, e)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ends = append(ends, a.ends...)
	a.ends = a.ends[:min(len(a.ends), arrivalsHeld)]
}

// telling is one plain upload of which the organization may hear.
type telling struct {
	to    *Arrivals
	about models.UploadBase
	began time.Time
	now   func() time.Time
	told  bool
}

// begin returns nil where nothing is to be told.
func (l *Library) begin(v *models.Video, u Upload) *telling {
	if l.Arrivals == nil || u.Size <= 0 {
		return nil
	}
	return &telling{to: l.Arrivals, began: l.now(), now: l.now, about: models.UploadBase{
		OrganizationID: v.OrganizationID, UploadID: models.NewID(l.now()), FileName: v.File.Name, UserID: v.UploadedBy, Size: u.Size,
	}}
}

func (t *telling) reader(body io.Reader) io.Reader {
	if t == nil {
		return body
	}
	return &toldReader{body, t}
}

func (t *telling) end(videoID string, err error) {
	if t == nil || !t.told {
		return
	}
	if t.about.TS = t.now().UTC(); err != nil {
		t.to.Cancelled(models.UploadCancelled{UploadBase: t.about})
		return
	}
	t.to.Finished(models.UploadFinished{UploadBase: t.about, VideoID: videoID})
}

// toldReader notes how much was read.
type toldReader struct {
	io.Reader
	t *telling
}

func (r *toldReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	t := r.t
	t.about.Received += int64(n)
	if now := t.now(); now.Sub(t.began) >= quietTime {
		t.told, t.about.TS = true, now.UTC()
		t.to.Progress(models.UploadProgress{UploadBase: t.about})
	}
	return n, err
}
