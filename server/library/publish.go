package library

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"reelroom/models"
)

// MaxPayloadBytes bounds the data of an outside event.
const MaxPayloadBytes = 64 << 10

// maxStageBytes bounds the name of an outside worker's stage.
const maxStageBytes = 64

// Publication is an event that an outside worker sends for a video.
type Publication struct {
	Event   models.EventName `json:"event"`
	VideoID string           `json:"videoId"`
	// Data is a JSON object; its fields stand in the payload beside those of
	// [models.Base], which it cannot change.
	Data json.RawMessage `json:"data"`
	// ID makes the call idempotent where it is set.
	ID string `json:"id"`
}

// Receipt is the place that an event got. Repeated tells that its id was seen
// before, or that it came too late to be shown; then it got none, and the
// place is that of the last event.
type Receipt struct {
	Seq      uint64 `json:"seq"`
	Cursor   string `json:"cursor"`
	Repeated bool   `json:"repeated"`
}

// Publish appends an outside worker's event to the log of the own organization.
// Progress is taken only while the video's work has not ended
// ([models.ErrConflict] after that). The outcomes, video:processed and
// video:failed, are transitions of the record that an outside worker cannot
// make yet: [models.CodeUnsupported].
func (l *Library) Publish(ctx context.Context, who models.Identity, p Publication) (Receipt, error) {
	if err := may(who, models.ActionPublish); err != nil {
		return Receipt{}, err
	}
	fields, err := p.fields()
	if err != nil {
		return Receipt{}, err
	}
	v, err := l.record(ctx, who, models.ActionPublish, p.VideoID)
	if err != nil {
		return Receipt{}, err
	}
	if p.Event == models.EventProgress && v.Status.Terminal() {
		return Receipt{}, models.ErrConflict
	}
	payload, err := l.payload(ctx, v, p.Event, fields)
	if err != nil {
		return Receipt{}, err
	}
	place, fresh, err := l.Log.Append(ctx, v.OrganizationID, models.Event{
		Name: p.Event, OrganizationID: v.OrganizationID, Audience: models.ToOrganization, VideoID: v.ID,
		ID: p.ID, Attempt: v.Attempt, Rev: v.Rev, Payload: payload,
	})
	if err != nil {
		if _, ok := errors.AsType[*models.Error](err); !ok {
			err = models.Errorf(models.CodeUnavailable, "The event log does not answer.").Again(time.Second).Because(err)
		}
		return Receipt{}, err
	}
	return Receipt{Seq: place.Seq, Cursor: place.String(), Repeated: !fresh}, nil
}

// fields checks the publication and returns its data, field by field.
func (p *Publication) fields() (map[string]json.RawMessage, error) {
	switch p.Event {
	case models.EventProgress, models.EventUpdated:
	case models.EventProcessed, models.EventFailed:
		return nil, models.Errorf(models.CodeUnsupported, "An outcome cannot be published from outside yet; video:progress and video:updated can.")
	default:
		return nil, models.Errorf(models.CodeInvalid, "event must be video:progress or video:updated.")
	}
	if p.ID != "" && !models.ValidID(p.ID) {
		return nil, models.Errorf(models.CodeInvalid, "id must be at most %d printable characters without white space.", models.MaxIDBytes)
	}
	if len(p.Data) > MaxPayloadBytes {
		return nil, models.Errorf(models.CodeTooLarge, "data is larger than %d bytes.", MaxPayloadBytes)
	}
	fields := map[string]json.RawMessage{}
	if len(p.Data) > 0 && (!utf8.Valid(p.Data) || json.Unmarshal(p.Data, &fields) != nil) {
		return nil, models.Errorf(models.CodeInvalid, "data must be a JSON object.")
	}
	if fields == nil { // null
		fields = map[string]json.RawMessage{}
	}
	if p.Event == models.EventProgress {
		return fields, checkProgress(fields)
	}
	return fields, nil
}

// checkProgress keeps the types of the fields that clients draw.
func checkProgress(fields map[string]json.RawMessage) error {
	for _, name := range []string{"progress", "stageProgress"} {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		var n *float64
		if json.Unmarshal(raw, &n) != nil || n == nil || *n < 0 || *n > 100 {
			return models.Errorf(models.CodeInvalid, "data.%s must be a number from 0 to 100.", name)
		}
		if name == "progress" { // whole percent, as in every video:progress
			fields[name] = strconv.AppendInt(nil, int64(*n), 10)
		}
	}
	for _, name := range []string{"etaSeconds", "etaHighSeconds"} {
		var eta *float64
		if raw, ok := fields[name]; ok && (json.Unmarshal(raw, &eta) != nil || eta != nil && *eta < 0) {
			return models.Errorf(models.CodeInvalid, "data.%s must be null or a number that is not negative.", name)
		}
	}
	var retry *uint32
	if raw, ok := fields["retry"]; ok && (json.Unmarshal(raw, &retry) != nil || retry == nil) {
		return models.Errorf(models.CodeInvalid, "data.retry must be a whole number.")
	}
	var at *time.Time
	if raw, ok := fields["retryAt"]; ok && json.Unmarshal(raw, &at) != nil {
		return models.Errorf(models.CodeInvalid, "data.retryAt must be null or a time (RFC 3339).")
	}
	for _, name := range []string{"stage", "message"} {
		var s *string
		if raw, ok := fields[name]; ok && (json.Unmarshal(raw, &s) != nil || s == nil || name == "stage" && len(*s) > maxStageBytes) {
			return models.Errorf(models.CodeInvalid, "data.%s must be a text.", name)
		}
	}
	return nil
}

// payload writes the event: the worker's fields, and over them what only the
// record and the log may say.
func (l *Library) payload(ctx context.Context, v *models.Video, name models.EventName, fields map[string]json.RawMessage) (json.RawMessage, error) {
	base := map[string]any{
		"organizationId": v.OrganizationID, "videoId": v.ID, "status": v.Status, "attempt": v.Attempt, "rev": v.Rev,
		"ts": l.now().UTC(),
	}
	delete(fields, "batchId")
	if v.BatchID != "" {
		base["batchId"] = v.BatchID
	}
	if name == models.EventUpdated {
		base["video"] = l.document(ctx, v) // as in every video:updated
	}
	for key, value := range base {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fields[key] = raw
	}
	delete(fields, "seq") // the log's own
	return json.Marshal(fields)
}
