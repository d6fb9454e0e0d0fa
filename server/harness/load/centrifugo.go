package load

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Centrifugo is the JSON protocol of Centrifugo 5
// (https://centrifugal.dev/docs/5/transports/client_protocol), with the one
// channel that the token subscribes to.
type Centrifugo struct{ Channel string }

// Target implements [Dialect].
func (Centrifugo) Target() string { return "/connection/websocket" }

type centrifugoPlace struct {
	Recover bool   `json:"recover"`
	Epoch   string `json:"epoch"`
	Offset  uint64 `json:"offset"`
}

// Hello implements [Dialect]; who was connected before asks for what it missed.
func (d Centrifugo) Hello(c *Conn) ([]byte, error) {
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	connect := struct {
		Token string                     `json:"token"`
		Subs  map[string]centrifugoPlace `json:"subs,omitempty"`
	}{Token: token}
	if c.pid != "" {
		connect.Subs = map[string]centrifugoPlace{d.Channel: {true, c.pid, seqOf(c.offset)}}
	}
	return json.Marshal(map[string]any{"id": 1, "connect": connect})
}

// Take implements [Dialect]. A message holds one value a line.
func (d Centrifugo) Take(c *Conn, message []byte) (answer []byte, err error) {
	for line := range bytes.SplitSeq(message, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case string(line) == "{}":
			answer = []byte("{}")
		case bytes.HasPrefix(line, []byte(`{"push":{"channel"`)) && bytes.Contains(line, []byte(`"pub":{`)):
			c.publication(line)
		case bytes.Contains(line, []byte(`"connect":{`)):
			err = d.connected(c, line)
		case bytes.Contains(line, []byte(`"error":{`)), bytes.Contains(line, []byte(`"disconnect":{`)):
			err = &Refusal{string(line)}
		}
		if err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (d Centrifugo) connected(c *Conn, line []byte) error {
	var reply struct {
		Connect struct {
			Subs map[string]struct {
				Recovered    bool              `json:"recovered"`
				Epoch        string            `json:"epoch"`
				Offset       uint64            `json:"offset"`
				Publications []json.RawMessage `json:"publications"`
			} `json:"subs"`
		} `json:"connect"`
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	sub := reply.Connect.Subs[d.Channel]
	c.connected(sub.Recovered)
	for _, p := range sub.Publications {
		c.publication(p)
	}
	c.pid = sub.Epoch
	c.offset = fmt.Appendf(c.offset[:0], ".%d", sub.Offset)
	return nil
}

// publication counts one and keeps its place, which stands behind the data.
func (c *Conn) publication(line []byte) {
	const field = `"offset":`
	if i := bytes.LastIndex(line, []byte(field)); i >= 0 {
		digits := line[i+len(field):]
		end := 0
		for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
			end++
		}
		c.offset = append(append(c.offset[:0], '.'), digits[:end]...)
	}
	c.event(line, seqOf(c.offset))
}
