package socketio

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/zishang520/socket.io-go-parser/v2/parser"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/auth"
	"reelroom/server/limits"
)

// Hub brings the events of an organization's log to this node.
type Hub interface {
	// Subscribe calls deliver, in order and never twice at once, with exactly
	// the events after start, until cancel is called. The payload of an event
	// already holds its "seq". An empty slice means that events are gone: the
	// present state must be fetched, and what follows head will come. ctx
	// bounds Subscribe itself, not the subscription.
	Subscribe(ctx context.Context, org string, deliver func(head rooms.Cursor, events []models.Event)) (start rooms.Cursor, cancel func(), err error)
}

var _ Hub = (*rooms.Hub)(nil)

// Commands is what a member may do to a video. Both return the video as it is
// then, and the cursor after which events complete the picture.
type Commands interface {
	Cancel(ctx context.Context, who models.Identity, videoID string) (document any, cursor string, err error)
	Retry(ctx context.Context, who models.Identity, videoID string) (document any, cursor string, err error)
}

// Config is what the door needs. Authenticate, Snapshot, Hub, Events and
// Sessions are required.
type Config struct {
	// Origins decides which pages may connect; nil for those of the same host.
	Origins *auth.Origins

	// Authenticate verifies a token. Its error carries the code that the client
	// is shown.
	Authenticate func(ctx context.Context, token string) (models.Identity, error)
	// Explain tells clients what was wrong with a token; see [ConnectErrorData].
	Explain bool
	// Revoked reports whether a token was revoked since it was verified; nil for
	// none. See [Door.Revoke].
	Revoked func(models.Identity) bool
	// Snapshot reads the present state of a video: a document that
	// encoding/json can write, and the cursor after which events complete it.
	// [models.ErrNotFound] alike for an absent video and a foreign one.
	Snapshot func(ctx context.Context, who models.Identity, videoID string) (document any, cursor string, err error)
	Hub      Hub
	// Events and Sessions serve clients that come again.
	Events   Events
	Sessions rooms.Sessions
	// Commands may be nil: then video:cancel and video:retry are unsupported.
	Commands Commands
	// Say tells the member's organization what the member says, and returns the
	// message's id and place. With nil, chat:message is unsupported.
	Say func(ctx context.Context, who models.Identity, text, id string) (messageID, cursor string, err error)
	// Limits may be nil: then only those of one connection hold.
	Limits *limits.Limits
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger

	// Delivered, when not nil, is told of each event of an organization to how
	// many sockets of this node it was handed, and how old it was then; less than
	// 0 where that is not known. It must not wait.
	Delivered func(org string, sockets int, age time.Duration)

	// PingInterval and PingTimeout are the Engine.IO heartbeat; 0 means 25 s
	// and 20 s.
	PingInterval, PingTimeout time.Duration

	// trial is set by tests of the protocols alone.
	trial *trial
}

// trial opens what no client may use, so that the behaviours of the protocols,
// which need a server that echoes, can be tried with the door's own guard,
// transports, parser and adapter.
type trial struct {
	// namespaces are those that may be spoken to, beside "/".
	namespaces []string
	// event takes an event of "/" in place of the handlers. Where a trial is
	// set, no event is sent by the door itself, and no session is resumed.
	event func(*session, *parser.Packet)
}

// The limits of one connection.
const (
	// maxPayload bounds what a client may send in one frame or one POST, in
	// bytes. It stays below 64 KiB, beyond which the library's payload reader
	// drops packets without a word, and is announced to the client, which
	// splits its payloads accordingly.
	maxPayload = 64_000
	// maxConnect bounds the only packet that is parsed before the token was
	// verified, in bytes.
	maxConnect = 8 << 10
	// connectTime is how long a connection may stay without a verified token.
	connectTime = 10 * time.Second
	// maxConnects is how many times a connection may try to get in.
	maxConnects = 5
	// maxQueue bounds what waits for a WebSocket reader, in bytes.
	maxQueue = 256 << 10
	// maxPollQueue bounds what waits for a polling client, in bytes.
	maxPollQueue = 256 << 10
	// writeTime is how long one write may take before the reader counts as gone.
	writeTime = 10 * time.Second
	// closeTime is how long a closed connection may take to say goodbye.
	closeTime = 2 * time.Second
	// maxAttachments bounds the binary parts of one packet.
	maxAttachments = 10
	// maxInbox bounds the packets that wait for the one being handled, a large
	// one counting as several; the connection is not read further while it is
	// full.
	maxInbox = 64
	// maxSubscriptions bounds the videos that one socket follows.
	maxSubscriptions = 128
	// maxRefused is how many messages above the limit a socket may send within
	// refusedTime; then it is closed.
	maxRefused  = 1000
	refusedTime = time.Minute
	// handlerTime bounds the handling of one packet.
	handlerTime = 10 * time.Second
	// expiryNotice is how long before its end a token is announced to expire.
	expiryNotice = 60 * time.Second
)

// Validate reports every mistake of the configuration at once.
func (c *Config) Validate() error {
	var mistakes []error
	if c.Authenticate == nil {
		mistakes = append(mistakes, errors.New("socketio: Authenticate is missing"))
	}
	if c.Snapshot == nil {
		mistakes = append(mistakes, errors.New("socketio: Snapshot is missing"))
	}
	if c.Hub == nil {
		mistakes = append(mistakes, errors.New("socketio: Hub is missing"))
	}
	if c.Events == nil {
		mistakes = append(mistakes, errors.New("socketio: Events is missing"))
	}
	if c.Sessions == nil {
		mistakes = append(mistakes, errors.New("socketio: Sessions is missing"))
	}
	return errors.Join(mistakes...)
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.PingInterval == 0 {
		c.PingInterval = 25 * time.Second
	}
	if c.PingTimeout == 0 {
		c.PingTimeout = 20 * time.Second
	}
	return c
}
