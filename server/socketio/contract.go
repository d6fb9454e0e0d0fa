package socketio

// The types of what clients send, which the door reads field by field.

// VideoRef names a video; its id alone, as a text, does so too.
type VideoRef struct {
	VideoID string `json:"videoId"`
}

// Subscription is [VideoRef] with a place in the event log.
type Subscription struct {
	VideoID string `json:"videoId"`
	// After is a cursor: the events of the video after it are delivered, too.
	After string `json:"after,omitempty"`
}

// ChatText is what is said to the own organization; the text alone does so too.
type ChatText struct {
	// Text is at most 2,000 characters, plain.
	Text string `json:"text"`
	// ID makes the message idempotent; it is the sender's own.
	ID string `json:"id,omitempty"`
}

// TokenRefresh brings a newer token of the same user and organization.
type TokenRefresh struct {
	Token string `json:"token"`
}

// Arrival is what a client gives as auth when it connects.
type Arrival struct {
	// Token is a JSON Web Token. It may stand in the header Authorization
	// instead, as "Bearer" and the token.
	Token string `json:"token,omitempty"`
	// After is the last cursor that was seen: what came later is delivered first.
	// A client since 4.6 that comes back by itself needs none.
	After string `json:"after,omitempty"`
}

// ConnectError is what a client that was refused gets as connect_error.
type ConnectError struct {
	// Message is "Authentication required", "Invalid token" or a limit's words.
	Message string           `json:"message"`
	Data    ConnectErrorData `json:"data"`
}

// ConnectErrorData says why, for programs.
type ConnectErrorData struct {
	Code string `json:"code"`
	// RetryAfter is in seconds, for what a limit refused.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Reason says what was wrong with a token, for developers: only a server whose
	// PUBLIC_URL is a loopback name tells it.
	Reason string `json:"reason,omitempty"`
}

// Request is an event that clients send.
type Request struct {
	Name string
	// Argument is the first one, by example; ID tells that a video's id, as a
	// text, may stand in its place.
	Argument any
	ID       bool
	// Done is the ack of success, by example; that of a refusal is Refused.
	Done, Refused any
	Words         string
}

// Requests lists the events that clients may send. The documents are generated
// from it.
func Requests() []Request {
	return []Request{
		{"video:subscribe", Subscription{}, true, state{}, failure{}, "Joins the room of a video, which hears the finer steps. The ack has the present state; what follows its cursor comes as events."},
		{"video:unsubscribe", VideoRef{}, true, done{}, failure{}, "Leaves the room of a video."},
		{"video:cancel", VideoRef{}, true, state{}, failure{}, "Ends the work on a video (role `editor` or `admin`)."},
		{"video:retry", VideoRef{}, true, state{}, failure{}, "Starts the next attempt (role `editor` or `admin`)."},
		{"chat:message", ChatText{}, false, spoken{}, failure{}, "Says something to the own organization, in any role. The ack has the message's id and place."},
		{"auth:refresh", TokenRefresh{}, false, done{}, failure{}, "Takes a newer token before the present one ends."},
	}
}
