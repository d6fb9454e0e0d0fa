package ws

import (
	"encoding/json"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// The types of messages that clients know.
const (
	TypeState     = "state"
	TypeProgress  = "progress"
	TypeCompleted = "completed"
	TypeFailed    = "failed"
	TypeUpdated   = "updated"
)

// EventState is the event of a state that was read from the record, and is no
// event of the log.
const EventState = "state"

// Head is what every message begins with. The job is the video.
type Head struct {
	Type  string `json:"type"`
	JobID string `json:"jobId"`
	// Event is the event of the log that the message was made from, or
	// [EventState]. Seq is that event's; what was made from the record has none.
	Event string `json:"event"`
	Seq   uint64 `json:"seq,omitempty"`
	// Cursor is the place that the client has reached: ?after= takes it.
	Cursor  string `json:"cursor"`
	Attempt int    `json:"attempt"`
	Rev     int64  `json:"rev"`
}

// State is how the job stands: the first message, and again while it waits.
type State struct {
	Head
	Status         models.Status `json:"status"`
	Title          string        `json:"title"`
	Stage          *models.Stage `json:"stage"`
	Pct            int           `json:"pct"`
	Message        string        `json:"message"`
	EtaSeconds     *float64      `json:"etaSeconds"`
	EtaHighSeconds *float64      `json:"etaHighSeconds"`
	QueuePosition  *int          `json:"queuePosition"`
	// Reset, where it is not empty, tells that events between the client's place
	// and this state are gone; see [models.StreamReset] for the reasons.
	Reset string `json:"reset,omitempty"`
}

// Progress is how far the job is. Pct is overall, 0 to 100.
type Progress struct {
	Head
	Status         models.Status `json:"status"`
	Stage          *models.Stage `json:"stage"`
	Pct            int           `json:"pct"`
	StagePct       float64       `json:"stagePct"`
	Message        string        `json:"message"`
	EtaSeconds     *float64      `json:"etaSeconds"`
	EtaHighSeconds *float64      `json:"etaHighSeconds"`
	Retry          int           `json:"retry"`
	RetryAt        *time.Time    `json:"retryAt"`
}

// Completed is the good end. Result is the payload of video:processed.
type Completed struct {
	Head
	Result json.RawMessage `json:"result"`
}

// Failed is every other end. Code is that of the failure, or cancelled or
// deleted; see CODES.md of the models.
type Failed struct {
	Head
	Status models.Status `json:"status"`
	Error  string        `json:"error"`
	Code   models.Code   `json:"code"`
	Stage  *models.Stage `json:"stage"`
}

// Updated tells that somebody has edited the video.
type Updated struct {
	Head
	Video json.RawMessage `json:"video" contract:"VideoDocument"`
}

// The words for ends that are nobody's failure.
const (
	wordsCancelled = "The job was cancelled."
	wordsDeleted   = "The video was deleted."
)

// payload is what any event's payload may hold. A worker outside may have put
// something else in a field's place: then it is left empty.
type payload struct {
	models.Base
	Stage         *models.Stage   `json:"stage"`
	QueuePosition *int            `json:"queuePosition"`
	Error         string          `json:"error"`
	Code          models.Code     `json:"code"`
	Video         json.RawMessage `json:"video"`
}

// messageOf makes the message of an event about a video, after which the job is
// as now has it: an outside worker's progress does not tell everything. nil for
// an event that clients of this door are not told; last for the job's end.
func messageOf(e *models.Event, now *models.Job) (message any, last bool) {
	var p payload
	_ = json.Unmarshal(e.Payload, &p)
	h := Head{JobID: e.VideoID, Event: string(e.Name), Seq: e.Seq, Cursor: rooms.CursorOf(e).String(), Attempt: e.Attempt, Rev: e.Rev}
	switch e.Name {
	case models.EventQueued:
		h.Type = TypeState
		return State{Head: h, Status: p.Status, Title: p.Title, QueuePosition: p.QueuePosition}, false
	case models.EventProgress:
		h.Type = TypeProgress
		return Progress{h, models.StatusProcessing, now.Stage, now.Progress, now.StageProgress, now.Message, now.EtaSeconds, now.EtaHighSeconds, now.Retry, now.RetryAt}, false
	case models.EventUpdated:
		h.Type = TypeUpdated
		return Updated{h, p.Video}, false
	case models.EventProcessed:
		h.Type = TypeCompleted
		return Completed{h, e.Payload}, true
	case models.EventFailed:
		h.Type = TypeFailed
		return Failed{h, models.StatusFailed, p.Error, p.Code, p.Stage}, true
	case models.EventCancelled:
		h.Type = TypeFailed
		return Failed{h, models.StatusCancelled, wordsCancelled, models.CodeCancelled, p.Stage}, true
	case models.EventDeleted:
		h.Type = TypeFailed
		return Failed{h, models.StatusDeleted, wordsDeleted, models.CodeDeleted, p.Stage}, true
	}
	return nil, false
}

// stateOf makes the messages of a record: its state, and its end if that has
// come. The cursor is that of the snapshot.
func stateOf(d *models.Document, cursor, reset string) []any {
	h := Head{Type: TypeState, JobID: d.ID, Event: EventState, Cursor: cursor, Attempt: d.Attempt, Rev: d.Rev}
	s := State{Head: h, Status: d.Status, Title: d.Title, Stage: d.Stage, Pct: d.Progress, Message: d.Message,
		EtaSeconds: d.EtaSeconds, EtaHighSeconds: d.EtaHighSeconds, QueuePosition: d.QueuePosition, Reset: reset}
	switch d.Status {
	case models.StatusCompleted:
		h.Type, h.Event = TypeCompleted, string(models.EventProcessed)
		return []any{s, Completed{h, resultOf(d)}}
	case models.StatusFailed:
		h.Type, h.Event = TypeFailed, string(models.EventFailed)
		f := Failed{Head: h, Status: d.Status, Error: "Processing failed.", Code: models.CodeInternal, Stage: s.Stage}
		if d.Error != nil && d.Code != nil {
			f.Error, f.Code = *d.Error, *d.Code
		}
		return []any{s, f}
	case models.StatusCancelled:
		h.Type, h.Event = TypeFailed, string(models.EventCancelled)
		return []any{s, Failed{h, d.Status, wordsCancelled, models.CodeCancelled, s.Stage}}
	}
	return []any{s}
}

// resultOf is the payload of video:processed as the record has it.
func resultOf(d *models.Document) json.RawMessage {
	raw, err := json.Marshal(models.Processed{
		Base:     models.Base{OrganizationID: d.OrganizationID, VideoID: d.ID, Title: d.Title, Status: d.Status, Attempt: d.Attempt, Rev: d.Rev, TS: d.UpdatedAt},
		Progress: 100, Metadata: d.Metadata, Thumbnail: d.Thumbnail, Placeholder: d.Placeholder, Storyboard: d.Storyboard,
		Sensitivity: d.Sensitivity, Warnings: d.Warnings, Playback: d.Playback,
	})
	if err != nil { // plain structs of plain fields
		return json.RawMessage(`{}`)
	}
	return raw
}
