package health

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves GET /healthz, /readyz and /metrics of a process that serves
// nothing else.
func Handler(c *Checker) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(c, BuildInfo(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, Living()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, q *http.Request) {
		ask := c.Ready
		if q.URL.Query().Get("deep") == "1" {
			ask = c.Deep
		}
		status := http.StatusOK
		out, good := ask(q.Context())
		if !good {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		write(w, status, out)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	return mux
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}
