package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scraped are the metrics of a server: the values of each label, by name.
func scraped(t *testing.T) map[string]map[string][]string {
	t.Helper()
	h := openHouse(t, nil)
	h.back.Log.Count(t.Context(), "failures corrupt", 1)
	answer := h.ask(http.MethodGet, "/metrics", "", nil)
	if answer.Code != http.StatusOK {
		t.Fatalf("/metrics answered %d", answer.Code)
	}
	found := map[string]map[string][]string{}
	label := regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
	for line := range strings.Lines(answer.Body.String()) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "#" {
			continue
		}
		if name, rest, _ = strings.Cut(name+" "+rest, "{"); rest == "" {
			name, _, _ = strings.Cut(name, " ")
		}
		if found[name] == nil {
			found[name] = map[string][]string{"instance": nil} // which Prometheus adds
		}
		for _, m := range label.FindAllStringSubmatch(rest, -1) {
			found[name][m[1]] = append(found[name][m[1]], m[2])
		}
	}
	return found
}

type boardPanel struct {
	ID         int
	Type       string
	Title      string
	Datasource struct{ UID string }
	GridPos    struct{ X, Y, W, H int }
	Targets    []struct {
		Datasource         struct{ UID string }
		Expr, LegendFormat string
	}
}

// Everything that the board shows is there: each metric, each label, and each
// value that is asked for.
func TestBoardShowsWhatIsMeasured(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("monitoring/board.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
		Panels []boardPanel
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	variables := map[string]bool{"__rate_interval": true}
	for _, v := range board.Templating.List {
		variables[v.Name] = true
	}
	if !variables["datasource"] || board.Templating.List[0].Type != "datasource" {
		t.Error("the data source is no variable")
	}
	metrics := scraped(t)
	expr := &exprCheck{t: t, metrics: metrics, variables: variables}
	seen := map[int]bool{}
	for i, p := range board.Panels {
		if p.ID == 0 || seen[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q has no id of its own, no title or no place", p.Title)
		}
		seen[p.ID] = true
		for _, q := range board.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q lies on %q", p.Title, q.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%q asks %q for %d things", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" || target.LegendFormat == "" {
				t.Errorf("%q: %q", p.Title, target.Expr)
			}
			expr.check(target.Expr, target.LegendFormat)
		}
	}
	if len(seen) < 20 || expr.checked < 40 {
		t.Errorf("%d panels with %d expressions", len(seen), expr.checked)
	}
	for _, v := range board.Templating.List {
		if m := regexp.MustCompile(`label_values\((\w+),`).FindStringSubmatch(v.Definition); v.Definition != "" && (m == nil || metrics[m[1]] == nil) {
			t.Errorf("the variable %s asks for %s", v.Name, v.Definition)
		}
	}
}

// exprCheck looks at expressions of PromQL, as far as this board uses it.
type exprCheck struct {
	t         *testing.T
	metrics   map[string]map[string][]string
	variables map[string]bool
	checked   int
}

