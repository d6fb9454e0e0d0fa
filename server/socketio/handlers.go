package socketio

import (
	"context"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// handler answers one event of a client. What it returns is the first argument
// of the ack, if the client asked for one.
type handler func(ctx context.Context, s *session, args []any) any

func (d *Door) table() map[string]handler {
	return map[string]handler{
		"video:subscribe":   d.subscribe,
		"video:unsubscribe": d.unsubscribe,
		"video:cancel":      d.cancelVideo,
		"video:retry":       d.retryVideo,
		"auth:refresh":      d.refresh,
		"chat:message":      d.say,
	}
}

// state is the ack that carries a video and the cursor after which events
// complete the picture.
type state struct {
	OK     bool   `json:"ok"`
	Video  any    `json:"video" contract:"VideoDocument"`
	Cursor string `json:"cursor"`
	// Reset tells that events after the given place are gone: the video as it
	// is now has to do.
	Reset bool `json:"reset,omitempty"`
}

// done is the ack of a request that was carried out.
type done struct {
	OK bool `json:"ok"`
	// ExpiresAt is when the token that was taken ends.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// failure is the ack of a request that was refused.
type failure struct {
	OK    bool        `json:"ok"`
	Error failureCode `json:"error"`
}

// failureCode says why, for programs and for people.
type failureCode struct {
	Code    models.Code `json:"code"`
	Message string      `json:"message"`
	// RetryAfter is in seconds, where it is known.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Reason is that of [ConnectErrorData].
	Reason string `json:"reason,omitempty"`
}

// refusal makes the answer of an error. What is not found is always answered
// with the same words, so that nobody can tell a foreign id from an absent one.
func refusal(err error) failure {
	var f failure
	f.Error.Code = models.CodeOf(err)
	f.Error.Message = safeWords(err)
	f.Error.RetryAfter = retryAfter(err)
	f.Error.Reason = reasonOf(err)
	if f.Error.Code == models.CodeNotFound {
		f.Error.Message = models.ErrNotFound.Message
	}
	return f
}

// videoArg reads "id" or {videoId}. An id that cannot exist is not found.
func videoArg(args []any) (string, error) {
	var id any
	if len(args) > 0 {
		id = args[0]
	}
	if fields, ok := id.(map[string]any); ok {
		id = fields["videoId"]
	}
	text, ok := id.(string)
	if !ok {
		return "", models.Errorf(models.CodeInvalid, "A video id is needed.")
	}
	if !models.ValidID(text) {
		return "", models.ErrNotFound
	}
	return text, nil
}

// subscribe joins the room of a video and answers with its present state. The
// room comes first: what happens while the state is read is delivered.
func (d *Door) subscribe(ctx context.Context, s *session, args []any) any {
	id, err := videoArg(args)
	if err != nil {
		return refusal(err)
	}
	after, err := afterArg(args)
	if err != nil {
		return refusal(err)
	}
	name := rooms.Video(s.org, id)
	before := d.index.in(s, name)
	if !d.index.subscribe(s, name, maxSubscriptions+len(rooms.Joined(s.identity()))) {
		return refusal(models.Errorf(models.CodeRateLimited, "This connection follows too many videos."))
	}
	document, cursor, err := d.config.Snapshot(ctx, s.identity(), id)
	if err != nil {
		if !before || models.CodeOf(err) == models.CodeNotFound {
			d.index.leave(s, name)
			if s.follows(id, false) { // it was, until it was deleted
				d.remember(s)
			}
		}
		return refusal(err)
	}
	if s.follows(id, true) {
		d.remember(s)
	}
	whole := true
	if after.Epoch != "" {
		if whole, err = s.story(ctx, id, after); err != nil {
			return refusal(err)
		}
	}
	return state{true, document, cursor, !whole}
}

// afterArg reads the place in {videoId, after}; none is the zero cursor.
func afterArg(args []any) (rooms.Cursor, error) {
	if len(args) == 0 {
		return rooms.Cursor{}, nil
	}
	fields, _ := args[0].(map[string]any)
	text, ok := fields["after"].(string)
	if !ok && fields["after"] != nil {
		return rooms.Cursor{}, models.Errorf(models.CodeInvalid, "This is not a cursor.")
	}
	return rooms.ParseCursor(text)
}

func (d *Door) unsubscribe(_ context.Context, s *session, args []any) any {
	id, err := videoArg(args)
	if err != nil && models.CodeOf(err) != models.CodeNotFound {
		return refusal(err)
	}
	if err == nil {
		d.index.leave(s, rooms.Video(s.org, id))
		if s.follows(id, false) {
			d.remember(s)
		}
	}
	return done{OK: true}
}

func (d *Door) cancelVideo(ctx context.Context, s *session, args []any) any {
	return d.command(s, args, func(c Commands, who models.Identity, id string) (any, string, error) {
		return c.Cancel(ctx, who, id)
	})
}

func (d *Door) retryVideo(ctx context.Context, s *session, args []any) any {
	return d.command(s, args, func(c Commands, who models.Identity, id string) (any, string, error) {
		return c.Retry(ctx, who, id)
	})
}

func (d *Door) command(s *session, args []any, run func(Commands, models.Identity, string) (any, string, error)) any {
	if d.config.Commands == nil {
		return refusal(models.Errorf(models.CodeUnsupported, "This event is not supported."))
	}
	who := s.identity()
	if !who.May(models.ActionEdit) {
		return refusal(models.Errorf(models.CodeForbidden, "Your role does not allow this."))
	}
	id, err := videoArg(args)
	if err != nil {
		return refusal(err)
	}
	document, cursor, err := run(d.config.Commands, who, id)
	if err != nil {
		return refusal(err)
	}
	return state{true, document, cursor, false}
}

// spoken is the answer to chat:message.
type spoken struct {
	OK     bool   `json:"ok"`
	ID     string `json:"id"`
	Cursor string `json:"cursor"`
}

// say takes {text, id}, or a text alone, for the own organization.
func (d *Door) say(ctx context.Context, s *session, args []any) any {
	if d.config.Say == nil {
		return refusal(models.Errorf(models.CodeUnsupported, "This event is not supported."))
	}
	var text, id string
	var ok bool
	if len(args) > 0 {
		if fields, object := args[0].(map[string]any); object {
			text, ok = fields["text"].(string)
			if given := fields["id"]; given != nil && ok {
				id, ok = given.(string)
			}
		} else {
			text, ok = args[0].(string)
		}
	}
	if !ok {
		return refusal(models.Errorf(models.CodeInvalid, "A text is needed."))
	}
	id, cursor, err := d.config.Say(ctx, s.identity(), text, id)
	if err != nil {
		return refusal(err)
	}
	return spoken{true, id, cursor}
}

// refresh takes a newer token of the same user and organization.
func (d *Door) refresh(ctx context.Context, s *session, args []any) any {
	var token string
	var err error
	if len(args) > 0 {
		if fields, ok := args[0].(map[string]any); ok {
			if token, err = tokenOf(fields); err != nil {
				return refusal(d.explain(err))
			}
		}
	}
	if token == "" {
		return refusal(models.Errorf(models.CodeTokenMissing, wordsMissing))
	}
	if len(token) > maxConnect {
		return refusal(models.Errorf(models.CodeTokenInvalid, wordsInvalid))
	}
	who, err := d.verify(ctx, token)
	if err != nil {
		if err := d.config.Limits.ArrivalFailed(placed(s.conn), err); models.CodeOf(err) == models.CodeRateLimited {
			return refusal(err)
		}
		return refusal(&models.Error{Code: models.CodeOf(err), Message: wordsInvalid, Reason: reasonOf(err)})
	}
	s.mu.Lock()
	same := who.UserID == s.who.UserID && who.OrganizationID == s.who.OrganizationID
	if same {
		s.who = who
	}
	s.mu.Unlock()
	if !same {
		return refusal(models.Errorf(models.CodeTokenInvalid, wordsInvalid))
	}
	if d.revoked(who) { // after Authenticate, and before Revoke could find it
		s.revoke()
		return refusal(models.Errorf(models.CodeTokenRevoked, wordsInvalid))
	}
	s.schedule(who.ExpiresAt)
	d.remember(s) // with this token: the one before may be revoked now
	end := who.ExpiresAt.UTC()
	return done{OK: true, ExpiresAt: &end}
}
