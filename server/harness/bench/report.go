package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is everything that was measured.
type Report struct {
	At         time.Time `json:"at"`
	Processors int       `json:"processors"`
	Model      string    `json:"model"`
	System     string    `json:"system"`
	// FrameBytes is how long one event is on the wire.
	FrameBytes int        `json:"frameBytes"`
	Peers      []Peer     `json:"peers"`
	Scenarios  []Scenario `json:"scenarios"`
	// LeftOut says what was not measured, and why.
	LeftOut []string `json:"leftOut"`
}

// Peer is who was measured.
type Peer struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Scenario is what a scenario gave.
type Scenario struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Scale float64  `json:"scale"`
	Peers []string `json:"peers"`
	Rows  []Row    `json:"rows"`
	// Runs are all figures, in the order in which they were taken.
	Runs []Figures `json:"runs"`
}

// Figures are those of one peer in one run.
type Figures struct {
	Peer    string             `json:"peer"`
	Run     int                `json:"run"`
	Figures map[string]float64 `json:"figures"`
}

// Row is one metric: the median of each peer, and how ours stands.
type Row struct {
	Metric  string             `json:"metric"`
	Label   string             `json:"label"`
	Medians map[string]float64 `json:"medians"`
	Marks   []Mark             `json:"marks"`
}

// Mark is a bar and what was reached: the median of ours, or of its ratio to
// another within each run.
type Mark struct {
	Against string  `json:"against"`
	Most    float64 `json:"most"`
	Reached float64 `json:"reached"`
	OK      bool    `json:"ok"`
}

func (r *Report) leaveOut(format string, args ...any) {
	r.LeftOut = append(r.LeftOut, fmt.Sprintf(format, args...))
}

func (r *Report) machine() {
	r.At, r.Processors, r.System = time.Now().UTC(), runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH+", "+runtime.Version()
	raw, _ := os.ReadFile("/proc/cpuinfo") // a machine may hide what it is
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			r.Model = strings.TrimSpace(value)
			break
		}
	}
	if raw, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		release, _, _ := strings.Cut(strings.TrimSpace(string(raw)), "-")
		r.System += ", Linux " + release
	}
}

// judge makes the rows from the runs.
func (s *Scenario) judge(metrics []metric) {
	for _, m := range metrics {
		row := Row{Metric: m.key, Label: m.label, Medians: map[string]float64{}}
		for _, p := range s.Peers {
			if v, ok := median(s.values(p, m.key)); ok {
				row.Medians[p] = v
			}
		}
		for _, b := range m.bars {
			all := s.reached(m.key, b.against)
			reached, ok := median(all)
			if b.most == 0 && ok { // what may never be
				reached = slices.Max(all)
			}
			if ok {
				row.Marks = append(row.Marks, Mark{b.against, b.most, reached, reached <= b.most})
			}
		}
		s.Rows = append(s.Rows, row)
	}
}

func (s *Scenario) values(peer, key string) (all []float64) {
	for _, r := range s.Runs {
		if v, ok := r.Figures[key]; ok && r.Peer == peer {
			all = append(all, v)
		}
	}
	return all
}

// reached returns ours of each run, divided by the other's of that run.
func (s *Scenario) reached(key, against string) (all []float64) {
	if against == "" {
		return s.values(ours, key)
	}
	of := func(peer string, run int) (float64, bool) {
		for _, r := range s.Runs {
			if r.Peer == peer && r.Run == run {
				v, ok := r.Figures[key]
				return v, ok
			}
		}
		return 0, false
	}
	for _, r := range s.Runs {
		if r.Peer != ours {
			continue
		}
		mine, ok := of(ours, r.Run)
		other, there := of(against, r.Run)
		if ok && there && other > 0 {
			all = append(all, mine/other)
		}
	}
	return all
}

// median returns the middle one, or the mean of the two in the middle.
func median(values []float64) (float64, bool) {
	n := len(values)
	if n == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2, true
}

// number writes a figure with three digits that count.
func number(v float64) string {
	switch {
	case v == float64(int64(v)) || v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Markdown writes the tables.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d processors (%s), %s", r.At.Format(time.DateOnly), r.Processors, r.Model, r.System)
	if r.FrameBytes > 0 {
		fmt.Fprintf(&b, "; an event is %d bytes on the wire", r.FrameBytes)
	}
	b.WriteString(".\n")
	for _, s := range r.Scenarios {
		title := s.Title
		if s.Scale != 1 {
			title += fmt.Sprintf(" (times %s)", number(s.Scale))
		}
		fmt.Fprintf(&b, "\n**%s**\n\n| |", title)
		for _, p := range s.Peers {
			fmt.Fprintf(&b, " %s |", p)
		}
		b.WriteString(" mark | reached |\n|---|" + strings.Repeat("---|", len(s.Peers)+2) + "\n")
		for _, row := range s.Rows {
			fmt.Fprintf(&b, "| %s |", row.Label)
			for _, p := range s.Peers {
				value := "–"
				if v, ok := row.Medians[p]; ok {
					value = number(v)
				}
				fmt.Fprintf(&b, " %s |", value)
			}
			fmt.Fprintf(&b, " %s |\n", marks(row.Marks))
		}
	}
	for i, words := range r.LeftOut {
		if i == 0 {
			b.WriteString("\nLeft out:\n")
		}
		fmt.Fprintf(&b, "- %s\n", words)
	}
	return b.String()
}

func marks(all []Mark) string {
	var bars, reached []string
	for _, m := range all {
		bar, got := "≤ "+number(m.Most), number(m.Reached)
		if m.Against != "" {
			bar += " × " + m.Against
		}
		if !m.OK {
			got = "**" + got + "**"
		}
		bars, reached = append(bars, bar), append(reached, got)
	}
	return strings.Join(bars, "<br>") + " | " + strings.Join(reached, "<br>")
}
