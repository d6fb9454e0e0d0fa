package socketio

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// frames reads the WebSocket frames of a client (RFC 6455, 5) out of bytes as
// they come, in any portions. Between two messages it holds nothing but itself;
// in the middle of one it holds what has come of it, at most the limit.
type frames struct {
	limit int // bytes of a message

	header [14]byte // what has come of a header
	have   int

	opcode byte // of the frame whose payload is being read
	final  bool
	left   int // bytes of its payload that are still to come, -1 between frames
	mask   [4]byte
	turn   int // which byte of the mask is next

	kind    byte   // opcode of the message that is being put together, or 0
	message []byte // what has come of it
	control []byte // what has come of a control frame's payload
}

// frameReader takes what the frames say. What it is given is gone when it
// returns. An error ends the reading.
type frameReader interface {
	onMessage(binary bool, data []byte) error
	onPing(data []byte)
	onPong()
}

// frameError is a breach of the protocol, and the code of the close frame that
// answers it (RFC 6455, 7.4.1).
type frameError struct {
	code  int
	words string
}

func (e *frameError) Error() string { return fmt.Sprintf("websocket: %s (%d)", e.words, e.code) }

// closedError tells that the peer has sent a close frame with this code.
type closedError struct{ code int }

func (e *closedError) Error() string {
	return fmt.Sprintf("websocket: closed by the peer (%d)", e.code)
}

var (
	errReserved = &frameError{websocket.CloseProtocolError, "reserved bits are set"}
	errOpcode   = &frameError{websocket.CloseProtocolError, "unknown opcode"}
	errUnmasked = &frameError{websocket.CloseProtocolError, "a client's frame is not masked"}
	errControl  = &frameError{websocket.CloseProtocolError, "a control frame is fragmented or too long"}
	errSequence = &frameError{websocket.CloseProtocolError, "a fragment out of sequence"}
	errLength   = &frameError{websocket.CloseProtocolError, "a length that is not minimal"}
	errClosing  = &frameError{websocket.CloseProtocolError, "a bad close frame"}
	errUTF8     = &frameError{websocket.CloseInvalidFramePayloadData, "text that is not UTF-8"}
	errTooBig   = &frameError{websocket.CloseMessageTooBig, "the message is too big"}
)

func newFrames(limit int) frames { return frames{limit: limit, left: -1} }

// read takes the bytes that have come, which it changes. After an error it must
// not be called again.
func (f *frames) read(data []byte, to frameReader) error {
	for len(data) > 0 {
		if f.left < 0 {
			n, err := f.readHeader(data)
			if err != nil {
				return err
			}
			data = data[n:]
			if f.left != 0 {
				continue
			}
		}
		n := min(f.left, len(data))
		part := data[:n]
		data = data[n:]
		f.unmask(part)
		f.left -= n
		if err := f.take(part, to); err != nil {
			return err
		}
	}
	return nil
}

// readHeader takes bytes of a header and returns how many. When the header is
// whole, left is what follows it.
func (f *frames) readHeader(data []byte) (int, error) {
	taken := 0
	for {
		need := 2
		if f.have >= 2 {
			need = headerSize(f.header[1])
		}
		n := copy(f.header[f.have:need], data[taken:])
		taken += n
		f.have += n
		if f.have < need {
			return taken, nil
		}
		if need == 2 {
			if err := f.checkHeader(); err != nil {
				return taken, err
			}
			continue
		}
		f.have = 0
		return taken, f.open(f.header[:need])
	}
}

// headerSize is how long a masked header is, by its second byte.
func headerSize(second byte) int {
	switch second & 0x7F {
	case 126:
		return 8
	case 127:
		return 14
	}
	return 6
}

// checkHeader judges the first two bytes.
func (f *frames) checkHeader() error {
	first, second := f.header[0], f.header[1]
	opcode, final := first&0x0F, first&0x80 != 0
	switch {
	case first&0x70 != 0:
		return errReserved
	case second&0x80 == 0:
		return errUnmasked
	}
	switch opcode {
	case opContinuation:
		if f.kind == 0 {
			return errSequence
		}
	case opText, opBinary:
		if f.kind != 0 {
			return errSequence
		}
	case opClose, opPing, opPong:
		if !final || second&0x7F > 125 {
			return errControl
		}
	default:
		return errOpcode
	}
	return nil
}

// open begins the frame of a whole header.
func (f *frames) open(header []byte) error {
	f.opcode, f.final = header[0]&0x0F, header[0]&0x80 != 0
	length := uint64(header[1] & 0x7F)
	switch length {
	case 126:
		if length = uint64(binary.BigEndian.Uint16(header[2:])); length < 126 {
			return errLength
		}
	case 127:
		if length = binary.BigEndian.Uint64(header[2:]); length <= 0xFFFF || length>>63 != 0 {
			return errLength
		}
	}
	if f.opcode < opClose && length > uint64(f.limit-len(f.message)) {
		return errTooBig
	}
	if f.opcode == opText || f.opcode == opBinary {
		f.kind = f.opcode
	}
	f.left, f.turn = int(length), 0
	copy(f.mask[:], header[len(header)-4:])
	return nil
}

func (f *frames) unmask(part []byte) {
	for i := range part {
		part[i] ^= f.mask[(f.turn+i)&3]
	}
	f.turn = (f.turn + len(part)) & 3
}

// take is given the next part of a payload, and acts when the frame is whole.
func (f *frames) take(part []byte, to frameReader) error {
	whole := f.left == 0
	if whole {
		f.left = -1
	}
	if f.opcode >= opClose {
		if !whole || len(f.control) > 0 {
			f.control = append(f.control, part...)
			part = f.control
		}
		if !whole {
			return nil
		}
		f.control = nil
		return f.act(part, to)
	}
	if !whole || !f.final || len(f.message) > 0 {
		f.message = append(f.message, part...)
		part = f.message
	}
	if !whole || !f.final {
		return nil
	}
	kind := f.kind
	f.kind, f.message = 0, nil
	if kind == opText && !utf8.Valid(part) {
		return errUTF8
	}
	return to.onMessage(kind == opBinary, part)
}

// act follows a control frame.
func (f *frames) act(data []byte, to frameReader) error {
	switch f.opcode {
	case opPing:
		to.onPing(data)
	case opPong:
		to.onPong()
	case opClose:
		if len(data) == 0 {
			return &closedError{websocket.CloseNoStatusReceived}
		}
		if len(data) == 1 {
			return errClosing
		}
		code := int(binary.BigEndian.Uint16(data))
		if !validClose(code) {
			return errClosing
		}
		if !utf8.Valid(data[2:]) {
			return errUTF8
		}
		return &closedError{code}
	}
	return nil
}

// validClose reports whether a close frame may carry the code (RFC 6455, 7.4,
// and the registry of IANA that it founds).
func validClose(code int) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}
