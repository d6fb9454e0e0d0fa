package redislog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"

	"reelroom/models"
)

// codecVersion is the first byte of an encoded event. A reader that does not
// know it treats the place as lost.
const codecVersion = 1

// MaxEventBytes bounds an encoded event.
const MaxEventBytes = 1 << 20

var audiences = [...]models.Audience{models.ToOrganization, models.ToVideo, models.ToUser}

const transitionFlag = 0x80

var errCodec = errors.New("redislog: not an event of a known version")

// encode writes an event without its place and its organization, which are
// those of the key it is found under: version, flags and audience (one byte),
// attempt and rev (varint), name, video, user and id (each with its length),
// then the payload up to the end.
func encode(e *models.Event) ([]byte, error) {
	flags := byte(0)
	for i, a := range audiences {
		if a == e.Audience {
			flags = byte(i)
		}
	}
	if e.Transition {
		flags |= transitionFlag
	}
	b := make([]byte, 0, 48+len(e.Name)+len(e.VideoID)+len(e.UserID)+len(e.ID)+len(e.Payload))
	b = append(b, codecVersion, flags)
	b = binary.AppendVarint(b, int64(e.Attempt))
	b = binary.AppendVarint(b, e.Rev)
	for _, s := range [...]string{string(e.Name), e.VideoID, e.UserID, e.ID} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, e.Payload...)
	if len(b) > MaxEventBytes {
		return nil, models.Errorf(models.CodeTooLarge, "The event is too large.")
	}
	return b, nil
}

// decode reads what [encode] wrote; the payload is given its "seq".
func decode(b []byte, org, epoch string, seq uint64) (models.Event, error) {
	if len(b) < 2 || b[0] != codecVersion || int(b[1]&^transitionFlag) >= len(audiences) {
		return models.Event{}, errCodec
	}
	e := models.Event{
		OrganizationID: org, Epoch: epoch, Seq: seq,
		Audience: audiences[b[1]&^transitionFlag], Transition: b[1]&transitionFlag != 0,
	}
	b = b[2:]
	attempt, n := binary.Varint(b)
	if n <= 0 {
		return models.Event{}, errCodec
	}
	b = b[n:]
	rev, n := binary.Varint(b)
	if n <= 0 {
		return models.Event{}, errCodec
	}
	b = b[n:]
	var name string
	for _, field := range [...]*string{&name, &e.VideoID, &e.UserID, &e.ID} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return models.Event{}, errCodec
		}
		*field = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	e.Attempt, e.Rev, e.Name = int(attempt), rev, models.EventName(name)
	if !isObject(b) {
		return models.Event{}, errCodec
	}
	e.Payload = models.WithSeq(b, seq)
	return e, nil
}

// isObject reports whether b is one JSON object.
func isObject(b []byte) bool {
	return len(b) > 1 && b[0] == '{' && b[len(b)-1] == '}' && json.Valid(b)
}

// message is what the channel carries: the place, a line feed, the event.
type message struct {
	epoch string
	seq   uint64
	event []byte
}

func parseMessage(payload string) (message, bool) {
	b := []byte(payload)
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return message{}, false
	}
	place, event := b[:end], b[end+1:]
	epoch, digits, ok := bytes.Cut(place, []byte{'.'})
	if !ok {
		return message{}, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	return message{string(epoch), seq, event}, err == nil
}
