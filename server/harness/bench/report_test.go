package bench

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1}, 2.5}, {[]float64{7}, 7}} {
		before := slices.Clone(c.values)
		if got, ok := median(c.values); got != c.want || !ok || !slices.Equal(before, c.values) {
			t.Errorf("%v: %v", before, got)
		}
	}
	if _, ok := median(nil); ok {
		t.Error("a median of nothing")
	}
}

// A ratio is taken within each run; what may never be counts by its worst run.
func TestJudge(t *testing.T) {
	t.Parallel()
	s := Scenario{Peers: []string{ours, node}, Runs: []Figures{
		{ours, 1, figures{"cpu": 10, "lost": 0}}, {node, 1, figures{"cpu": 20, "lost": 0}},
		{ours, 2, figures{"cpu": 30, "lost": 0}}, {node, 2, figures{"cpu": 40, "lost": 0}},
		{ours, 3, figures{"cpu": 10, "lost": 2}}, {node, 3, figures{"cpu": 100, "lost": 0}},
		{ours, 4, figures{"cpu": 99}}, // the other one failed
	}}
	s.judge([]metric{
		{"cpu", "CPU", []bar{{node, 0.4}, {"", 25}, {floor, 1}}}, {"lost", "lost", []bar{{"", 0}}}, {"none", "none", []bar{{"", 1}}},
	})
	cpu, lost, none := s.Rows[0], s.Rows[1], s.Rows[2]
	if cpu.Medians[ours] != 20 || cpu.Medians[node] != 40 {
		t.Errorf("%+v", cpu.Medians)
	}
	if want := []Mark{{node, 0.4, 0.5, false}, {"", 25, 20, true}}; !slices.Equal(cpu.Marks, want) {
		t.Errorf("%+v", cpu.Marks)
	}
	if want := []Mark{{"", 0, 2, false}}; !slices.Equal(lost.Marks, want) {
		t.Errorf("%+v", lost.Marks)
	}
	if len(none.Marks) != 0 || len(none.Medians) != 0 {
		t.Errorf("%+v", none)
	}
	r := Report{Scenarios: []Scenario{s}, LeftOut: []string{"centrifugo: no binary"}}
	table := r.Markdown()
	for _, line := range []string{
		"| | reelroom | node | mark | reached |", "| CPU | 20 | 40 | ≤ 0.40 × node<br>≤ 25 | **0.50**<br>20 |",
		"| none | – | – |  |  |", "- centrifugo: no binary",
	} {
		if !strings.Contains(table, line+"\n") {
			t.Errorf("no line %q in:\n%s", line, table)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// Every mark is about something that is measured.
func TestScenarios(t *testing.T) {
	t.Parallel()
	_, peers := Names()
	for _, s := range scenarios {
		if s.run == nil || s.sockets == 0 || s.nodes == 0 {
			t.Errorf("%s is not complete", s.name)
		}
		for _, m := range s.metrics {
			for _, b := range m.bars {
				if b.against != "" && (!slices.Contains(peers, b.against) || slices.Contains(s.without, b.against)) {
					t.Errorf("%s: %s is held against %s", s.name, m.key, b.against)
				}
			}
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 3: "3", 0.6543: "0.65", 12.34: "12.3", 1234.5: "1234"} {
		if got := number(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	at, ok := stamp([]byte(`42["e",{"a":1,"ts":"2026-01-02T03:04:05.000006Z"},"c"]`))
	if !ok || at.Nanosecond() != 6000 || at.Second() != 5 {
		t.Error(at, ok)
	}
	for _, bad := range []string{"", `"ts":"`, `"ts":"x"`} {
		if at, ok := stamp([]byte(bad)); ok {
			t.Errorf("%q: %v", bad, at)
		}
	}
}
