package library

import (
	"sync/atomic"

	"reelroom/models"
)

// publications counts what was published by others than the own workers.
type publications struct {
	taken              [len(outsideEvents)]atomic.Uint64
	repeated, declined atomic.Uint64
}

// outsideEvents are what others than the own workers publish.
var outsideEvents = [...]models.EventName{
	models.EventProgress, models.EventUpdated, models.EventProcessed, models.EventFailed,
	models.EventAnnouncement, models.EventNotification, models.EventChat,
}

// count counts one call.
func (p *publications) count(name models.EventName, r Receipt, err error) {
	switch {
	case err != nil:
		p.declined.Add(1)
	case r.Repeated:
		p.repeated.Add(1)
	default:
		for i := range outsideEvents {
			if outsideEvents[i] == name {
				p.taken[i].Add(1)
			}
		}
	}
}

// Published are figures of what was published by others than the own workers
// since the start of this process.
type Published struct {
	// Taken counts by event.
	Taken map[models.EventName]uint64
	// Repeated were taken before, Declined were answered with an error.
	Repeated, Declined uint64
}

// Published returns the present figures.
func (l *Library) Published() Published {
	p := Published{Taken: map[models.EventName]uint64{}, Repeated: l.published.repeated.Load(), Declined: l.published.declined.Load()}
	for i, name := range outsideEvents {
		p.Taken[name] = l.published.taken[i].Load()
	}
	return p
}
