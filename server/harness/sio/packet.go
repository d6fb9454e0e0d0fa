package sio

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Engine.IO packet types: the first byte of every packet.
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineNoop    = '6'
)

// Socket.IO packet types: the first byte of an Engine.IO message. 5 and 6 are
// the binary ones, which the server of this project never sends.
const (
	packetConnect      = '0'
	packetDisconnect   = '1'
	packetEvent        = '2'
	packetAck          = '3'
	packetConnectError = '4'
)

// noID is the id of a packet that has none.
const noID = int64(-1)

// packet is a Socket.IO packet without attachments.
type packet struct {
	kind      byte
	namespace string
	id        int64
	data      json.RawMessage
}

// encode returns the packet as an Engine.IO message of the namespace "/".
func (p packet) encode() string {
	var b strings.Builder
	b.Grow(len(p.data) + 24)
	b.WriteByte(engineMessage)
	b.WriteByte(p.kind)
	if p.id != noID {
		b.WriteString(strconv.FormatInt(p.id, 10))
	}
	b.Write(p.data)
	return b.String()
}

// decode reads what follows the Engine.IO message type. The data of an event
// and of an acknowledgement is checked to be a JSON array.
func decode(s string) (packet, error) {
	if s == "" || s[0] < packetConnect || s[0] > packetConnectError {
		return packet{}, fmt.Errorf("%w: type %.1q", ErrProtocol, s)
	}
	p := packet{kind: s[0], namespace: "/", id: noID}
	s = s[1:]
	if strings.HasPrefix(s, "/") {
		name, rest, _ := strings.Cut(s, ",")
		p.namespace, s = name, rest
	}
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits > 0 && (p.kind == packetEvent || p.kind == packetAck) {
		id, err := strconv.ParseInt(s[:digits], 10, 64)
		if err != nil {
			return packet{}, fmt.Errorf("%w: acknowledgement id", ErrProtocol)
		}
		p.id, s = id, s[digits:]
	}
	if s != "" {
		p.data = json.RawMessage(s)
		if !json.Valid(p.data) {
			return packet{}, fmt.Errorf("%w: payload", ErrProtocol)
		}
	}
	return p, nil
}

// event reads the data of an EVENT packet: a name and its arguments.
func (p packet) event() (name string, args []json.RawMessage, err error) {
	args, err = p.args()
	if err != nil || len(args) == 0 {
		return "", nil, fmt.Errorf("%w: event without a name", ErrProtocol)
	}
	if err := json.Unmarshal(args[0], &name); err != nil {
		return "", nil, fmt.Errorf("%w: event name", ErrProtocol)
	}
	return name, args[1:], nil
}

func (p packet) args() ([]json.RawMessage, error) {
	var args []json.RawMessage
	if err := json.Unmarshal(p.data, &args); err != nil {
		return nil, fmt.Errorf("%w: arguments", ErrProtocol)
	}
	return args, nil
}

// array writes a name (left out when empty) and arguments as a JSON array.
func array(name string, args []any) (json.RawMessage, error) {
	all := make([]any, 0, len(args)+1)
	if name != "" {
		all = append(all, name)
	}
	return json.Marshal(append(all, args...))
}
