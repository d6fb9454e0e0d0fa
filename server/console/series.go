package console

import (
	"time"

	"reelroom/models"
)

// span is a slot as nodes tell it each other.
type span struct {
	Number      int64  `json:"n"`
	Events      uint32 `json:"e,omitempty"`
	Delivered   uint64 `json:"d,omitempty"`
	Ages        *ages  `json:"a,omitempty"`
	Connections int32  `json:"c"`
	Waiting     int32  `json:"w"`
	Running     int32  `json:"r"`
}

func spanOf(s *slot) span {
	out := span{s.number, s.events, s.delivered, nil, s.connections, s.waiting, s.running}
	if s.ages != nil {
		copied := *s.ages
		out.Ages = &copied
	}
	return out
}

// series puts together what the nodes have measured. Each that follows the
// organization is told every event of it, so that the events are those of the
// one that was told most.
type series map[int64]*span

func (all series) take(spans []span) {
	for i := range spans {
		s := spans[i]
		have := all[s.Number]
		if have == nil {
			all[s.Number] = &s
			continue
		}
		have.Events = max(have.Events, s.Events)
		have.Delivered += s.Delivered
		if s.Ages != nil {
			if have.Ages == nil {
				have.Ages = new(ages)
			}
			have.Ages.add(s.Ages)
		}
		if s.Connections >= 0 {
			have.Connections = max(have.Connections, 0) + s.Connections
		}
		have.Waiting, have.Running = max(have.Waiting, s.Waiting), max(have.Running, s.Running)
	}
}

// points returns the series up to now, without the slot that has not ended, from
// the first one in which something was measured.
func (all series) points(now time.Time) []models.ConsolePoint {
	out := []models.ConsolePoint{}
	last := slotOf(now)
	for n := last - slots + 1; n < last; n++ {
		s := all[n]
		if s == nil && len(out) == 0 {
			continue
		}
		p := models.ConsolePoint{At: time.Unix(0, n*int64(width)).UTC()}
		if s != nil {
			p.Events, p.Delivered = float64(s.Events)/width.Seconds(), float64(s.Delivered)/width.Seconds()
			p.Waiting, p.Running, p.Connections = known(s.Waiting), known(s.Running), known(s.Connections)
			if s.Ages != nil {
				p.P50Ms, p.P99Ms = s.Ages.quantile(.5), s.Ages.quantile(.99)
			}
		}
		out = append(out, p)
	}
	return out
}

// recent is the latency of the last minute.
func (all series) recent(now time.Time) models.ConsoleLatency {
	var sum ages
	for n := slotOf(now.Add(-time.Minute)); n <= slotOf(now); n++ {
		if s := all[n]; s != nil && s.Ages != nil {
			sum.add(s.Ages)
		}
	}
	return models.ConsoleLatency{P50Ms: sum.quantile(.5), P99Ms: sum.quantile(.99)}
}

func known(n int32) *int {
	if n < 0 {
		return nil
	}
	out := int(n)
	return &out
}
