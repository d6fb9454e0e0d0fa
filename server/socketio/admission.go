package socketio

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime/debug"
	"time"

	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/rooms"
)

// admission is what a CONNECT comes to. It is made before the library sees the
// packet: the library would take up the session that a client names before
// anybody has looked at its token.
type admission struct {
	refused *socket.ExtendedError
	// failed is why the token was not accepted.
	failed error
	// away tells that the answer is not known now: the connection is closed, and
	// the client comes again. A refusal would keep it from that.
	away bool

	who models.Identity
	// session is the one that is taken up, or a new one.
	session   rooms.Session
	recovered bool
	// from is the place after which the client misses what happened, when it
	// has one.
	from rooms.Cursor
	// reset is why the client must fetch the present state, or empty.
	reset string
}

// wish is what a client says in its CONNECT beside its token. A client since
// 4.6 that comes again sends the pid that it was given and, as offset, the last
// argument of the last event; after is said by apps that keep the cursor.
type wish struct{ pid, offset, after string }

func wishOf(auth map[string]any) wish {
	word := func(key string) string {
		text, _ := auth[key].(string)
		return text
	}
	return wish{word("pid"), word("offset"), word("after")}
}

// errTokenText refuses what stands in the place of a token and is no text: it is
// not made into one.
var errTokenText = models.Errorf(models.CodeTokenInvalid, wordsInvalid).Because(errors.New("the token is not a text"))

// explain adds the reason where that may be told.
func (d *Door) explain(err error) error {
	e, ok := errors.AsType[*models.Error](err)
	if !ok || !d.config.Explain || e.Cause == nil {
		return err
	}
	told := *e
	told.Reason = e.Cause.Error()
	return &told
}

// tokenOf returns the token of a CONNECT or of auth:refresh; "" where it has
// none, as where it is null.
func tokenOf(said map[string]any) (string, error) {
	switch token := said["token"].(type) {
	case nil:
		return "", nil
	case string:
		return token, nil
	}
	return "", errTokenText
}

// admit verifies the token and finds the session to go on with.
func (d *Door) admit(token string, w wish) (a *admission) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("an admission panicked", "panic", p, "stack", string(debug.Stack()))
			a = &admission{refused: refuse(wordsInvalid, models.CodeInternal)}
		}
	}()
	if token == "" {
		return &admission{refused: refuse(wordsMissing, models.CodeTokenMissing)}
	}
	who, err := d.verify(d.ctx, token)
	if err != nil && (models.CodeOf(err) == models.CodeUnavailable || d.ctx.Err() != nil) {
		d.complain("a connection was closed, as its token cannot be judged", err)
		return &admission{away: true, refused: refuse(safeWords(err), models.CodeUnavailable)}
	}
	if err != nil {
		return &admission{failed: err, refused: refuseToken(err)}
	}
	if err := d.config.Limits.Handshake(who); err != nil {
		return &admission{refused: refuseFor(err)}
	}
	a = &admission{who: who}
	if w.pid != "" {
		err := d.takeUp(a, w)
		if err == nil {
			return a
		}
		if !errors.Is(err, errSession) {
			d.complain("a connection was closed, as sessions cannot be read", err)
			return &admission{away: true, refused: refuse(safeWords(err), models.CodeUnavailable)}
		}
	}
	a.session = rooms.Session{PID: rand.Text(), SID: rand.Text(), UserID: who.UserID}
	switch after, err := rooms.ParseCursor(w.after); {
	case err != nil:
		a.reset = reasonExpired
	case after.Epoch != "":
		a.from = after
	case w.pid != "":
		a.reset = reasonSession
	}
	return a
}

// errSession says that a session cannot be taken up. An absent one, a foreign
// one, one that was revoked with its token and one with a place that cannot be
// are alike.
var errSession = errors.New("no such session")

// takeUp finds the session that a client names.
func (d *Door) takeUp(a *admission, w wish) error {
	if len(w.pid) > maxPID {
		return errSession
	}
	ctx, cancel := context.WithTimeout(d.ctx, connectTime)
	defer cancel()
	known, err := d.config.Sessions.Load(ctx, a.who.OrganizationID, w.pid)
	if err != nil {
		if models.CodeOf(err) == models.CodeNotFound {
			return errSession
		}
		return err
	}
	from, err := rooms.ParseCursor(w.offset)
	if err != nil || known.UserID != a.who.UserID || d.revoked(models.Identity{
		OrganizationID: a.who.OrganizationID, UserID: known.UserID, TokenID: known.TokenID, IssuedAt: known.IssuedAt,
	}) {
		return errSession
	}
	if from.Epoch == "" {
		from = known.Start
	}
	a.session, a.recovered, a.from = known, true, from
	// The connection before may not know yet that it is over. Two sockets of one
	// id would be one too many.
	if s := d.index.session(socket.SocketId(known.SID)); s != nil && s.pid == known.PID {
		s.replaced()
	}
	return nil
}

// replaced ends a session that another connection has taken up.
func (s *session) replaced() {
	s.end()
	s.conn.Close(true)
}

const (
	// maxPID bounds what a client may name as its session, in bytes.
	maxPID = 64
	// saveEvery is how often the sessions of this node are kept for longer, and
	// brought back when the place where they are kept was lost. It is shorter
	// than the time by which they outlive events.
	saveEvery = 5 * time.Minute
)

// remember saves a session, unless it is over: somebody may have taken it up.
// Without it the client can still stay connected: it is saved again before long.
func (d *Door) remember(s *session) {
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, connectTime)
	defer cancel()
	err := d.config.Sessions.Save(ctx, s.org, s.saved())
	if err != nil && d.ctx.Err() == nil {
		d.complain("a session was not saved", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = err != nil
}

// keepSessions keeps the sessions of this node again and again until the door
// closes.
func (d *Door) keepSessions() {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.saveSessions()
		case <-d.ctx.Done():
			return
		}
	}
}

// saveBatch is how many sessions are kept in one call.
const saveBatch = 256

// saveSessions keeps what is saved, which changes none of it: by now a session
// may be held on another node, which this one has not noticed, and have changed
// there. What could not be saved when it changed is saved now.
func (d *Door) saveSessions() {
	batches := map[string][]rooms.Session{}
	save := func(org string) {
		ctx, cancel := context.WithTimeout(d.ctx, connectTime)
		defer cancel()
		if err := d.config.Sessions.Keep(ctx, org, batches[org]...); err != nil && d.ctx.Err() == nil {
			d.complain("sessions were not kept", err)
		}
		batches[org] = batches[org][:0]
	}
	for _, s := range d.index.all() {
		if s.isUnsaved() {
			d.remember(s)
			continue
		}
		if batches[s.org] = append(batches[s.org], s.saved()); len(batches[s.org]) == saveBatch {
			save(s.org)
		}
	}
	for org, rest := range batches {
		if len(rest) > 0 {
			save(org)
		}
	}
}
