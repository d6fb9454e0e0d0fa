package socketio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// said notes what frames say, as words.
type said struct{ words []string }

func (s *said) onMessage(binary bool, data []byte) error {
	kind := "text"
	if binary {
		kind = "binary"
	}
	s.words = append(s.words, fmt.Sprintf("%s %q", kind, data))
	return nil
}
func (s *said) onPing(data []byte) { s.words = append(s.words, fmt.Sprintf("ping %q", data)) }
func (s *said) onPong()            { s.words = append(s.words, "pong") }

// clientFrame makes a masked frame.
func clientFrame(first byte, data string) []byte {
	header := appendFrameHeader(nil, 0, len(data))
	header[0] = first
	header[1] |= 0x80
	mask := []byte{1, 0x80, 0xFE, 7}
	b := append(header, mask...)
	for i := range len(data) {
		b = append(b, data[i]^mask[i&3])
	}
	return b
}

const final = 0x80

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Whatever comes in whatever portions means the same.
func TestFramesInAnyPortions(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 40_000/2)
	for _, c := range []struct {
		name  string
		bytes []byte
		said  string
		ends  error
	}{
		{"text", clientFrame(final|opText, "hello"), `text "hello"`, nil},
		{"nothing", clientFrame(final|opText, ""), `text ""`, nil},
		{"two", join(clientFrame(final|opText, "a"), clientFrame(final|opBinary, "\xff")), `text "a", binary "\xff"`, nil},
		{"126 bytes", clientFrame(final|opText, strings.Repeat("x", 126)), fmt.Sprintf("text %q", strings.Repeat("x", 126)), nil},
		{"long", clientFrame(final|opText, long), fmt.Sprintf("text %q", long), nil},
		{"fragments", join(clientFrame(opText, "a\xc3"), clientFrame(opContinuation, ""), clientFrame(final|opContinuation, "\xa4")), `text "aä"`, nil},
		{"ping within", join(clientFrame(opBinary, "a"), clientFrame(final|opPing, "p"), clientFrame(final|opContinuation, "b")), `ping "p", binary "ab"`, nil},
		{"pong", clientFrame(final|opPong, "x"), "pong", nil},
		{"goodbye", clientFrame(final|opClose, "\x03\xe8bye"), "", &closedError{1000}},
		{"goodbye without a code", clientFrame(final|opClose, ""), "", &closedError{1005}},
		{"reserved bit", clientFrame(final|0x40|opText, ""), "", errReserved},
		{"unmasked", []byte{final | opText, 1, 'a'}, "", errUnmasked},
		{"opcode", clientFrame(final|3, ""), "", errOpcode},
		{"control opcode", clientFrame(final|0xB, ""), "", errOpcode},
		{"fragmented ping", clientFrame(opPing, ""), "", errControl},
		{"long ping", clientFrame(final|opPing, strings.Repeat("x", 126)), "", errControl},
		{"continuation of nothing", clientFrame(final|opContinuation, ""), "", errSequence},
		{"text within text", join(clientFrame(opText, "a"), clientFrame(final|opText, "b")), "", errSequence},
		{"padded length", []byte{final | opText, 0x80 | 126, 0, 1, 0, 0, 0, 0, 'a'}, "", errLength},
		{"padded long length", append(binary.BigEndian.AppendUint64([]byte{final | opText, 0x80 | 127}, 1), 0, 0, 0, 0), "", errLength},
		{"negative length", append(binary.BigEndian.AppendUint64([]byte{final | opText, 0x80 | 127}, 1<<63), 0, 0, 0, 0), "", errLength},
		{"not UTF-8", clientFrame(final|opText, "\xff"), "", errUTF8},
		{"half a goodbye", clientFrame(final|opClose, "\x03"), "", errClosing},
		{"forbidden code", clientFrame(final|opClose, "\x03\xed"), "", errClosing},
		{"goodbye that is not UTF-8", clientFrame(final|opClose, "\x03\xe8\xff"), "", errUTF8},
		{"too big", append(binary.BigEndian.AppendUint64([]byte{final | opText, 0x80 | 127}, 1<<40), 0, 0, 0, 0), "", errTooBig},
		{"too big in parts", join(clientFrame(opText, strings.Repeat("x", maxPayload)), clientFrame(final|opContinuation, "x")), "", errTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, portion := range []int{1, 2, 3, 7, 1000, len(c.bytes)} {
				f, got := newFrames(maxPayload), &said{}
				var err error
				for rest := bytes.Clone(c.bytes); len(rest) > 0 && err == nil; {
					n := min(portion, len(rest))
					err = f.read(rest[:n:n], got)
					rest = rest[n:]
				}
				if words := strings.Join(got.words, ", "); words != c.said {
					t.Errorf("portions of %d: said %.200s, want %.200s", portion, words, c.said)
				}
				var closed, want *closedError
				same := errors.Is(err, c.ends)
				if errors.As(c.ends, &want) {
					same = errors.As(err, &closed) && *closed == *want
				}
				if !same {
					t.Errorf("portions of %d: ended with %v, want %v", portion, err, c.ends)
				}
				if err == nil && (f.message != nil || f.control != nil || f.have != 0) {
					t.Errorf("portions of %d: %+v is kept between messages", portion, f)
				}
			}
		})
	}
}

// What strangers send means the same in one piece and in two, and never makes
// more be kept than the limit.
func FuzzFrames(f *testing.F) {
	f.Add(clientFrame(final|opText, "hello"), 3)
	f.Add(join(clientFrame(opText, "a"), clientFrame(final|opPing, "p"), clientFrame(final|opContinuation, "b")), 9)
	f.Add(clientFrame(final|opClose, "\x03\xe8bye"), 1)
	f.Add(binary.BigEndian.AppendUint64([]byte{final | opText, 0xFF}, 1<<63), 4)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		if len(data) > 0 {
			cut = int(uint(cut) % uint(len(data)))
		} else {
			cut = 0
		}
		const limit = 100
		whole, first := newFrames(limit), newFrames(limit)
		one, two := &said{}, &said{}
		wholeErr := whole.read(bytes.Clone(data), one)
		err := first.read(bytes.Clone(data[:cut]), two)
		if err == nil {
			err = first.read(bytes.Clone(data[cut:]), two)
		}
		if fmt.Sprint(one.words) != fmt.Sprint(two.words) || fmt.Sprint(wholeErr) != fmt.Sprint(err) {
			t.Fatalf("%q, %v; cut at %d: %q, %v", one.words, wholeErr, cut, two.words, err)
		}
		if len(whole.message) > limit || len(whole.control) > 125 {
			t.Fatalf("%d and %d bytes are kept", len(whole.message), len(whole.control))
		}
	})
}
