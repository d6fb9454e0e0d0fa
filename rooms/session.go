package rooms

import (
	"context"
	"time"
)

// Session is what is remembered of a Socket.IO socket, so that its client can
// take it up again: on any node, also when the one it was on is gone.
type Session struct {
	// PID is the session's secret name, SID its public one.
	PID, SID string
	// UserID is whose it is. Nobody else may take it up.
	UserID string
	// TokenID and IssuedAt are those of the token that it was last held with.
	// When that is revoked the session is, too.
	TokenID  string
	IssuedAt time.Time
	// Videos are the ids of those that it follows.
	Videos []string
	// Start is the place from which the client has events: it stands in for a
	// cursor that the client had no time to get.
	Start Cursor
}

// Sessions keeps sessions, by organization, somewhat longer than the log keeps
// events. It can be lost: then clients fetch the present state.
type Sessions interface {
	// Save keeps sessions of the organization, each in place of what was there
	// before under its PID, and begins their time anew.
	Save(ctx context.Context, org string, sessions ...Session) error
	// Keep begins the time of sessions anew. One that is there stays as it is;
	// one that is not is saved.
	Keep(ctx context.Context, org string, sessions ...Session) error
	// Load returns the session of that PID. [models.ErrNotFound] when the
	// organization has none.
	Load(ctx context.Context, org, pid string) (Session, error)
	// Forget drops the session of that PID, if there is one.
	Forget(ctx context.Context, org, pid string) error
}
