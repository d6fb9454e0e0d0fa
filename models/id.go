package models

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
)

const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID returns a fresh id: 48 bits of Unix milliseconds, then 80 random bits,
// as 26 characters of Crockford's base 32 in lower case (the ULID layout), so
// that ids sort by the time they were made.
func NewID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	// crypto/rand.Read never fails (Go 1.24 and later).
	_, _ = rand.Read(raw[6:])
	return encodeID(raw)
}

// DerivedID returns the id that always belongs to these parts; an idempotency
// key becomes the id of the one video that it may create.
func DerivedID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var raw [16]byte
	copy(raw[:], h.Sum(nil))
	return encodeID(raw)
}

func encodeID(raw [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	var b strings.Builder
	b.Grow(26)
	for i := 25; i >= 0; i-- {
		shift := uint(5 * i)
		var v uint64
		switch {
		case shift >= 64:
			v = hi >> (shift - 64)
		case shift > 59:
			v = hi<<(64-shift) | lo>>shift
		default:
			v = lo >> shift
		}
		b.WriteByte(crockford[v&31])
	}
	return b.String()
}
