package load

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// maxFrameBytes bounds one frame from the server.
const maxFrameBytes = 4 << 20

var (
	errFrame = errors.New("the server sent a frame that this client does not read")
	errLarge = errors.New("the server sent a frame of more than 4 MiB")
)

// parseFrame reads the first frame of b. size is its length with the header; 0
// when b does not hold it whole. What servers of this kind never send (masked
// and fragmented frames) is an error.
func parseFrame(b []byte) (opcode byte, payload []byte, size int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	if b[0]&0xF0 != 0x80 || b[0]&0x0F == 0 || b[1]&0x80 != 0 {
		return 0, nil, 0, errFrame
	}
	head, length := 2, uint64(b[1])
	switch {
	case length == 126 && len(b) >= 4:
		head, length = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case length == 127 && len(b) >= 10:
		head, length = 10, binary.BigEndian.Uint64(b[2:])
	case length >= 126:
		return 0, nil, 0, nil
	}
	if length > maxFrameBytes {
		return 0, nil, 0, errLarge
	}
	if uint64(len(b)-head) < length {
		return 0, nil, 0, nil
	}
	size = head + int(length)
	return b[0] & 0x0F, b[head:size], size, nil
}

// clientFrame encodes a final, masked frame (RFC 6455, section 5.3).
func clientFrame(opcode byte, payload []byte) []byte {
	b := make([]byte, 0, len(payload)+14)
	b = append(b, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := rand.Uint32()
	b = binary.BigEndian.AppendUint32(b, mask)
	for i, c := range payload {
		b = append(b, c^byte(mask>>(24-8*(i%4))))
	}
	return b
}
