package main

import (
	"encoding/json"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

// eventState is the harness's own name for the snapshot that an
// acknowledgement of video:subscribe carries.
const eventState = "state"

// received is an event as --json prints it, one a line.
type received struct {
	Event string `json:"event"`
	// Cursor is the place in the organization's log; "" when the event had none.
	Cursor     string          `json:"cursor"`
	Payload    json.RawMessage `json:"payload"`
	ReceivedAt time.Time       `json:"receivedAt"`
}

func receivedOf(e sio.Event) received {
	return received{e.Name, e.Cursor(), e.Payload(), e.ReceivedAt.UTC()}
}

// digest is what a line for people is made of, out of any payload.
type digest struct {
	ID          string                  `json:"id"`
	VideoID     string                  `json:"videoId"`
	Title       string                  `json:"title"`
	Status      models.Status           `json:"status"`
	Seq         uint64                  `json:"seq"`
	Stage       models.Stage            `json:"stage"`
	Progress    *float64                `json:"progress"`
	Message     string                  `json:"message"`
	ETASeconds  *float64                `json:"etaSeconds"`
	Error       string                  `json:"error"`
	Code        models.Code             `json:"code"`
	Metadata    *models.Metadata        `json:"metadata"`
	Sensitivity *models.Sensitivity     `json:"sensitivity"`
	Warnings    []models.Warning        `json:"warnings"`
	UserID      string                  `json:"userId"`
	Text        string                  `json:"text"`
	Reason      string                  `json:"reason"`
	Video       *struct{ Title string } `json:"video"`
}

// digest reads what it can: a payload of another shape leaves fields empty.
func (r received) digest() digest {
	var d digest
	_ = json.Unmarshal(r.Payload, &d)
	if d.VideoID == "" && r.Event == eventState {
		d.VideoID = d.ID
	}
	if d.Title == "" && d.Video != nil {
		d.Title = d.Video.Title
	}
	return d
}

// outcomes are the events after which nothing more is done to a video, unless
// a user retries it.
var outcomes = []string{
	string(models.EventProcessed), string(models.EventFailed), string(models.EventCancelled), string(models.EventDeleted),
}

// ends reports whether the event, or the snapshot, is the outcome of a video.
func (r received) ends(d digest) bool {
	return slices.Contains(outcomes, r.Event) || r.Event == eventState && d.Status.Terminal()
}
