package socketio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/rooms"
)

// The two refusals, in the words that existing clients look for.
const (
	wordsMissing = "Authentication required"
	wordsInvalid = "Invalid token"
)

// authenticate is the namespace's middleware: it verifies the token, and puts
// the socket into its rooms. All handlers stand when it is done, which is before
// the client is told that it is connected.
func (d *Door) authenticate(sock *socket.Socket, next func(*socket.ExtendedError)) {
	dec := takeDecoder(sock.Handshake().Auth)
	if d.config.trial == nil {
		sock.Handshake().Auth = nil // a token need not be kept
	}
	refused := d.enter(sock, dec)
	if refused != nil {
		d.stats.refused.Add(1)
		if dec != nil {
			dec.admit(nil)
		}
	}
	next(refused)
}

func (d *Door) enter(sock *socket.Socket, dec *decoder) (refused *socket.ExtendedError) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("the handshake panicked", "panic", p, "stack", string(debug.Stack()))
			refused = refuse(wordsInvalid, models.CodeInternal)
		}
	}()
	if dec == nil {
		return refuse(wordsInvalid, models.CodeInternal)
	}
	a := dec.admission()
	if a == nil {
		return refuse(wordsInvalid, models.CodeInternal)
	}
	if a.away {
		shut(sock, endUnavailable)
	}
	if a.failed != nil {
		if err := d.config.Limits.ArrivalFailed(placed(sock.Conn()), a.failed); models.CodeOf(err) == models.CodeRateLimited {
			a.refused = refuseAs(wordsInvalid, err)
		}
	}
	if a.refused != nil {
		return a.refused
	}
	seat, err := d.config.Limits.Sit(a.who)
	if err != nil {
		return refuseFor(err)
	}

	// The organization is followed before the socket is in its room, and the
	// socket is in its rooms before the client knows that it is connected.
	ctx, cancel := context.WithTimeout(d.ctx, connectTime)
	defer cancel()
	feed, err := d.feed.acquire(ctx, a.who.OrganizationID)
	if err != nil {
		// A refusal would keep socket.io-client from coming again.
		d.complain("a connection was closed, as live events are not available", err)
		seat.Leave()
		shut(sock, endUnavailable)
		return refuse(safeWords(err), models.CodeUnavailable)
	}
	s := newSession(d, sock, dec, a, feed, seat)
	_ = sock.On("disconnect", func(why ...any) { s.left(fmt.Sprint(why...)) })
	_ = s.conn.Once("close", func(...any) { s.end() })
	names := rooms.Joined(a.who)
	for _, id := range s.videos {
		names = append(names, rooms.Video(s.org, id))
	}
	sock.SetData(s)
	if before := d.index.add(s, names...); before != nil { // taken up twice at this moment
		before.replaced()
	}
	s.startFrom(a.from, feed.at()) // what comes after it is held
	if d.revoked(a.who) {          // after Authenticate, and before Revoke could find it
		s.end()
		return refuse(wordsInvalid, models.CodeTokenRevoked)
	}
	d.remember(s)
	s.schedule(a.who.ExpiresAt)
	dec.admit(s)
	if s.conn.ReadyState() != "open" {
		s.end() // it closed before anybody listened
	}
	return nil
}

// connected is called when the library has answered the CONNECT.
func (d *Door) connected(args ...any) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("a connection could not be opened", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	sock, _ := args[0].(*socket.Socket)
	s, _ := sock.Data().(*session)
	if s == nil || s.ctx.Err() != nil || sock.Conn().ReadyState() != "open" {
		// The connection or the session ended in between. The library has missed
		// that, and would keep the socket. The transport is closed first: a client
		// that saw the namespace end would not connect again.
		shut(sock, endUnavailable)
		sock.Disconnect(false)
		return
	}
	d.stats.connected.Add(1)
	h := sock.Handshake()
	h.Headers, h.Query, h.Url = nil, nil, "" // nobody asks for them any more
	if a := s.dec.takeAdmission(); a != nil {
		s.opened(a)
	}
}

// shut is [conn.shut] for what the library knows the connection by.
func shut(sock *socket.Socket, why ending) {
	if c, ok := sock.Conn().(*conn); ok {
		c.shut(why)
	}
}

// left is called when the library says that the socket is over. Who says
// goodbye does not come back for what it misses.
func (s *session) left(why string) {
	s.door.log.Debug("socket disconnected", "socket", string(s.id), "reason", why)
	s.end()
	if why != "client namespace disconnect" {
		return
	}
	ctx, cancel := context.WithTimeout(s.door.ctx, connectTime)
	defer cancel()
	if err := s.door.config.Sessions.Forget(ctx, s.org, s.pid); err != nil {
		s.door.log.Debug("a session was not forgotten", "error", err)
	}
}

// verify checks a token, and that what it says can be used.
func (d *Door) verify(ctx context.Context, token string) (models.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	who, err := d.config.Authenticate(ctx, token)
	if err != nil {
		return who, err
	}
	if !models.ValidID(who.OrganizationID) || !models.ValidID(who.UserID) || !who.May(models.ActionView) {
		return who, models.Errorf(models.CodeTokenInvalid, wordsInvalid)
	}
	if !who.ExpiresAt.After(time.Now()) {
		return who, models.Errorf(models.CodeTokenExpired, wordsInvalid)
	}
	return who, nil
}

// bearerOf reads the token of an "Authorization: Bearer" header (RFC 6750, 2.1).
// With several such headers there is none.
func bearerOf(h http.Header) string {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

func refuse(words string, code models.Code) *socket.ExtendedError {
	return socket.NewExtendedError(words, map[string]any{"code": string(code)})
}

// refuseToken is the refusal of a token, with the reason where the error says one.
func refuseToken(err error) *socket.ExtendedError {
	data := map[string]any{"code": string(models.CodeOf(err))}
	if reason := reasonOf(err); reason != "" {
		data["reason"] = reason
	}
	return socket.NewExtendedError(wordsInvalid, data)
}

// reasonOf returns what was wrong with a token, where that may be told.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e.Reason
	}
	return ""
}

// safeWords returns what a person may read of an error.
func safeWords(err error) string {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e.Message
	}
	return "Something went wrong."
}
