package main

import (
	"context"
	"math"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/socketio"
	"reelroom/server/stream"
	"reelroom/server/ws"
	"reelroom/worker/backend"
	"reelroom/worker/health"
)

// newAges makes the histogram of how old events are when their sockets get them.
func newAges() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "reelroom", Name: "socketio_event_age_seconds",
		Help:    "How old events are when they have been handed to their sockets on this node, by the time in their payload.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
	})
}

// metrics serves the figures of this process in Prometheus' format.
func metrics(b *backend.Backend, services prometheus.Collector, door *socketio.Door, streams *stream.Streams, raw *ws.Door, ages prometheus.Histogram, bounds *limits.Limits, denylist *auth.Denylist, videos *library.Library) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(ages, services, health.BuildInfo())
	gauge := func(name, help string, read func() float64, labels prometheus.Labels) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "reelroom", Name: name, Help: help, ConstLabels: labels}, read))
	}
	counter := func(name, help string, read func() float64, labels ...prometheus.Labels) {
		opts := prometheus.CounterOpts{Namespace: "reelroom", Name: name, Help: help}
		if len(labels) > 0 {
			opts.ConstLabels = labels[0]
		}
		r.MustRegister(prometheus.NewCounterFunc(opts, read))
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	const connections = "Socket.IO connections on this node, by transport."
	gauge("socketio_connections", connections, func() float64 { return float64(door.Stats().WebSocket) }, prometheus.Labels{"transport": "websocket"})
	gauge("socketio_connections", connections, func() float64 { return float64(door.Stats().Polling) }, prometheus.Labels{"transport": "polling"})
	gauge("socketio_sockets", "Sockets with a verified token.", func() float64 { return float64(door.Stats().Sockets) }, nil)
	for _, name := range []string{"sse", "ws", "ws-batch", "poll"} {
		gauge("streams", "Streams open on this node, by door.", func() float64 { return float64(streams.Stats().Open[name]) }, prometheus.Labels{"door": name})
	}
	counter("streams_opened_total", "Streams that got in.", func() float64 { return float64(streams.Stats().Opened) })
	counter("streams_refused_total", "Streams that were refused.", func() float64 { return float64(streams.Stats().Refused) })
	counter("streams_reset_total", "Times that a stream's reader was told to fetch the present state.", func() float64 { return float64(streams.Stats().Resets) })
	counter("streams_sent_total", "Events handed to the readers of streams.", func() float64 { return float64(streams.Stats().Sent) })
	counter("streams_replayed_total", "Events that streams read from the log.", func() float64 { return float64(streams.Stats().Replayed) })
	for _, end := range ws.Ends {
		counter("ws_ended_total", "Raw WebSocket connections that have ended, by close code, or without one: the client left, was dead, or took nothing.",
			func() float64 { return float64(raw.Ended(end)) }, prometheus.Labels{"end": end})
	}
	gauge("socketio_rooms", "Rooms with a member on this node.", func() float64 { return float64(door.Stats().Rooms) }, nil)
	counter("socketio_accepted_total", "Sockets that got in.", func() float64 { return float64(door.Stats().Connected) })
	counter("socketio_refused_total", "Handshakes that were refused.", func() float64 { return float64(door.Stats().Refused) })
	counter("socketio_sent_total", "Events handed to a connection.", func() float64 { return float64(door.Stats().Sent) })
	const slow = "Connections closed because their reader was too slow, by what was noticed first."
	counter("socketio_slow_total", slow, func() float64 { s := door.Stats(); return float64(s.Slow - s.Stuck) }, prometheus.Labels{"reason": "queue_full"})
	counter("socketio_slow_total", slow, func() float64 { return float64(door.Stats().Stuck) }, prometheus.Labels{"reason": "stuck"})
	counter("socketio_dropped_total", "Progress not sent to a slow reader, because a newer one of the same video waited.", func() float64 { return float64(door.Stats().Dropped) })
	gauge("socketio_queued_bytes", "Bytes that wait for readers.", func() float64 { return float64(door.Queued()) }, nil)
	for outcome, read := range map[string]func(socketio.Stats) uint64{
		"recovered": func(s socketio.Stats) uint64 { return s.Recovered },
		"reset":     func(s socketio.Stats) uint64 { return s.Reset },
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "reelroom", Name: "socketio_resumes_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "Clients that came again with a place: given all that they had missed, or told to fetch the present state.",
		}, func() float64 { return float64(read(door.Stats())) }))
	}
	counter("socketio_replayed_total", "Events sent from the log to clients that came again.", func() float64 { return float64(door.Stats().Replayed) })

	for name := range videos.Published().Taken {
		counter("published_total", "Events published by others than the workers here: outside workers, admins and members.",
			func() float64 { return float64(videos.Published().Taken[name]) }, prometheus.Labels{"event": string(name)})
	}
	counter("published_repeated_total", "Publications that were taken before, or came too late to be shown.", func() float64 { return float64(videos.Published().Repeated) })
	counter("published_declined_total", "Publications that were answered with an error.", func() float64 { return float64(videos.Published().Declined) })

	gauge("revocations", "Revocations in force.", func() float64 { return float64(denylist.Stats().Active) }, nil)
	counter("revocations_applied_total", "Revocations that this node has applied.", func() float64 { return float64(denylist.Stats().Applied) })
	counter("revocations_sockets_total", "Sockets dismissed because their token was revoked.", func() float64 { return float64(door.Stats().Revoked) })
	gauge("revocations_poll_age_seconds", "How long ago the store was last asked, with success, for revocations of other nodes.", func() float64 { return denylist.Stats().Age.Seconds() }, nil)

	gauge("hub_organizations", "Organizations that this node follows.", func() float64 { return float64(b.Hub.Stats().Organizations) }, nil)
	counter("hub_events_total", "Events that reached this node.", func() float64 { return float64(b.Hub.Stats().Delivered) })
	counter("hub_gaps_healed_total", "Gaps in live delivery that were filled from the log.", func() float64 { return float64(b.Hub.Stats().Healed) })
	counter("hub_resets_total", "Times that listeners had to fetch the present state.", func() float64 { return float64(b.Hub.Stats().Resets) })

	for _, s := range bounds.Stats() {
		labels := prometheus.Labels{"limit": s.Limit, "scope": s.Scope}
		counter("limit_refused_total", "Refusals of each limit.", func() float64 { return float64(s.Refused()) }, labels)
		if s.Keys != nil {
			gauge("limit_keys", "Organizations, users or addresses that a limit remembers on this node.", func() float64 { return float64(s.Keys()) }, labels)
		}
	}

	for _, place := range []string{models.EtaAtStart, models.EtaKnown, models.EtaInside} {
		eta := func(name, help string, read func(models.Calibration) float64, labels prometheus.Labels) {
			if labels == nil {
				labels = prometheus.Labels{}
			}
			labels["place"] = place
			gauge(name, help, func() float64 {
				x, err := b.Estimator.Experience(context.Background()) // bounded, and kept for a while
				if err != nil {
					return math.NaN()
				}
				return read(x.Calibration[place])
			}, labels)
		}
		eta("eta_promises", "Promised ends of the whole installation that count in the figures below; the older ones fade.", func(c models.Calibration) float64 { return c.Samples }, nil)
		const under = "How often the truth was not above what was promised: 0.5 and 0.9 would be exact."
		eta("eta_under_ratio", under, func(c models.Calibration) float64 { return c.UnderMedian }, prometheus.Labels{"quantile": "0.5"})
		eta("eta_under_ratio", under, func(c models.Calibration) float64 { return c.UnderHigh }, prometheus.Labels{"quantile": "0.9"})
		eta("eta_error_ratio", "By which factor a promised median is off in the mean: exp of the mean of |ln(truth / promise)|.", func(c models.Calibration) float64 { return math.Exp(c.Error) }, nil)
		const loss = "Mean pinball loss of promised ends."
		eta("eta_pinball_seconds", loss, func(c models.Calibration) float64 { return c.PinballMedian }, prometheus.Labels{"quantile": "0.5"})
		eta("eta_pinball_seconds", loss, func(c models.Calibration) float64 { return c.PinballHigh }, prometheus.Labels{"quantile": "0.9"})
	}

	counter("swept_files_total", "Files that no record named, and unfinished ones, that this process has removed.", func() float64 { return float64(b.Sweeper.Removed().Count) })
	counter("swept_bytes_total", "Their size, where the storage tells.", func() float64 { return float64(b.Sweeper.Removed().Bytes) })
	r.MustRegister(newFigures(b.Log.Figures))
	queueMetrics(b.Queue, gauge, counter)
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}
