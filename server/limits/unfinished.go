package limits

import (
	"time"

	"reelroom/models"
)

// unfinishedWait is what a client is told to wait for an upload that ends.
const unfinishedWait = 60 * time.Second

// Held is what unfinished uploads take up: how many there are, and the bytes
// that they were announced with.
type Held struct {
	Uploads int
	Bytes   int64
}

// Add counts one more upload. Sums that no file system holds stay at the most.
func (h *Held) Add(size int64) {
	h.Uploads++
	if h.Bytes += size; h.Bytes < 0 {
		h.Bytes = 1<<63 - 1
	}
}

func (h Held) above(most Held) bool {
	return most.Uploads > 0 && h.Uploads > most.Uploads || most.Bytes > 0 && h.Bytes > most.Bytes
}

// Unfinished permits an upload that comes in several requests: user and org are
// what they would hold with it.
func (l *Limits) Unfinished(user, org Held) error {
	switch {
	case l == nil:
		return nil
	case user.above(l.userMost):
		return l.refuse(userUnfinished, unfinishedWait, "You have too many unfinished uploads, or too large ones. Finish or cancel some.")
	case org.above(l.orgMost):
		return l.refuse(orgUnfinished, unfinishedWait, "Your organization has too many unfinished uploads, or too large ones.")
	}
	return nil
}

// UnfinishedUsage returns the limits of an organization's unfinished uploads.
func (l *Limits) UnfinishedUsage(org Held) []models.ConsoleLimit {
	var most Held
	if l != nil {
		most = l.orgMost
	}
	name := names[orgUnfinished].limit
	return []models.ConsoleLimit{
		{Name: name, Used: int64(org.Uploads), Limit: int64(most.Uploads), Unit: "uploads"},
		{Name: "unfinished_bytes", Used: org.Bytes, Limit: most.Bytes, Unit: "bytes"},
	}
}
