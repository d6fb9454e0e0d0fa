package verify

import (
	"fmt"

	"reelroom/server/harness/load"
)

// Report is what was tried, and what broke.
type Report struct {
	Nodes int `json:"nodes"`

	Delivery Stream `json:"delivery"`
	Cuts     Stream `json:"cuts"`
	// Snapshots counts the clients that came to the present state from an
	// acknowledgement and the events after it.
	Snapshots int `json:"snapshots"`
	// Probes counts the requests for what is another organization's.
	Probes int `json:"probes"`

	Seconds float64 `json:"seconds"`
	// Broken names everything that was not as it should be, at most maxBroken.
	Broken []string `json:"broken"`
	// More counts what was broken beside that.
	More int `json:"more"`
}

// Stream is what clients received of a stream of events.
type Stream struct {
	Clients    int            `json:"clients"`
	Events     uint64         `json:"events"`
	Deliveries uint64         `json:"deliveries"`
	Lost       uint64         `json:"lost"`
	Doubles    uint64         `json:"doubles"`
	Disorder   uint64         `json:"disorder"`
	Cuts       int            `json:"cuts"`
	Resumed    int            `json:"resumed"`
	Resets     int            `json:"resets"`
	Latency    load.Quantiles `json:"latency"`
	Seconds    float64        `json:"seconds"`
}

// OK reports whether nothing broke.
func (r *Report) OK() bool { return len(r.Broken) == 0 }

// maxBroken bounds the list.
const maxBroken = 40

func (r *Report) broken(format string, args ...any) {
	if len(r.Broken) >= maxBroken {
		r.More++
		return
	}
	r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
}