var (
	ofMetric   = regexp.MustCompile(`\b((?:reelroom|process|go)_[a-z_]+)\{([^{}]*)\}`)
	ofLabel    = regexp.MustCompile(`^([a-z_]+)(=~|=)"([^"]*)"$`)
	ofGrouping = regexp.MustCompile(`\bby \(([a-z_, ]+)\)`)
	ofVariable = regexp.MustCompile(`\$\{?(\w+)`)
	ofWord     = regexp.MustCompile(`[a-z_]+`)
	ofLegend   = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func (c *exprCheck) check(expr, legend string) {
	c.checked++
	depth := 0
	for _, r := range expr {
		if depth += map[rune]int{'(': 1, ')': -1}[r]; depth < 0 {
			break
		}
	}
	if depth != 0 {
		c.t.Errorf("unbalanced: %s", expr)
	}
	for _, m := range ofVariable.FindAllStringSubmatch(expr, -1) {
		if !c.variables[m[1]] {
			c.t.Errorf("no variable %s: %s", m[1], expr)
		}
	}
	used := ofMetric.FindAllStringSubmatch(expr, -1)
	if len(used) != 1 {
		c.t.Errorf("not one metric: %s", expr)
		return
	}
	have := c.metrics[used[0][1]]
	if have == nil {
		c.t.Errorf("nothing measures %s", used[0][1])
		return
	}
	if strings.HasSuffix(used[0][1], "_total") || strings.HasSuffix(used[0][1], "_bucket") {
		if !strings.Contains(expr, "rate("+used[0][0]+"[$__rate_interval])") {
			c.t.Errorf("a counter without its rate: %s", expr)
		}
	} else if strings.Contains(expr, "rate(") {
		c.t.Errorf("the rate of a gauge: %s", expr)
	}
	for part := range strings.SplitSeq(used[0][2], ",") {
		m := ofLabel.FindStringSubmatch(part)
		if m == nil {
			c.t.Errorf("no matcher: %s in %s", part, expr)
			continue
		}
		values, ok := have[m[1]]
		if !ok {
			c.t.Errorf("%s has no label %s", used[0][1], m[1])
		}
		if strings.HasPrefix(m[3], "$") {
			continue
		}
		for want := range strings.SplitSeq(m[3], "|") {
			if !slices.Contains(values, want) {
				c.t.Errorf("%s is never %s=%q", used[0][1], m[1], want)
			}
		}
	}
	var kept []string
	for _, m := range ofGrouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(m[1], ", ") {
			kept = append(kept, label)
			if _, ok := have[label]; !ok {
				c.t.Errorf("%s has no label %s: %s", used[0][1], label, expr)
			}
		}
	}
	for _, m := range ofLegend.FindAllStringSubmatch(legend, -1) {
		if !slices.Contains(kept, m[1]) {
			c.t.Errorf("the legend %q names what %s does not keep", legend, expr)
		}
	}
	rest := ofVariable.ReplaceAllString(ofGrouping.ReplaceAllString(ofMetric.ReplaceAllString(expr, ""), ""), "")
	for _, word := range ofWord.FindAllString(rest, -1) {
		if !slices.Contains([]string{"sum", "max", "rate", "histogram_quantile"}, word) {
			c.t.Errorf("what is %s in %s", word, expr)
		}
	}
}

// The containers of the monitoring find the files that are given to them, and
// come only when they are asked for.
func TestMonitoringContainersFindTheirFiles(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	mounts := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ +- \./([\w./-]+):(/[\w./-]+):ro$`).FindAllStringSubmatch(text, -1) {
		mounts[m[2]] = m[1]
		if info, err := os.Stat(filepath.Join("..", m[1])); err != nil || info.IsDir() {
			t.Errorf("%s is given to a container, and is no file: %v", m[1], err)
		}
	}
	if len(mounts) != 4 {
		t.Errorf("%d files are given to containers: %v", len(mounts), mounts)
	}
	for _, service := range []string{"prometheus", "grafana"} {
		_, rest, ok := strings.Cut(text, "\n  "+service+":\n")
		body, _, _ := strings.Cut(rest, "\n\n")
		if !ok || !strings.Contains(body, "profiles: [monitoring]") || strings.Contains(body, "0.0.0.0") || !strings.Contains(body, `ports: ["127.0.0.1:`) {
			t.Errorf("%s comes unasked, or is open to the network:\n%s", service, body)
		}
	}
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join("monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	_, path, _ := strings.Cut(read("boards.yml"), "path: ")
	if path = strings.TrimSpace(path); mounts[path+"/reelroom.json"] != "server/monitoring/board.json" {
		t.Errorf("boards are looked for in %s", path)
	}
	if !strings.Contains(read("datasource.yml"), "url: http://prometheus:9090") || !strings.Contains(text, "--config.file=/etc/prometheus/prometheus.yml") ||
		mounts["/etc/prometheus/prometheus.yml"] == "" || !strings.Contains(read("prometheus.yml"), "names: [server]") || !strings.Contains(read("prometheus.yml"), "port: 5000") {
		t.Error("Grafana, Prometheus and the server do not find each other")
	}
}
