package models

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// EventName is the name under which an event reaches every door.
type EventName string

// The events that the server sends.
const (
	EventQueued    EventName = "video:queued"    // a video waits for its work
	EventProgress  EventName = "video:progress"  // the work goes on, or is put off
	EventProcessed EventName = "video:processed" // the outcome: all is known
	EventFailed    EventName = "video:failed"    // the outcome: why it could not be processed
	EventCancelled EventName = "video:cancelled" // the outcome: somebody ended the work
	EventDeleted   EventName = "video:deleted"   // the video is gone
	EventUpdated   EventName = "video:updated"   // something else has changed: the whole document

	EventAnnouncement EventName = "server:announcement"   // the operator says something to everybody
	EventNotification EventName = "notification:personal" // something for one user
	EventChat         EventName = "chat:message"          // a member says something to the organization

	EventUploadProgress  EventName = "upload:progress"  // a file is on its way in
	EventUploadFinished  EventName = "upload:finished"  // it has become a video
	EventUploadCancelled EventName = "upload:cancelled" // nothing comes of it

	EventAuthExpiring EventName = "auth:expiring" // the token ends soon
	EventStreamReady  EventName = "stream:ready"  // what follows comes live
	EventStreamReset  EventName = "stream:reset"  // events are gone: fetch the present state
)

// Audience is who hears an event, inside its organization.
type Audience string

// The audiences. The organization's includes every video's and every user's.
const (
	ToOrganization Audience = "organization"
	ToVideo        Audience = "video"
	ToUser         Audience = "user"
)

// Event is one entry of an organization's log. It is a hint made from the
// record, which stays the truth.
type Event struct {
	Name           EventName
	OrganizationID string
	Audience       Audience
	// VideoID is set for events about a video, UserID for [ToUser].
	VideoID string
	UserID  string
	// ID is an outside publisher's idempotency id, or empty. The log remembers
	// it, and drops what has one that it remembers, unless it is a Transition.
	ID      string
	Attempt int
	Rev     int64
	// Transition marks an event made from a change of the record: the log
	// takes each (video, rev) once, and nothing older after it.
	Transition bool

	// Epoch and Seq are the event's place, given by the log: Seq is contiguous
	// within an organization and starts at 1 in each epoch.
	Epoch string
	Seq   uint64

	// Payload is a JSON object; the log adds "seq" when it hands it out.
	Payload json.RawMessage
}

// Base is what every payload about a video carries, beside "seq".
type Base struct {
	OrganizationID string    `json:"organizationId"`
	VideoID        string    `json:"videoId"`
	Title          string    `json:"title"`
	Status         Status    `json:"status"`
	Attempt        int       `json:"attempt"`
	Rev            int64     `json:"rev"`
	TS             time.Time `json:"ts"`
	// BatchID names the batch that the video came with; absent for one that came
	// alone.
	BatchID string `json:"batchId,omitempty"`
}

// Queued is the payload of video:queued. While a video waits it is sent again,
// to those who watch the video, when its place has changed: with the same rev.
type Queued struct {
	Base
	// QueuePosition is 1 for the next to be worked on, null when not known.
	QueuePosition *int `json:"queuePosition"`
}

// Progress is the payload of video:progress. Progress is overall, 0 to 100,
// and never falls within an attempt: each stage has its band, in which it moves
// with the work that is done. StageProgress is 0 to 100 within Stage: the share
// of its expected time that is over.
type Progress struct {
	Base
	Stage         Stage   `json:"stage"`
	Progress      int     `json:"progress"`
	StageProgress float64 `json:"stageProgress"`
	Message       string  `json:"message"`
	// EtaSeconds and EtaHighSeconds are until the outcome: half of all videos
	// are done within the first, nine in ten within the second. Null when
	// nothing can be said.
	EtaSeconds     *float64 `json:"etaSeconds"`
	EtaHighSeconds *float64 `json:"etaHighSeconds"`
	// Retry counts how often the stage was put off because of trouble that may
	// pass; RetryAt is when it begins again, null while it runs.
	Retry   int        `json:"retry"`
	RetryAt *time.Time `json:"retryAt"`
	// Segments are those that the sensitivity stage has found so far, at most 32,
	// those with the highest scores; empty in other stages.
	Segments []SensitivitySegment `json:"segments"`
}

