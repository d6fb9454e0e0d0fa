package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"reelroom/models"
)

// report is what one node says of an organization.
type report struct {
	Organization string                     `json:"organization"`
	Node         models.ConsoleNode         `json:"node"`
	ByDoor       map[string]int             `json:"byDoor"`
	Items        []models.ConsoleConnection `json:"items"`
	Limits       []models.ConsoleLimit      `json:"limits"`
	Uploads      []models.ConsoleLimit      `json:"uploads"`
	Past         []span                     `json:"past"`
}

// doors are all that connections are counted by.
var doors = []string{"socketio", "sse", "ws", "ws-batch", "poll"}

func newest(list []models.ConsoleConnection) []models.ConsoleConnection {
	slices.SortFunc(list, func(a, b models.ConsoleConnection) int {
		return cmp.Or(b.ConnectedAt.Compare(a.ConnectedAt), strings.Compare(a.Node+a.ID, b.Node+b.ID))
	})
	return list[:min(len(list), maxItems)]
}

// report looks at this node.
func (c *Console) report(org string) report {
	r := report{Organization: org, Node: c.node, ByDoor: map[string]int{}, Limits: c.Limits.Usage(org), Past: c.Meter.past(org)}
	sockets, total := c.Sockets.Connections(org, maxItems)
	if total > 0 {
		r.ByDoor["socketio"] = total
	}
	streams := c.Streams.Connections(org)
	for i := range streams {
		r.ByDoor[streams[i].Door]++
	}
	r.Items = newest(append(sockets, streams...))
	for i := range r.Items {
		r.Items[i].Node = c.node.ID
	}
	r.Node.Connections = total + len(streams)
	if c.Uploads != nil {
		if held, err := c.Uploads(org); err == nil {
			r.Uploads = held
		}
	}
	return r
}

// board puts the reports of all nodes together.
type board struct {
	org    string
	out    models.Console
	series series
	shared []models.ConsoleLimit // what every node sees alike
}

func newBoard(org string) *board {
	b := &board{org: org, series: series{}}
	b.out.At = time.Now().UTC().Truncate(time.Millisecond)
	b.out.Connections.ByDoor = map[string]int{}
	for _, door := range doors {
		b.out.Connections.ByDoor[door] = 0
	}
	b.out.Connections.Items, b.out.Missing = []models.ConsoleConnection{}, []string{}
	return b
}

func (b *board) missing(name string) { b.out.Missing = append(b.out.Missing, name) }

func (b *board) take(r report) {
	b.out.Nodes = append(b.out.Nodes, r.Node)
	for door, n := range r.ByDoor {
		b.out.Connections.ByDoor[door] += n
		b.out.Connections.Total += n
	}
	b.out.Connections.Items = append(b.out.Connections.Items, r.Items...)
	b.series.take(r.Past)
	b.out.Limits = merge(b.out.Limits, r.Limits, func(a, b int64) int64 { return a + b })
	b.shared = merge(b.shared, r.Uploads, func(a, b int64) int64 { return max(a, b) })
}

// merge puts limits of two nodes together; no limit on one is none at all.
func merge(all, more []models.ConsoleLimit, with func(a, b int64) int64) []models.ConsoleLimit {
	for _, l := range more {
		i := slices.IndexFunc(all, func(a models.ConsoleLimit) bool { return a.Name == l.Name })
		if i < 0 {
			all = append(all, l)
			continue
		}
		all[i].Used = with(all[i].Used, l.Used)
		if all[i].Limit == 0 || l.Limit == 0 {
			all[i].Limit = 0
		} else {
			all[i].Limit = with(all[i].Limit, l.Limit)
		}
	}
	return all
}

// snapshot ends the board. queued is less than 0 where it is not known.
func (b *board) snapshot(w work, queued, mostQueued int) models.Console {
	out := &b.out
	slices.SortFunc(out.Nodes, func(a, b models.ConsoleNode) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.ID, b.ID))
	})
	out.Connections.Items = newest(out.Connections.Items)
	out.Connections.More = max(out.Connections.Total-len(out.Connections.Items), 0)
	out.Limits = append(out.Limits, b.shared...)
	if queued >= 0 {
		out.Limits = append(out.Limits, models.ConsoleLimit{Name: "queued", Used: int64(queued), Limit: int64(mostQueued), Unit: "videos"})
	} else {
		b.missing("limits")
	}
	if out.Limits == nil {
		out.Limits = []models.ConsoleLimit{}
	}
	out.Queue = w.queue
	out.Missing = append(out.Missing, w.missing...)
	out.Series, out.Latency = b.series.points(out.At), b.series.recent(out.At)
	return *out
}
