package rooms

import (
	"context"
	"time"

	"reelroom/models"
)

// Tickets keeps on whose behalf a one-time ticket was made, by organization. It
// can be lost: then clients ask for another ticket.
type Tickets interface {
	// KeepTicket keeps who, who is of the organization, under a secret for the
	// given time. [models.CodeRateLimited] when the user has as many tickets
	// outstanding as most, on all nodes together.
	KeepTicket(ctx context.Context, org, secret string, who models.Identity, life time.Duration, most int) error
	// TakeTicket returns who was kept under the secret, once: of many that ask
	// at the same time, on any nodes, one is told. [models.ErrNotFound] for the
	// others, after the ticket's time, and where there never was one. Whether
	// the identity still is good is the caller's to ask.
	TakeTicket(ctx context.Context, org, secret string) (models.Identity, error)
}
