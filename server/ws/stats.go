package ws

import (
	"errors"
	"strconv"
	"sync/atomic"

	"github.com/coder/websocket"
)

// Ends are the ways in which connections end: the close codes of this door, and
// three that have none: the client has left, was dead, or took nothing.
var Ends = []string{"1000", "1008", "1009", "1011", "1012", "1013", "4001", "4003", "4400", "4404", endLeft, endDead, endSlow}

const (
	endLeft = "left"
	endDead = "dead"
	endSlow = "slow"
)

// stats counts how connections ended, in the order of [Ends].
type stats [13]atomic.Uint64

func (s *stats) count(err error) {
	name := strconv.Itoa(int(websocket.StatusInternalError))
	c, said := errors.AsType[*closing](err)
	switch {
	case err == nil:
		name = strconv.Itoa(int(websocket.StatusNormalClosure))
	case said:
		name = strconv.Itoa(int(c.code))
	case errors.Is(err, errLeft):
		name = endLeft
	case errors.Is(err, errDead):
		name = endDead
	case errors.Is(err, errStuck):
		name = endSlow
	}
	for i, one := range Ends {
		if one == name {
			s[i].Add(1)
		}
	}
}

// Ended returns how many connections have ended in one of the [Ends].
func (d *Door) Ended(end string) uint64 {
	for i, one := range Ends {
		if one == end {
			return d.stats[i].Load()
		}
	}
	return 0
}