// Processed is the payload of video:processed.
type Processed struct {
	Base
	Progress    int          `json:"progress"`
	Metadata    *Metadata    `json:"metadata"`
	Thumbnail   *string      `json:"thumbnail"`
	Placeholder *string      `json:"placeholder"`
	Storyboard  *string      `json:"storyboard"`
	Sensitivity *Sensitivity `json:"sensitivity"`
	Warnings    []Warning    `json:"warnings"`
	Playback    *Playback    `json:"playback"`
}

// Failed is the payload of video:failed.
type Failed struct {
	Base
	Error string `json:"error"`
	Code  Code   `json:"code"`
	Stage Stage  `json:"stage"`
}

// Changed is the payload of video:cancelled and video:deleted.
type Changed struct {
	Base
}

// StreamReady is the payload of stream:ready, the first event of a connection:
// what follows Cursor comes live. Recovered says that what was missed before
// has just been delivered.
type StreamReady struct {
	Recovered bool   `json:"recovered"`
	Cursor    string `json:"cursor"`
}

// StreamReset is the payload of stream:reset: events are gone, so the present
// state must be fetched; what follows Cursor will come. Reason is "lost" (the
// log was lost), "expired" (the place is too old) or "session" (the session to
// be taken up again is not known).
type StreamReset struct {
	Reason string `json:"reason"`
	Cursor string `json:"cursor"`
}

// Updated is the payload of video:updated: the whole document.
type Updated struct {
	Base
	Video Document `json:"video"`
}

// StageMessage is what a person reads when a stage begins.
func StageMessage(s Stage) string {
	switch s {
	case StageMetadata:
		return "Reading metadata"
	case StageThumbnail:
		return "Choosing a thumbnail"
	case StageSensitivity:
		return "Looking for sensitive content"
	case StageRendition:
		return "Making a version for browsers"
	}
	return ""
}

// progressWords is what a person reads before a stage says more: that it has
// begun, or why it waits.
func progressWords(v *Video) string {
	at := v.RetryAt()
	if at.IsZero() {
		return StageMessage(v.Stage)
	}
	pause := max(at.Sub(v.UpdatedAt), 0).Round(time.Second)
	words := fmt.Sprintf("%d s", int(pause.Seconds()))
	if pause >= 2*time.Minute {
		words = fmt.Sprintf("%d min", int(pause.Minutes()))
	}
	return fmt.Sprintf("Trouble that may pass: %s Trying again in %s.", v.Trouble.Message, words)
}

// shown returns copies of both figures, or nil where e cannot be shown.
func (e *Eta) shown() (seconds, high *float64) {
	if e == nil || !e.Fits() {
		return nil, nil
	}
	tenth := func(x float64) *float64 { x = math.Round(x*10) / 10; return &x }
	return tenth(e.Seconds), tenth(e.HighSeconds)
}

func (v *Video) base(now time.Time) Base {
	return Base{v.OrganizationID, v.ID, v.Title, v.Status, v.Attempt, v.Rev, now.UTC(), v.BatchID}
}

