package library

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"reelroom/models"
	"reelroom/rooms"
)

// MaxPayloadBytes bounds the data of an outside event.
const MaxPayloadBytes = 64 << 10

// Publication is an event that an outside worker sends for a video.
type Publication struct {
	Event   models.EventName `json:"event"`
	VideoID string           `json:"videoId"`
	// Data is a JSON object. Of video:progress and video:updated its fields stand
	// in the payload beside those of [models.Base], which it cannot change; of
	// video:processed and video:failed they become the record's.
	Data json.RawMessage `json:"data,omitempty"`
	// ID makes the call idempotent where it is set. It is unique within the
	// organization.
	ID string `json:"id,omitempty"`
}

// Receipt is the place that an event got. Repeated tells that its id was seen
// before, or that it came too late to be shown; then it got none, and the
// place is that of the first one, or of the log's last event where that is not
// known any more. Seq is 0 and Cursor "" for an outcome that stands, but that the
// log has still to be told.
type Receipt struct {
	Seq      uint64 `json:"seq"`
	Cursor   string `json:"cursor"`
	Repeated bool   `json:"repeated"`
}

func receiptOf(c rooms.Cursor, repeated bool) Receipt { return Receipt{c.Seq, c.String(), repeated} }

// Publish takes what an outside worker says about a video of its organization.
// video:progress and video:updated are appended to the log. video:processed and
// video:failed end the video's work, waiting or under way: the record first, and
// the event is made from it. [models.ErrConflict] for progress and an outcome of
// work that has ended, unless it is a repetition.
func (l *Library) Publish(ctx context.Context, who models.Identity, p Publication) (Receipt, error) {
	r, err := l.take(ctx, who, p)
	l.published.count(p.Event, r, err)
	return r, err
}

func (l *Library) take(ctx context.Context, who models.Identity, p Publication) (Receipt, error) {
	if err := may(who, models.ActionPublish); err != nil {
		return Receipt{}, err
	}
	said, err := p.read()
	if err != nil {
		return Receipt{}, err
	}
	v, err := l.record(ctx, who, models.ActionPublish, p.VideoID)
	if err != nil {
		return Receipt{}, err
	}
	if p.ID != "" && v.ReportedAs(p.ID) {
		return l.repeated(ctx, v.OrganizationID, p.ID), nil
	}
	if v.Status.Terminal() && p.Event != models.EventUpdated {
		if c, known := l.placeOf(ctx, v.OrganizationID, p.ID); known {
			return receiptOf(c, true), nil
		}
		return Receipt{}, models.ErrConflict
	}
	if said.outcome != nil {
		return l.end(ctx, who, v, p.ID, said)
	}
	if p.Event == models.EventProgress {
		l.raise(ctx, v, said.fields)
	}
	payload, err := l.payload(ctx, v, p.Event, said.fields)
	if err != nil {
		return Receipt{}, err
	}
	return l.append(ctx, v.OrganizationID, models.Event{
		Name: p.Event, OrganizationID: v.OrganizationID, Audience: models.ToOrganization, VideoID: v.ID,
		ID: p.ID, Attempt: v.Attempt, Rev: v.Rev, Payload: payload,
	})
}

// append gives an event that is no transition its place.
func (l *Library) append(ctx context.Context, org string, e models.Event) (Receipt, error) {
	place, fresh, err := l.Log.Append(ctx, org, e)
	if err != nil {
		if _, ok := errors.AsType[*models.Error](err); !ok {
			err = models.Errorf(models.CodeUnavailable, "The event log does not answer.").Again(time.Second).Because(err)
		}
		return Receipt{}, err
	}
	return receiptOf(place, !fresh), nil
}

