package health

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"reelroom/models/buildinfo"
)

var (
	usable = prometheus.NewDesc("reelroom_service_usable",
		"Whether a service that this process shares with others can be used (1) or not (0), as GET /readyz?deep=1 tells.", []string{"service"}, nil)
	warned = prometheus.NewDesc("reelroom_service_warnings",
		"How many warnings GET /readyz?deep=1 gives of a service that can be used.", []string{"service"}, nil)
)

// Describe implements [prometheus.Collector].
func (c *Checker) Describe(out chan<- *prometheus.Desc) {
	out <- usable
	out <- warned
}

// Collect implements [prometheus.Collector]. What is not known yet is left out.
func (c *Checker) Collect(out chan<- prometheus.Metric) {
	for name, r := range c.look(context.Background(), waitTime) {
		value := 0.0
		if r.state == ok {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(usable, prometheus.GaugeValue, value, name)
		out <- prometheus.MustNewConstMetric(warned, prometheus.GaugeValue, float64(len(r.warnings)), name)
	}
}

// BuildInfo returns a metric that is always 1 and names the version in a label.
func BuildInfo() prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "reelroom", Name: "build_info", Help: "The version of this program, in a label.",
		ConstLabels: prometheus.Labels{"version": buildinfo.Version()},
	})
	g.Set(1)
	return g
}
