package library

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"reelroom/models"
)

const (
	// MaxMessageRunes bounds the text of an announcement, a notification and a
	// chat message.
	MaxMessageRunes = 2000
	// maxAnnounced is how far ahead an announcement may expire.
	maxAnnounced = 366 * 24 * time.Hour
	// maxOrganizations bounds how many one announcement reaches, and
	// announcedAtOnce how many at a time.
	maxOrganizations = 10_000
	announcedAtOnce  = 8
)

// Announcement is what everybody in an organization is to read.
type Announcement struct {
	Message string `json:"message"`
	// Level is info when empty.
	Level models.Level `json:"level,omitempty"`
	// ExpiresAt is when it need not be shown any more; null for never.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	// ID makes the call idempotent where it is set.
	ID string `json:"id,omitempty"`
}

// Notification is what one user is to read.
type Notification struct {
	UserID  string       `json:"userId"`
	Message string       `json:"message"`
	Level   models.Level `json:"level,omitempty"`
	// ID makes the call idempotent where it is set.
	ID string `json:"id,omitempty"`
}

// Chat is what a member says to the own organization.
type Chat struct {
	Text string `json:"text"`
	// ID makes the call idempotent where it is set; it is the member's own.
	ID string `json:"id,omitempty"`
}

// Said is a [Receipt] with the id under which the message is told.
type Said struct {
	ID string `json:"id"`
	Receipt
}

// Announce tells everybody in the admin's organization.
func (l *Library) Announce(ctx context.Context, who models.Identity, a Announcement) (Said, error) {
	if err := may(who, models.ActionAdmin); err != nil {
		return Said{}, err
	}
	m, err := l.announcement(a)
	if err != nil {
		return Said{}, err
	}
	m.From = who.UserID
	return l.tellAll(ctx, who.OrganizationID, "announcement", m)
}

// Announced says whom an operator's announcement has reached.
type Announced struct {
	ID            string `json:"id"`
	Organizations int    `json:"organizations"`
}

