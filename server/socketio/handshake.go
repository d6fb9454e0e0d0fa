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
	token := tokenOf(sock.Handshake())
	if token == "" {
		return refuse(wordsMissing, models.CodeTokenMissing)
	}
	who, err := d.verify(d.ctx, token)
	if err != nil {
		d.config.Limits.ArrivalFailed(d.placed(sock.Conn()), err)
		return refuse(wordsInvalid, models.CodeOf(err))
	}
	seat, err := d.config.Limits.Sit(who)
	if err != nil {
		return refuseFor(err)
	}

	// The organization is followed before the socket is in its room, and the
	// socket is in its rooms before the client knows that it is connected.
	ctx, cancel := context.WithTimeout(d.ctx, connectTime)
	defer cancel()
	feed, err := d.feed.acquire(ctx, who.OrganizationID)
	if err != nil {
		// A refusal would keep socket.io-client from coming again.
		d.log.Warn("a connection was closed, as live events are not available", "error", err)
		seat.Leave()
		sock.Conn().Close(false)
		return refuse(safeWords(err), models.CodeUnavailable)
	}
	s := newSession(d, sock, dec, who, feed, seat)
	_ = sock.On("disconnect", func(why ...any) {
		d.log.Debug("socket disconnected", "socket", string(sock.Id()), "reason", fmt.Sprint(why...))
		s.end()
	})
	_ = s.conn.Once("close", func(...any) { s.end() })
	d.index.add(s, rooms.Joined(who)...)
	if d.revoked(who) { // after Authenticate, and before Revoke could find it
		s.end()
		return refuse(wordsInvalid, models.CodeTokenRevoked)
	}
	s.schedule(who.ExpiresAt)
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
	s := d.index.session(sock.Id())
	if s == nil || sock.Conn().ReadyState() != "open" {
		// The connection ended in between. The library has missed that, and
		// would keep the socket.
		sock.Disconnect(false)
		return
	}
	d.stats.connected.Add(1)
	s.opened()
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

// tokenOf reads handshake.auth.token, then "Authorization: Bearer".
func tokenOf(h *socket.Handshake) string {
	if auth, ok := h.Auth.(map[string]any); ok {
		if token, ok := auth["token"].(string); ok && token != "" {
			return token
		}
	}
	scheme, token, _ := strings.Cut(http.Header(h.Headers).Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

func refuse(words string, code models.Code) *socket.ExtendedError {
	return socket.NewExtendedError(words, map[string]any{"code": string(code)})
}

// safeWords returns what a person may read of an error.
func safeWords(err error) string {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e.Message
	}
	return "Something went wrong."
}
