package socketio

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/zishang520/socket.io-go-parser/v2/parser"

	"reelroom/models"
)

// Refusals of a packet. Each closes the connection that sent it, and only that.
var (
	errEmptyPacket  = errors.New("empty packet")
	errPacketType   = errors.New("unknown or unexpected packet type")
	errAttachments  = errors.New("bad number of attachments")
	errNamespace    = errors.New("bad namespace")
	errPacketID     = errors.New("bad packet id")
	errPayload      = errors.New("bad payload")
	errDepth        = errors.New("the payload is nested too deep")
	errConnectFirst = errors.New("anything before a CONNECT is refused")
	errTooLarge     = errors.New("the packet is too large")
)

// head is what stands before the payload of a Socket.IO packet.
type head struct {
	kind        parser.PacketType
	namespace   string
	attachments int
}

// maxIDDigits keeps packet ids within what a JavaScript number holds exactly.
const maxIDDigits = 15

// maxDepth is how many levels a payload may have: the array of the arguments,
// and what each of them may have.
const maxDepth = 1 + models.MaxJSONDepth

// checkPacket judges the text of a packet before the library sees it. The
// library takes what it parsed for granted: an event or an ack without payload
// ends the process, and a binary packet may announce any number of attachments.
// What passes here has the shape of the Socket.IO protocol, revision 5, and is
// something that a client may send.
func checkPacket(text string) (head, error) {
	if text == "" {
		return head{}, errEmptyPacket
	}
	h := head{kind: parser.PacketType(text[0]), namespace: "/"}
	rest := text[1:]

	switch h.kind {
	case parser.CONNECT, parser.DISCONNECT, parser.EVENT, parser.ACK:
	case parser.BINARY_EVENT, parser.BINARY_ACK:
		digits, after, ok := strings.Cut(rest, "-")
		if !ok || len(digits) == 0 || len(digits) > 2 {
			return h, errAttachments
		}
		for i := range len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return h, errAttachments
			}
			h.attachments = h.attachments*10 + int(digits[i]-'0')
		}
		if h.attachments < 1 || h.attachments > maxAttachments {
			return h, errAttachments
		}
		rest = after
	default: // CONNECT_ERROR is the server's to send
		return h, errPacketType
	}

	if strings.HasPrefix(rest, "/") {
		h.namespace, rest, _ = strings.Cut(rest, ",")
		if len(h.namespace) > 128 {
			return h, errNamespace
		}
	}

	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits > maxIDDigits {
		return h, errPacketID
	}
	return h, checkPayload(h.kind, digits > 0, rest[digits:])
}

func checkPayload(kind parser.PacketType, withID bool, payload string) error {
	if models.DeeperThan(payload, maxDepth) {
		return errDepth
	}
	if payload != "" && !json.Valid([]byte(payload)) {
		return errPayload
	}
	payload = strings.TrimLeft(payload, " \t\r\n")
	switch kind {
	case parser.CONNECT:
		if withID || payload != "" && payload[0] != '{' {
			return errPayload
		}
	case parser.DISCONNECT:
		if withID || payload != "" {
			return errPayload
		}
	case parser.EVENT, parser.BINARY_EVENT:
		name, ok := eventName(payload)
		if !ok || parser.RESERVED_EVENTS.Has(name) {
			return errPayload
		}
	case parser.ACK, parser.BINARY_ACK:
		if !withID {
			return errPacketID
		}
		if payload == "" || payload[0] != '[' {
			return errPayload
		}
	}
	return nil
}

// eventName reads the first element of a JSON array, which must be a string.
func eventName(payload string) (string, bool) {
	d := json.NewDecoder(strings.NewReader(payload))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return "", false
	}
	t, err := d.Token()
	if err != nil {
		return "", false
	}
	name, ok := t.(string)
	return name, ok
}