// AnnounceEverywhere tells one organization or, with org "", every one to which
// somebody listens at the moment, at any node. The caller has made sure that the
// operator asks. Where the log fails in between, the same call with the same id
// tells those that are left.
func (l *Library) AnnounceEverywhere(ctx context.Context, org string, a Announcement) (Announced, error) {
	m, err := l.announcement(a)
	if err != nil {
		return Announced{}, err
	}
	orgs := []string{org}
	switch {
	case org != "" && !models.ValidID(org):
		return Announced{}, models.Errorf(models.CodeInvalid, "organizationId is not an id.")
	case org == "" && l.Listening == nil:
		return Announced{}, models.Errorf(models.CodeUnsupported, "Only a named organization can be told.")
	case org == "":
		if orgs, err = l.Listening(ctx); err != nil {
			return Announced{}, err
		}
		if len(orgs) > maxOrganizations {
			return Announced{}, models.Errorf(models.CodeUnsupported, "More than %d organizations listen; tell them one by one.", maxOrganizations)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(announcedAtOnce)
	for _, org := range orgs {
		group.Go(func() error { _, err := l.tellAll(ctx, org, "operator", m); return err })
	}
	if err := group.Wait(); err != nil {
		return Announced{}, err
	}
	return Announced{m.ID, len(orgs)}, nil
}

func (l *Library) announcement(a Announcement) (models.Message, error) {
	m, err := l.message(a.ID, a.Message, a.Level)
	if err != nil {
		return m, err
	}
	if a.ExpiresAt != nil {
		end := a.ExpiresAt.UTC()
		if !end.After(m.TS) || end.After(m.TS.Add(maxAnnounced)) {
			return m, models.Errorf(models.CodeInvalid, "expiresAt must be within a year from now.")
		}
		m.ExpiresAt = &end
	}
	return m, nil
}

// Notify tells one user of the own organization, and nobody else. Whether there
// is such a user is not known, and not said.
func (l *Library) Notify(ctx context.Context, who models.Identity, n Notification) (Said, error) {
	if err := may(who, models.ActionPublish); err != nil {
		return Said{}, err
	}
	if !models.ValidID(n.UserID) {
		return Said{}, models.Errorf(models.CodeInvalid, "userId is missing, or not an id.")
	}
	m, err := l.message(n.ID, n.Message, n.Level)
	if err != nil {
		return Said{}, err
	}
	m.From = who.UserID
	return l.say(ctx, models.Event{
		Name: models.EventNotification, OrganizationID: who.OrganizationID, Audience: models.ToUser, UserID: n.UserID,
		ID: "notification " + m.ID,
	}, m.ID, m)
}

// Say tells everybody in the member's organization what the member says. Whoever
// may listen may speak.
func (l *Library) Say(ctx context.Context, who models.Identity, c Chat) (Said, error) {
	if err := may(who, models.ActionView); err != nil {
		return Said{}, err
	}
	id, err := l.messageID(c.ID)
	if err != nil {
		return Said{}, err
	}
	text, err := messageText("text", c.Text)
	if err != nil {
		return Said{}, err
	}
	// The id is the member's own: nobody's words are taken for another's.
	return l.say(ctx, models.Event{
		Name: models.EventChat, OrganizationID: who.OrganizationID, Audience: models.ToOrganization,
		ID: "chat " + who.UserID + " " + id,
	}, id, models.Chat{ID: id, OrganizationID: who.OrganizationID, TS: l.now().UTC(), Text: text, UserID: who.UserID})
}

func (l *Library) tellAll(ctx context.Context, org, kind string, m models.Message) (Said, error) {
	return l.say(ctx, models.Event{
		Name: models.EventAnnouncement, OrganizationID: org, Audience: models.ToOrganization, ID: kind + " " + m.ID,
	}, m.ID, m)
}

// say appends a message. The event's id begins with a word and a space, which no
// outside worker's id holds.
func (l *Library) say(ctx context.Context, e models.Event, id string, payload any) (Said, error) {
	if m, ok := payload.(models.Message); ok {
		m.OrganizationID = e.OrganizationID
		payload = m
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return Said{}, err
	}
	e.Payload = raw
	r, err := l.append(ctx, e.OrganizationID, e)
	l.published.count(e.Name, r, err)
	return Said{id, r}, err
}

func (l *Library) message(id, text string, level models.Level) (m models.Message, err error) {
	if m.ID, err = l.messageID(id); err != nil {
		return m, err
	}
	if m.Message, err = messageText("message", text); err != nil {
		return m, err
	}
	switch level {
	case "":
		level = models.LevelInfo
	case models.LevelInfo, models.LevelWarning, models.LevelCritical:
	default:
		return m, models.Errorf(models.CodeInvalid, "level must be info, warning or critical.")
	}
	m.Level, m.TS = level, l.now().UTC()
	return m, nil
}

func (l *Library) messageID(id string) (string, error) {
	switch {
	case id == "":
		return models.NewID(l.now()), nil
	case !models.ValidID(id):
		return "", errID
	}
	return id, nil
}

// messageText returns the text as it is told: lines of plain text. It has no
// other meaning: clients show it as it is, never as HTML.
func messageText(name, s string) (string, error) {
	if len(s) > MaxMessageRunes*utf8.UTFMax || utf8.RuneCountInString(s) > MaxMessageRunes {
		return "", models.Errorf(models.CodeInvalid, "%s is longer than %d characters.", name, MaxMessageRunes)
	}
	if !utf8.ValidString(s) {
		return "", models.Errorf(models.CodeInvalid, "%s is not UTF-8.", name)
	}
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(strings.Map(plain, lines[i]), unicode.IsSpace)
	}
	if s = strings.TrimSpace(strings.Join(lines, "\n")); s == "" {
		return "", models.Errorf(models.CodeInvalid, "%s is empty.", name)
	}
	return s, nil
}
