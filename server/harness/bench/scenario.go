package bench

import (
	"context"
	"time"
)

// metric is a figure that a scenario measures, for each peer.
type metric struct {
	key, label string
	// bars are the marks that ours must keep.
	bars []bar
}

// bar is a mark: ours is at most Most, or at most Most times the other's.
type bar struct {
	against string // a peer's name; "" for a value of its own
	most    float64
}

// figures are what one peer gave in one run, by metric.
type figures map[string]float64

// scenario is a kind of load.
type scenario struct {
	name, title string
	nodes       int
	// shared has the nodes speak to each other over Redis, also when the
	// scenario uses only one of them.
	shared bool
	// sockets is how many clients it needs at once.
	sockets int
	// without names the peers that it says nothing about.
	without []string
	metrics []metric
	run     func(b *bench, ctx context.Context, s *setup) (figures, error)
}

// The scenarios, in the order in which they are run.
var scenarios = []scenario{
	{
		name: "paced", title: "Paced fan-out: 2,000 sockets, an event every 200 ms",
		nodes: 1, sockets: 2000, run: paced,
		metrics: []metric{
			{"cpu", "CPU of the server, µs per delivered event", []bar{{node, 0.65}, {floor, 1.25}}},
			{"spread", "the same, less what publishing to one client costs", []bar{{node, 0.65}, {floor, 1.25}}},
			{"p50", "request to client, p50 ms", nil}, {"p99", "request to client, p99 ms", nil}, {"lost", "deliveries lost", []bar{{"", 0}}},
			{"bytes", "bytes of an event on the wire", nil},
		},
	},
	{
		name: "burst", title: "Burst fan-out: 1,000 sockets, 500 events 1 ms apart",
		nodes: 1, sockets: 1000, run: burst,
		metrics: []metric{
			{"cpu", "CPU of the server, µs per delivered event", []bar{{node, 0.25}, {floor, 1.25}}},
			{"spread", "the same, less what publishing to one client costs", []bar{{node, 0.25}, {floor, 1.25}}},
			{"seconds", "first request to last event, s", nil}, {"lost", "deliveries lost", []bar{{"", 0}}},
		},
	},
	{
		name: "idle", title: "Idle memory: 8,000 authenticated sockets, 10 s after the last connect",
		nodes: 1, sockets: 8000, without: []string{floor}, run: idle,
		metrics: []metric{
			{"kb", "KB a socket", []bar{{"", 18}}}, {"peak", "KB a socket at the peak on the way", []bar{{"", 30}}},
			{"base", "MB before the first socket", nil},
		},
	},
	{
		name: "handshakes", title: "Handshakes: 4,000 sockets connect, 64 at once, each with a token of its own",
		nodes: 1, sockets: 4000, without: []string{floor}, run: handshakes,
		metrics: []metric{
			{"rate", "connects per second", nil}, {"cpu", "CPU of the server, ms per connect", nil}, {"p99", "dial to CONNECT, p99 ms", nil},
		},
	},
	{
		name: "latency", title: "Append to client: 50 events/s, two nodes over Redis; published at one, received at the other",
		nodes: 2, shared: true, sockets: 50, without: []string{floor}, run: latency,
		metrics: []metric{
			{"append50", "append to client, p50 ms", nil}, {"append99", "append to client, p99 ms", []bar{{"", 10}, {node, 0.75}}},
			{"request50", "request to client, p50 ms", nil}, {"request99", "request to client, p99 ms", nil},
			{"lost", "deliveries lost", []bar{{"", 0}}},
		},
	},
	{
		name: "slow", title: "A client that never reads, beside 100 that do: 50 events/s of 17 KB",
		nodes: 1, sockets: 101, without: []string{floor}, run: slow,
		metrics: []metric{
			{"alone", "request to client without it, p99 ms", nil}, {"beside", "request to client beside it, p99 ms", nil},
			{"moved", "the second by the first", []bar{{"", 1.1}}}, {"kept", "memory that came on top beside it, MB", nil},
			{"open", "its connections still open in the end", []bar{{"", 0}}}, {"lost", "deliveries lost by the others", []bar{{"", 0}}},
		},
	},
	{
		name: "storm", title: "Reconnect storm: a node with 5,000 clients is killed, all come to the other one",
		nodes: 2, shared: true, sockets: 5000, without: []string{floor}, run: storm,
		metrics: []metric{
			{"back", "clients back within a minute", nil}, {"seconds", "kill to the last client back, s", []bar{{"", 20}}}, {"caughtUp", "kill to the last missed event delivered, s", nil},
			{"resumed", "of them, sessions resumed", nil}, {"lost", "deliveries lost", []bar{{"", 0}}}, {"doubles", "delivered twice", nil},
			{"reads", "store reads, % of the clients", []bar{{"", 1}}},
		},
	},
}

// connectTime bounds the connecting of all clients of a scenario.
const connectTime = 2 * time.Minute

// settleTime is how long after the last event the next one may take.
const settleTime = 5 * time.Second
