package models

import "time"

// Message is the payload of server:announcement and notification:personal.
// Message is plain text: lines, and nothing that a page may take for HTML.
type Message struct {
	ID             string    `json:"id"`
	OrganizationID string    `json:"organizationId"`
	TS             time.Time `json:"ts"`
	Message        string    `json:"message"`
	Level          Level     `json:"level"`
	// ExpiresAt is when it need not be shown any more; null for never.
	ExpiresAt *time.Time `json:"expiresAt"`
	// From is the user who has sent it; "" for the operator of the server.
	From string `json:"from"`
}

// Level is how much a message matters.
type Level string

// The levels.
const (
	LevelInfo     Level = "info"
	LevelWarning  Level = "warning"
	LevelCritical Level = "critical"
)

// Chat is the payload of chat:message. Text is plain, as in [Message].
type Chat struct {
	// ID is the sender's own, or made here; with UserID it is unique.
	ID             string    `json:"id"`
	OrganizationID string    `json:"organizationId"`
	TS             time.Time `json:"ts"`
	Text           string    `json:"text"`
	UserID         string    `json:"userId"`
}

// AuthExpiring is the payload of auth:expiring.
type AuthExpiring struct {
	ExpiresAt time.Time `json:"expiresAt"`
}

// EventPayload names the payload of an event. A logged one has a place in the
// organization's log: its payload carries "seq" beside the fields, and its last
// argument is the cursor.
type EventPayload struct {
	Name    EventName
	Payload any
	Logged  bool
}

// EventPayloads lists every event that the server sends. The types for clients
// and the documents are generated from it.
func EventPayloads() []EventPayload {
	return []EventPayload{
		{EventQueued, Queued{}, true},
		{EventProgress, Progress{}, true},
		{EventProcessed, Processed{}, true},
		{EventFailed, Failed{}, true},
		{EventCancelled, Changed{}, true},
		{EventDeleted, Changed{}, true},
		{EventUpdated, Updated{}, true},
		{EventAnnouncement, Message{}, true},
		{EventNotification, Message{}, true},
		{EventChat, Chat{}, true},
		{EventUploadProgress, UploadProgress{}, true},
		{EventUploadFinished, UploadFinished{}, true},
		{EventUploadCancelled, UploadCancelled{}, true},
		{EventAuthExpiring, AuthExpiring{}, false},
		{EventStreamReady, StreamReady{}, false},
		{EventStreamReset, StreamReset{}, false},
	}
}
