package models

import (
	"encoding/json"
	"fmt"
	"time"
)

// UploadBase is what every payload about an upload carries, beside "seq".
type UploadBase struct {
	OrganizationID string `json:"organizationId"`
	UploadID       string `json:"uploadId"`
	// Key is what the uploader called the upload before it had an id, or "": a
	// client knows its own by it, also before the answer with the id is there.
	Key string `json:"key"`
	// Title is "" while it is not known.
	Title    string `json:"title"`
	FileName string `json:"fileName"`
	UserID   string `json:"userId"`
	// Received and Size are in bytes. Size is what the uploader announced: of a
	// plain form it is the whole request's, a little more than the file's.
	Received int64     `json:"received"`
	Size     int64     `json:"size"`
	TS       time.Time `json:"ts"`
}

// UploadProgress is the payload of upload:progress: a file is on its way in, and
// no video yet. It is sent at most twice a second for each upload, and not at
// all for one that is through in a moment.
type UploadProgress struct {
	UploadBase
}

// UploadFinished is the payload of upload:finished: the file has become a video.
type UploadFinished struct {
	UploadBase
	VideoID string `json:"videoId"`
}

// UploadCancelled is the payload of upload:cancelled: the file was given up, by
// its sender or by a limit, and no video comes of it.
type UploadCancelled struct {
	UploadBase
}

// Event makes the event that tells the organization.
func (p UploadProgress) Event() Event { return p.event(EventUploadProgress, p, "") }

// Event makes the event that tells the organization; the log takes it once.
func (p UploadFinished) Event() Event { return p.event(EventUploadFinished, p, "end") }

// Event makes the event that tells the organization; the log takes it once.
func (p UploadCancelled) Event() Event { return p.event(EventUploadCancelled, p, "end") }

func (b *UploadBase) event(name EventName, payload any, once string) Event {
	raw, err := json.Marshal(payload)
	if err != nil { // plain structs of plain fields
		raw = []byte(fmt.Sprintf(`{"organizationId":%q,"uploadId":%q}`, b.OrganizationID, b.UploadID))
	}
	e := Event{Name: name, OrganizationID: b.OrganizationID, Audience: ToOrganization, Payload: raw}
	if once != "" {
		e.ID = "upload " + b.UploadID + " " + once // no outside worker's id holds a space
	}
	return e
}