// EventOf makes the event that tells the record's last revision to the
// organization. The record of a running video gives the start of its stage, an
// edited one the whole document. last is the progress that was shown last, or
// nil: within an attempt nothing falls back behind it.
func EventOf(v *Video, links Links, last *Progress) Event {
	b := v.base(v.UpdatedAt)
	if last != nil && (last.Attempt != v.Attempt || v.Status != StatusProcessing) {
		last = nil
	}
	if v.Edited {
		d := DocumentOf(v, links)
		if last != nil {
			d.Merge(*last)
		}
		return v.event(EventUpdated, Updated{b, d})
	}
	switch v.Status {
	case StatusQueued:
		return v.event(EventQueued, Queued{b, nil})
	case StatusProcessing:
		p := Progress{
			Base: b, Stage: v.Stage, Progress: v.Stage.Start(), Message: progressWords(v),
			Retry: v.Delays, RetryAt: optionalTime(v.RetryAt()), Segments: []SensitivitySegment{},
		}
		p.EtaSeconds, p.EtaHighSeconds = v.Eta.shown()
		if last != nil {
			p.Progress = max(p.Progress, last.Progress)
		}
		return v.event(EventProgress, p)
	case StatusCompleted:
		d := DocumentOf(v, links)
		return v.event(EventProcessed, Processed{b, 100, d.Metadata, d.Thumbnail, d.Placeholder, d.Storyboard, d.Sensitivity, d.Warnings, d.Playback})
	case StatusFailed:
		f := Failure{Code: CodeInternal, Message: "Processing failed."}
		if v.Failure != nil {
			f = *v.Failure
		}
		return v.event(EventFailed, Failed{b, f.Message, f.Code, f.Stage})
	case StatusCancelled:
		return v.event(EventCancelled, Changed{b})
	default:
		return v.event(EventDeleted, Changed{b})
	}
}

// Report is what a stage says about itself while it runs.
type Report struct {
	// Fraction is how much of the stage is done, 0 to 1.
	Fraction float64
	// Message is for people.
	Message string
	// Over is the share of the stage's expected time that is over, 0 to 1, where
	// that is known; 0 stands for Fraction.
	Over float64
	// Eta is until the video's outcome; nil when unknown.
	Eta *Eta
	// Segments are those found so far, while the sensitivity stage scans.
	Segments []SensitivitySegment
}

// ProgressOf makes the event of a report from inside the running stage: it is
// published, not stored. floor is the least overall percentage to show, so that
// a stage that starts over after a crash does not fall back.
func ProgressOf(v *Video, now time.Time, r Report, floor int, to Audience) Event {
	fraction, over := r.Fraction, r.Over
	if math.IsNaN(fraction) {
		fraction = 0
	}
	if over <= 0 || math.IsNaN(over) {
		over = fraction
	}
	p := Progress{
		Base: v.base(now), Stage: v.Stage, Message: r.Message, Retry: v.Delays,
		Progress:      max(v.overall(fraction), floor),
		StageProgress: float64(int(min(max(over, 0), 1)*1000)) / 10,
	}
	p.EtaSeconds, p.EtaHighSeconds = r.Eta.shown()
	if p.Segments = highestSegments(r.Segments, maxProgressSegments); p.Segments == nil {
		p.Segments = []SensitivitySegment{}
	}
	e := v.event(EventProgress, p)
	e.Transition = false
	e.Audience = to
	return e
}

// QueuedAgain makes the event that tells those who watch a waiting video its
// place. The log takes it only while nothing has happened to the video since.
func QueuedAgain(v *Video, now time.Time, position int) Event {
	e := v.event(EventQueued, Queued{v.base(now), &position})
	e.Transition = false
	e.Audience = ToVideo
	return e
}

func (v *Video) event(name EventName, payload any) Event {
	raw, err := json.Marshal(payload)
	if err != nil { // plain structs of plain fields: only a NaN could do this
		raw = []byte(fmt.Sprintf(`{"organizationId":%q,"videoId":%q}`, v.OrganizationID, v.ID))
	}
	return Event{
		Name: name, OrganizationID: v.OrganizationID, Audience: ToOrganization,
		VideoID: v.ID, ID: v.reportedID(), Attempt: v.Attempt, Rev: v.Rev, Transition: true, Payload: raw,
	}
}

// WithSeq returns the JSON object payload with "seq" added as its last field.
func WithSeq(payload []byte, seq uint64) []byte {
	end := len(payload) - 1
	for end >= 0 && payload[end] != '}' {
		end--
	}
	if end < 1 {
		return []byte(`{"seq":` + strconv.FormatUint(seq, 10) + `}`)
	}
	out := make([]byte, 0, len(payload)+28)
	out = append(out, payload[:end]...)
	if !emptyObject(payload[:end]) {
		out = append(out, ',')
	}
	out = append(out, `"seq":`...)
	out = strconv.AppendUint(out, seq, 10)
	return append(out, '}')
}

func emptyObject(head []byte) bool {
	for _, c := range head[1:] {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
