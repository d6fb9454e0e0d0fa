package limits

import (
	"context"
	"time"

	"reelroom/models"
)

// What a client is told to wait where something must end first, and nobody
// knows when.
const (
	connectionWait = 30 * time.Second
	uploadWait     = 5 * time.Second
	downloadWait   = 5 * time.Second
	queueWait      = 60 * time.Second
)

// Handshake permits a socket of a user to begin, before anything is read for it.
func (l *Limits) Handshake(who models.Identity) error {
	if l == nil {
		return nil
	}
	return l.byUser(userHandshakes, l.userHandshakes, who, "You connect too often.")
}

// Seat is what a socket with a token takes up, until [Seat.Leave].
type Seat struct {
	org  *Place[string]
	user *Place[user]
}

// Sit takes a seat among the organization's and the user's sockets.
func (l *Limits) Sit(who models.Identity) (Seat, error) {
	if l == nil {
		return Seat{}, nil
	}
	var s Seat
	if s.user = l.userConnections.Take(userOf(who)); s.user == nil {
		return Seat{}, l.refuse(userConnections, connectionWait, "You have too many open connections.")
	}
	if s.org = l.orgConnections.Take(who.OrganizationID); s.org == nil {
		s.user.Leave()
		return Seat{}, l.refuse(orgConnections, connectionWait, "Your organization has too many open connections.")
	}
	return s, nil
}

// Leave gives the seat back. It must be called once.
func (s Seat) Leave() {
	s.org.Leave()
	s.user.Leave()
}

// Message permits a message of a user to the server.
func (l *Limits) Message(who models.Identity) error {
	if l == nil {
		return nil
	}
	return l.byUser(userMessages, l.userMessages, who, "You send too many messages.")
}

// Subscription permits what a client does by itself when it connects and when
// its page changes: subscribing, unsubscribing, giving a newer token.
func (l *Limits) Subscription(who models.Identity) error {
	if l == nil {
		return nil
	}
	return l.byUser(userSubscriptions, l.userSubscriptions, who, "You change your subscriptions too often.")
}

// Flood counts a connection that was closed because it went on and on.
func (l *Limits) Flood() {
	if l != nil {
		l.refused[userFlood].Add(1)
	}
}

// Request permits a request of a user.
func (l *Limits) Request(who models.Identity) error {
	if l == nil {
		return nil
	}
	return l.byUser(userRequests, l.userRequests, who, "You send too many requests.")
}

// Event permits an event that is published from outside.
func (l *Limits) Event(who models.Identity) error {
	if l == nil {
		return nil
	}
	if wait := l.orgEvents.Take(who.OrganizationID); wait > 0 {
		return l.refuse(orgEvents, wait, "Your organization publishes too many events.")
	}
	return nil
}

// Upload permits an upload, which has ended when leave is called.
func (l *Limits) Upload(who models.Identity) (leave func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	place := l.userUploads.Take(userOf(who))
	if place == nil {
		return nil, l.refuse(userUploads, uploadWait, "You upload too many files at once.")
	}
	return l.file(place.Leave)
}

// Download permits a file to be sent, which has ended when leave is called. A
// player that pauses holds a file open for as long as its connection is.
func (l *Limits) Download(who models.Identity) (leave func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	place := l.orgDownloads.Take(who.OrganizationID)
	if place == nil {
		return nil, l.refuse(orgDownloads, downloadWait, "Your organization reads too many files at once.")
	}
	return l.file(place.Leave)
}

// Queue permits one more video of an organization while fewer than the limit
// have work under way. Uploads at once may pass it together. An error of the
// store is returned as it is.
func (l *Limits) Queue(ctx context.Context, store models.Waiting, org string) error {
	if l == nil || l.queued == 0 {
		return nil
	}
	n, err := store.Waiting(ctx, org)
	if err != nil {
		return err
	}
	if n >= l.queued {
		return l.refuse(orgQueued, queueWait, "Your organization has too many videos that wait to be processed.")
	}
	return nil
}

func (l *Limits) byUser(k kind, r *Rate[user], who models.Identity, words string) error {
	if wait := r.Take(userOf(who)); wait > 0 {
		return l.refuse(k, wait, words)
	}
	return nil
}

func (l *Limits) refuse(k kind, wait time.Duration, words string) error {
	l.refused[k].Add(1)
	return models.Errorf(models.CodeRateLimited, "%s", words).Again(wait)
}
