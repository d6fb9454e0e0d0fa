package rooms

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"reelroom/models"
)

// Publisher is the one way to change a record that people watch: record first,
// then the event made from it, then a note on the record that the log has it.
// Whatever fails after the record was written is made good by [Publisher.Settle].
type Publisher struct {
	Videos models.Videos
	Log    Log
	Links  models.Links
	Logger *slog.Logger
}

// publishTime bounds the part after the record was written: it goes on when
// the caller has gone, because the change stands.
const publishTime = 5 * time.Second

// Create writes a new record and publishes it.
func (p *Publisher) Create(ctx context.Context, org string, v models.Video) (models.Video, error) {
	v, err := p.Videos.Create(ctx, org, v)
	if err == nil {
		p.publish(ctx, &v, models.EventOf(&v, p.Links))
	}
	return v, err
}

// Advance applies a transition and publishes what became of it. The error is
// the store's or the transition's; a publication that fails is only logged.
func (p *Publisher) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	v, err := p.Videos.Advance(ctx, org, id, t)
	if err == nil && v.Unpublished() {
		p.publish(ctx, &v, models.EventOf(&v, p.Links))
	}
	return v, err
}

// Settle publishes a record whose present revision may be missing in the log.
// It is safe to call many times: the log drops what it has seen.
func (p *Publisher) Settle(ctx context.Context, v *models.Video) error {
	return p.append(ctx, v, models.EventOf(v, p.Links))
}

// Progress publishes percent inside the running stage; it is not stored. The
// arguments are those of [models.ProgressOf].
func (p *Publisher) Progress(ctx context.Context, v *models.Video, fraction float64, message string, eta *float64, to models.Audience) error {
	e := models.ProgressOf(v, time.Now(), fraction, p.floor(ctx, v), message, eta, to)
	_, _, err := p.Log.Append(ctx, v.OrganizationID, e)
	return err
}

// floor is the highest overall percentage that was published in this attempt:
// a stage that starts over after a crash does not fall back.
func (p *Publisher) floor(ctx context.Context, v *models.Video) int {
	last, err := p.Log.Progress(ctx, v.OrganizationID, v.ID)
	if err != nil {
		return 0
	}
	var shown models.Progress
	if e, ok := last[v.ID]; !ok || e.Attempt != v.Attempt || json.Unmarshal(e.Payload, &shown) != nil {
		return 0
	}
	return shown.Progress
}

func (p *Publisher) publish(ctx context.Context, v *models.Video, e models.Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
	defer cancel()
	if err := p.append(ctx, v, e); err != nil {
		p.Logger.Warn("publication is late; the reconciler will repeat it",
			"organization", v.OrganizationID, "video", v.ID, "rev", v.Rev, "error", err)
	}
}

func (p *Publisher) append(ctx context.Context, v *models.Video, e models.Event) error {
	if e.Name == models.EventProgress {
		if floor := p.floor(ctx, v); floor > v.Stage.Start() {
			e = models.ProgressOf(v, v.UpdatedAt, 0, floor, models.StageMessage(v.Stage), nil, models.ToOrganization)
			e.Transition = true
		}
	}
	if _, _, err := p.Log.Append(ctx, v.OrganizationID, e); err != nil {
		return err
	}
	if v.Status == models.StatusDeleted {
		return nil // a deleted record answers no call but Purge
	}
	_, err := p.Videos.Advance(ctx, v.OrganizationID, v.ID, models.Published(e.Rev))
	return err
}
