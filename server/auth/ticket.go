package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// ticketLife is how long a ticket waits to be used.
	ticketLife = 30 * time.Second
	// maxTickets bounds how many tickets of a user wait at once, on all nodes.
	maxTickets = 1000
	// ticketPrefix lets a person, or a program that looks for secrets, tell what
	// it is.
	ticketPrefix = "rrt_"
	// secretBytes is the random part of a ticket, markBytes the part that shows
	// that it was made here.
	secretBytes, markBytes = 24, 16
	// maxTicketBytes bounds a ticket before anything in it is read.
	maxTicketBytes = 512
)

// Tickets makes and redeems one-time tickets: they stand in a URL in place of a
// token, for what cannot send a header. It may be used by many goroutines at
// once.
type Tickets struct {
	// Store remembers them, for all nodes.
	Store rooms.Tickets
	// Key is the installation's, at least 32 bytes, the same on every node.
	Key []byte
	// Revoked is [Config.Revoked]; nil for none.
	Revoked func(models.Identity) bool
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

var errTicket = models.Errorf(models.CodeTicketInvalid, "This ticket is not valid any more: it was used, or has expired.")

// Issue makes a ticket for who has just shown a token, and tells until when it
// can be used. [models.CodeRateLimited] when the user has too many.
func (t *Tickets) Issue(ctx context.Context, who models.Identity) (ticket string, until time.Time, err error) {
	now := t.now()
	life := min(ticketLife, who.ExpiresAt.Sub(now))
	if life < time.Millisecond {
		return "", time.Time{}, errExpired
	}
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails since Go 1.24
	if err := t.Store.KeepTicket(ctx, who.OrganizationID, string(secret), who, life, maxTickets); err != nil {
		return "", time.Time{}, err
	}
	secret = append(secret, t.mark(who.OrganizationID, secret)...)
	encode := base64.RawURLEncoding.EncodeToString
	return ticketPrefix + encode([]byte(who.OrganizationID)) + "." + encode(secret), now.Add(life), nil
}

// Redeem returns who the ticket speaks for, which is whom its token did, and
// uses it up. Its errors are those of [Verifier.Verify] for a ticket that was
// not made here, whose token has expired, or was revoked;
// [models.CodeTicketInvalid] for one that was used or is too old.
func (t *Tickets) Redeem(ctx context.Context, ticket string) (models.Identity, error) {
	org, secret, err := t.read(ticket)
	if err != nil {
		return models.Identity{}, err
	}
	who, err := t.Store.TakeTicket(ctx, org, secret)
	if errors.Is(err, models.ErrNotFound) {
		return models.Identity{}, errTicket
	}
	if err != nil {
		return models.Identity{}, err
	}
	return t.stillGood(who)
}

// read takes a ticket apart that was made here, used or not.
func (t *Tickets) read(ticket string) (org, secret string, err error) {
	if ticket == "" {
		return "", "", errMissing
	}
	rest, ok := strings.CutPrefix(ticket, ticketPrefix)
	first, second, two := strings.Cut(rest, ".")
	decode := base64.RawURLEncoding.Strict().DecodeString
	name, err1 := decode(first)
	raw, err2 := decode(second)
	if len(ticket) > maxTicketBytes || !ok || !two || err1 != nil || err2 != nil || len(raw) != secretBytes+markBytes ||
		!models.ValidID(string(name)) || !hmac.Equal(raw[secretBytes:], t.mark(string(name), raw[:secretBytes])) {
		return "", "", errInvalid.Because(errors.New("this is not a ticket"))
	}
	return string(name), string(raw[:secretBytes]), nil
}

// stillGood asks what may have happened since the token was shown.
func (t *Tickets) stillGood(who models.Identity) (models.Identity, error) {
	if !t.now().Before(who.ExpiresAt) {
		return models.Identity{}, errExpired
	}
	if t.Revoked != nil && t.Revoked(who) {
		return models.Identity{}, errRevoked
	}
	return who, nil
}

func (t *Tickets) mark(org string, secret []byte) []byte {
	return t.mac("ticket", org, string(secret))[:markBytes]
}

// mac signs parts for one purpose. The key has others: links are signed with
// it, so the purpose comes first, and no text of a link's begins so.
func (t *Tickets) mac(purpose string, parts ...string) []byte {
	m := hmac.New(sha256.New, t.Key)
	m.Write([]byte("reelroom " + purpose + "\n"))
	for _, part := range parts {
		m.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return m.Sum(nil)
}

func (t *Tickets) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}