// placeOf returns the place of the event with the id, where the log knows it.
func (l *Library) placeOf(ctx context.Context, org, id string) (rooms.Cursor, bool) {
	if id == "" {
		return rooms.Cursor{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	c, known, err := l.Log.Place(ctx, org, id)
	if err != nil {
		l.complain(err)
	}
	return c, known && err == nil
}

// repeated is the receipt of what the record knows to have been taken before.
func (l *Library) repeated(ctx context.Context, org, id string) Receipt {
	c, known := l.placeOf(ctx, org, id)
	if !known {
		ctx, cancel := context.WithTimeout(ctx, logTime)
		defer cancel()
		var err error
		if c, err = l.Log.Head(ctx, org); err != nil {
			l.complain(err)
		}
	}
	return receiptOf(c, true)
}

// said is the data of a publication, checked.
type said struct {
	fields  map[string]json.RawMessage // of an event
	outcome *models.Outside            // of a transition; its ID is not set
	picture []byte                     // of outcome.Thumbnail, whose Key is not set
}

// read checks the publication and returns its data.
func (p *Publication) read() (s said, err error) {
	switch p.Event {
	case models.EventProgress, models.EventUpdated, models.EventProcessed, models.EventFailed:
	default:
		return s, models.Errorf(models.CodeInvalid, "event must be video:progress, video:updated, video:processed or video:failed.")
	}
	if p.ID != "" && !models.ValidID(p.ID) {
		return s, errID
	}
	if len(p.Data) > MaxPayloadBytes {
		return s, models.Errorf(models.CodeTooLarge, "data is larger than %d bytes.", MaxPayloadBytes)
	}
	if models.DeeperThan(p.Data, models.MaxJSONDepth) {
		return s, models.ErrJSONDepth
	}
	if len(p.Data) > 0 && (!utf8.Valid(p.Data) || json.Unmarshal(p.Data, &s.fields) != nil) {
		return s, models.Errorf(models.CodeInvalid, "data must be a JSON object.")
	}
	if s.fields == nil { // absent or null
		s.fields = map[string]json.RawMessage{}
	}
	switch p.Event {
	case models.EventProgress:
		err = checkProgress(s.fields)
	case models.EventProcessed:
		s.outcome, s.picture, err = processed(s.fields)
	case models.EventFailed:
		s.outcome, err = failed(s.fields)
	}
	return s, err
}

var errID = models.Errorf(models.CodeInvalid, "id must be at most %d printable characters without white space.", models.MaxIDBytes)

// payload writes the event: the worker's fields, and over them what only the
// record and the log may say.
func (l *Library) payload(ctx context.Context, v *models.Video, name models.EventName, fields map[string]json.RawMessage) (json.RawMessage, error) {
	base := map[string]any{
		"organizationId": v.OrganizationID, "videoId": v.ID, "title": v.Title, "status": v.Status, "attempt": v.Attempt, "rev": v.Rev,
		"ts": l.now().UTC(),
	}
	maps.DeleteFunc(fields, func(key string, _ json.RawMessage) bool { return shadows(key) })
	delete(fields, "batchId")
	if v.BatchID != "" {
		base["batchId"] = v.BatchID
	}
	if name == models.EventUpdated {
		base["video"] = l.document(ctx, v) // as in every video:updated
	}
	if name == models.EventProgress { // as in every video:progress, where the worker does not say better
		for key, value := range progressDefaults(v) {
			if fields[key] == nil {
				base[key] = value
			}
		}
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

// payloadFields are what readers look for in an event of a video.
var payloadFields = func() (names []string) {
	for _, t := range []reflect.Type{reflect.TypeFor[models.Progress](), reflect.TypeFor[models.Updated]()} {
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				names = append(names, name)
			}
		}
	}
	return append(names, "seq")
}()

// shadows tells whether a field differs from one of a payload in its case alone:
// many readers, Go's among them, would take it for that one, unchecked.
func shadows(key string) bool {
	for _, name := range payloadFields {
		if key != name && strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// raise keeps the percentage from falling behind what was shown in the attempt,
// by whomever. What it cannot know, it leaves.
func (l *Library) raise(ctx context.Context, v *models.Video, fields map[string]json.RawMessage) {
	found, err := l.Log.Progress(ctx, v.OrganizationID, v.ID)
	if err != nil {
		return // then the log takes no event either
	}
	var shown models.Progress
	if e, ok := found[v.ID]; !ok || json.Unmarshal(e.Payload, &shown) != nil || shown.Attempt != v.Attempt {
		return
	}
	said := 0
	if raw, ok := fields["progress"]; !ok || json.Unmarshal(raw, &said) != nil || said < shown.Progress {
		fields["progress"] = strconv.AppendInt(nil, int64(shown.Progress), 10)
	}
}
