package socketio

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"strconv"

	"reelroom/models"
	"reelroom/rooms"
)

// message is one Socket.IO packet of the namespace "/", encoded once and shared
// by every socket that it goes to. It never changes.
type message struct {
	// frame is the whole WebSocket text frame (RFC 6455, 5.2; a server does not
	// mask) around the Engine.IO message ("4") around the packet.
	frame []byte
	// head is how many bytes of frame stand before the packet.
	head int
	// shared tells that it goes to more than one socket, and may gather.
	shared bool
	// at is the place in the log that whoever has it has reached; zero for what
	// is no part of the log.
	at rooms.Cursor
	// binary tells that it is an attachment.
	binary bool
	// progress is set for video:progress, which a newer one with the same key
	// may replace.
	progress progressKey
}

// after reports whether the message tells something to a client that has
// everything up to c.
func (m *message) after(c rooms.Cursor) bool {
	return m.at.Epoch == "" || m.at.Epoch != c.Epoch || m.at.Seq > c.Seq
}

// progressKey says whose progress it is, and who hears it: the organization
// hears less of it than who follows the video. A reader has one organization.
type progressKey struct {
	to    models.Audience
	video string
}

// Read makes a message fit where the library wants a reader. The library only
// carries it; our transports take frame or text and never read it.
func (*message) Read([]byte) (int, error) { return 0, io.EOF }

// The types of Engine.IO packets (Engine.IO protocol, "Packet types"); b is a
// message in base64.
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineUpgrade = '5'
	engineNoop    = '6'
	engineBinary  = 'b'
)

func knownPacket(kind byte) bool {
	return kind >= engineOpen && kind <= engineNoop || kind == engineBinary
}

// The packets that are always the same.
var (
	packetClose = newPacket("1")
	packetPing  = newPacket("2")
	packetProbe = newPacket("3probe")
	packetNoop  = newPacket("6")
)

// newPacket makes a message of an Engine.IO packet.
func newPacket(text string) *message {
	return &message{frame: frameOf(opText, []byte(text)), head: len(frameHeader(len(text))) + 1}
}

// binaryMessage makes a message of an attachment.
func binaryMessage(data []byte) *message {
	return &message{frame: frameOf(opBinary, data), head: len(frameHeader(len(data))), binary: true}
}

func frameHeader(length int) []byte { return appendFrameHeader(nil, opText, length) }

// appendPacket appends the Engine.IO packet as it stands in a payload.
func (m *message) appendPacket(b []byte) []byte {
	if !m.binary {
		return append(b, m.frame[m.head-1:]...)
	}
	return base64.StdEncoding.AppendEncode(append(b, engineBinary), m.frame[m.head:])
}

func newMessage(text []byte) *message {
	head := appendFrameHeader(make([]byte, 0, len(text)+11), opText, len(text)+1)
	head = append(head, engineMessage)
	return &message{frame: append(head, text...), head: len(head)}
}

// Opcodes of RFC 6455, 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// appendFrameHeader writes the header of a final, unmasked frame.
func appendFrameHeader(b []byte, opcode byte, length int) []byte {
	b = append(b, 0x80|opcode)
	switch {
	case length < 126:
		return append(b, byte(length))
	case length <= 0xFFFF:
		return binary.BigEndian.AppendUint16(append(b, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(b, 127), uint64(length))
	}
}

func frameOf(opcode byte, data []byte) []byte {
	return append(appendFrameHeader(make([]byte, 0, len(data)+10), opcode, len(data)), data...)
}

// eventMessage encodes an event. The cursor is the last argument, a string: a
// client since 4.6 keeps it and sends it back when it comes again. An empty
// cursor is left out, so that the client keeps the one it has.
func eventMessage(name models.EventName, payload []byte, cursor string) *message {
	b := make([]byte, 0, len(name)+len(payload)+len(cursor)+12)
	b = append(b, '2', '[')
	b = appendJSONString(b, string(name))
	b = append(b, ',')
	b = append(b, payload...)
	if cursor != "" {
		b = append(b, ',')
		b = appendJSONString(b, cursor)
	}
	return newMessage(append(b, ']'))
}

// logMessage encodes an event of the log.
func logMessage(e *models.Event) *message {
	at := rooms.CursorOf(e)
	m := eventMessage(e.Name, e.Payload, at.String())
	m.shared, m.at = true, at
	if e.Name == models.EventProgress && e.VideoID != "" {
		m.progress = progressKey{e.Audience, e.VideoID}
	}
	return m
}

// Why a client is told that it must fetch the present state.
const (
	// reasonLost: the log was lost, or events of it that were not yet delivered.
	reasonLost = "lost"
	// reasonExpired: what came after the client's place is no longer kept.
	reasonExpired = "expired"
	// reasonSession: the session that the client named is not known, or not its
	// own.
	reasonSession = "session"
)

// resetMessage tells that events are gone, and the place after which they will
// come again.
func resetMessage(reason string, head rooms.Cursor) *message {
	m := placeMessage(models.EventStreamReset, models.StreamReset{Reason: reason, Cursor: head.String()}, head)
	m.shared = true
	return m
}

// readyMessage tells the client its place, from which on events come live: so
// it has one before anything has happened.
func readyMessage(recovered bool, at rooms.Cursor) *message {
	return placeMessage(models.EventStreamReady, models.StreamReady{Recovered: recovered, Cursor: at.String()}, at)
}

func placeMessage(name models.EventName, payload any, at rooms.Cursor) *message {
	encoded, err := json.Marshal(payload)
	if err != nil { // two plain fields always have a JSON form
		encoded = []byte("{}")
	}
	m := eventMessage(name, encoded, at.String())
	m.at = at
	return m
}

// ackMessage encodes the answer to the packet that carried id.
func ackMessage(id uint64, answer []byte) *message {
	b := make([]byte, 0, len(answer)+24)
	b = strconv.AppendUint(append(b, '3'), id, 10)
	b = append(append(b, '['), answer...)
	return newMessage(append(b, ']'))
}

func appendJSONString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return append(b, `""`...)
	}
	return append(b, quoted...)
}
