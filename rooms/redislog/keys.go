package redislog

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"reelroom/models"
)

// keys are the names of one organization. Ids are written as [models.Segment],
// which holds neither ':' nor '{' nor '}': no id can spell another's key.
type keys struct{ base string }

func (l *Log) keys(org string) keys {
	return keys{l.opts.Prefix + ":{" + models.Segment(org) + "}:"}
}

func (k keys) head() string           { return k.base + "head" }
func (k keys) stream() string         { return k.base + "log" }
func (k keys) channel() string        { return k.base + "events" }
func (k keys) video(id string) string { return k.base + "video:" + models.Segment(id) }

// id hashes: an outside publisher's id may have any length.
func (k keys) id(id string) string { return k.base + "id:" + hashed(id) }

// session hashes: whoever reads Redis' keys cannot take up a session.
func (k keys) session(pid string) string { return k.base + "session:" + hashed(pid) }

// ticket hashes for the same reason.
func (k keys) ticket(secret string) string { return k.base + "ticket:" + hashed(secret) }

// tickets are those that a user has outstanding.
func (k keys) tickets(user string) string { return k.base + "tickets:" + models.Segment(user) }

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// once is the key of an event without an id: it lives just long enough for a
// call that the driver sends again.
func (k keys) once(word string) string { return k.base + "once:" + word }

const wordBytes = 12

// newWord returns a random word of [a-z0-9], about 62 bits: an epoch, or the
// mark of one call.
func newWord() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var raw [wordBytes * 2]byte
	word := make([]byte, 0, wordBytes)
	for {
		_, _ = rand.Read(raw[:]) // never fails since Go 1.24
		for _, b := range raw {
			if b >= 252 { // 7*36: the rest would favour the first letters
				continue
			}
			if word = append(word, letters[b%36]); len(word) == wordBytes {
				return string(word)
			}
		}
	}
}
