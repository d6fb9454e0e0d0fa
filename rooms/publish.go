package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"reelroom/models"
)

// Publisher is the one way to change a record that people watch: record first,
// then the event made from it and the audit entries that the change left on the
// record, then a note on the record that both are where they belong.
// Whatever fails after the record was written is made good by [Publisher.Settle].
type Publisher struct {
	Videos models.Videos
	// Audit takes the entries that revisions carry; nil keeps none.
	Audit  models.Audit
	Log    Log
	Links  models.Links
	Logger *slog.Logger
	// Count, when not nil, adds to a figure of the whole installation: what
	// became known of videos and batches, each once. See [Figures].
	Count func(ctx context.Context, figure string, n int)

	// late is when a late publication was last complained of, in Unix nanoseconds.
	late atomic.Int64
}

// lateEvery is how often late publications are complained of: while the log is
// away, every change is one.
const lateEvery = 10 * time.Second

// publishTime bounds the part after the record was written: it goes on when
// the caller has gone, because the change stands.
const publishTime = 5 * time.Second

// Create writes a new record and publishes it.
func (p *Publisher) Create(ctx context.Context, org string, v models.Video) (models.Video, error) {
	v, err := p.Videos.Create(ctx, org, v)
	if err == nil {
		p.publish(ctx, &v)
	}
	return v, err
}

// Advance applies a transition and publishes what became of it. A transition
// that may not stand on an untold revision has that one published first. The
// error is the store's or the transition's; a publication that fails is only
// logged.
func (p *Publisher) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	v, err := p.Videos.Advance(ctx, org, id, t)
	if errors.Is(err, models.ErrUnsettled) {
		if v, err = p.Videos.Get(ctx, org, id); err != nil {
			return v, err
		}
		if err = p.Settle(ctx, &v); err != nil {
			return v, err
		}
		v, err = p.Videos.Advance(ctx, org, id, t)
	}
	if err == nil && v.Unpublished() {
		p.publish(ctx, &v)
	}
	return v, err
}

// Settle publishes a record whose present revision may be missing in the log,
// and brings its audit entries to the trail. It is safe to call many times: both
// drop what they have seen.
func (p *Publisher) Settle(ctx context.Context, v *models.Video) error {
	e := models.EventOf(v, p.Links, p.last(ctx, v))
	_, fresh, err := p.Log.Append(ctx, v.OrganizationID, e)
	if err != nil {
		return err
	}
	if fresh {
		p.countVideo(ctx, v, e.Name)
	}
	for i := range v.Audit {
		if p.Audit == nil {
			break
		}
		if err := p.Audit.AppendAudit(ctx, v.OrganizationID, v.Audit[i]); err != nil {
			return err
		}
	}
	if v.Status == models.StatusDeleted {
		return nil // a deleted record answers no call but Purge
	}
	_, err = p.Videos.Advance(ctx, v.OrganizationID, v.ID, models.Published(e.Rev))
	return err
}

// publish is Settle for a caller that has gone on already.
func (p *Publisher) publish(ctx context.Context, v *models.Video) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
	defer cancel()
	if err := p.Settle(ctx, v); err != nil {
		level := slog.LevelDebug
		if now, last := time.Now().UnixNano(), p.late.Load(); now-last >= int64(lateEvery) && p.late.CompareAndSwap(last, now) {
			level = slog.LevelWarn
		}
		p.Logger.Log(ctx, level, "publication is late; the reconciler will repeat it",
			"organization", v.OrganizationID, "video", v.ID, "rev", v.Rev, "error", err)
	}
}

// Progress publishes a report from inside the running stage; it is not stored.
// It does not fall back behind what was shown in this attempt, also when a stage
// starts over after a crash.
func (p *Publisher) Progress(ctx context.Context, v *models.Video, r models.Report, to models.Audience) error {
	floor := 0
	if last := p.last(ctx, v); last != nil && last.Attempt == v.Attempt {
		floor = last.Progress
	}
	_, _, err := p.Log.Append(ctx, v.OrganizationID, models.ProgressOf(v, time.Now(), r, floor, to))
	return err
}

// last is the progress of a running video that was shown last, or nil.
func (p *Publisher) last(ctx context.Context, v *models.Video) *models.Progress {
	if v.Status != models.StatusProcessing {
		return nil
	}
	found, err := p.Log.Progress(ctx, v.OrganizationID, v.ID)
	if err != nil {
		return nil
	}
	var shown models.Progress
	if e, ok := found[v.ID]; !ok || json.Unmarshal(e.Payload, &shown) != nil {
		return nil
	}
	return &shown
}
