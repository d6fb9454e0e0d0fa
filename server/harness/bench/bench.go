package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reelroom/server/harness/load"
	"reelroom/server/limits"
)

// Config says what is measured.
type Config struct {
	// Server is our built server; "" builds it with the go command.
	Server string
	// Centrifugo is a built Centrifugo; "" leaves it out.
	Centrifugo string
	// NodeModules is a folder in which the Node peer's packages are installed;
	// "" installs them with npm.
	NodeModules string
	// MongoURI is a MongoDB in which databases may be made; "" leaves out what
	// needs two nodes of ours.
	MongoURI string
	// Self starts [ServeFloor].
	Self []string

	// Scenarios and Peers choose some of all; nil for all.
	Scenarios, Peers []string
	// Runs is how often each is measured; Duration how long events are sent in
	// the paced scenarios.
	Runs     int
	Duration time.Duration
	// Scale multiplies the numbers of clients; 1 for those of the marks.
	Scale float64
	// Pad makes our events longer by so many bytes; those of the others follow.
	Pad int
	// Note is told what is done at present.
	Note func(format string, args ...any)
}

// Names returns the scenarios and the peers that can be chosen.
func Names() (all, peers []string) {
	for _, s := range scenarios {
		all = append(all, s.name)
	}
	return all, []string{ours, node, centrifugo, floor}
}

// bench is one run of [Run].
type bench struct {
	Config
	http   *http.Client
	dir    string
	secret string
	redis  *redisServer
	// nodeProgram is the node command.
	nodeProgram string
	report      Report
}

// spareFiles is what this process needs beside its sockets.
const spareFiles = 128

// Run measures. What cannot be measured here is left out, and the report says
// why; the error is of what went wrong.
func Run(ctx context.Context, c Config) (report Report, err error) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return report, fmt.Errorf("the bench needs Linux, whose /proc tells what a process uses: %w", err)
	}
	b := &bench{Config: c, secret: fmt.Sprintf("%032x", rand.Uint64())}
	if b.dir, err = os.MkdirTemp("", "reelroom-bench-"); err != nil {
		return report, err
	}
	defer os.RemoveAll(b.dir)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	defer transport.CloseIdleConnections()
	b.http = &http.Client{Transport: transport, Timeout: time.Minute}
	b.report.machine()
	if b.Server == "" {
		if err := b.build(ctx); err != nil {
			return report, err
		}
	}
	if b.redis, err = startRedis(ctx, b.dir); err != nil {
		b.report.leaveOut("everything over Redis: %v", err)
		b.redis = nil
	} else {
		defer b.redis.kill()
	}
	peers := b.peers(ctx)
	for _, s := range scenarios {
		if len(c.Scenarios) > 0 && !slices.Contains(c.Scenarios, s.name) {
			continue
		}
		if err := b.measure(ctx, s, peers); err != nil {
			return b.report, err
		}
	}
	return b.report, nil
}

// build makes our server from the sources around.
func (b *bench) build(ctx context.Context) error {
	b.Note("building the server")
	b.Server = filepath.Join(b.dir, "server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.Server, "reelroom/server").CombinedOutput(); err != nil {
		return fmt.Errorf("build the server (or name a built one with --server): %w: %.500s", err, out)
	}
	return nil
}

// peers returns those that can be started.
func (b *bench) peers(ctx context.Context) (all []*peer) {
	chosen := func(name string) bool { return len(b.Peers) == 0 || slices.Contains(b.Peers, name) }
	if chosen(ours) {
		all = append(all, b.reelroom())
		if b.MongoURI == "" {
			b.report.leaveOut("two nodes of %s: they need a MongoDB (--mongodb)", ours)
		}
	}
	if chosen(node) {
		if err := b.installNode(ctx); err != nil {
			b.report.leaveOut("%s: %v", node, err)
		} else {
			all = append(all, b.nodePeer())
		}
	}
	if chosen(centrifugo) {
		if b.Centrifugo == "" {
			b.report.leaveOut("%s: no binary was named (--centrifugo)", centrifugo)
		} else {
			all = append(all, b.centrifugoPeer())
		}
	}
	if chosen(floor) {
		all = append(all, b.floorPeer())
	}
	for _, p := range all {
		b.report.Peers = append(b.report.Peers, Peer{p.name, p.about})
	}
	return all
}

// sockets scales a number of clients.
func (b *bench) sockets(n int) int { return max(1, int(float64(n)*b.Scale)) }

// database names a fresh database of the MongoDB.
func (b *bench) database() string {
	u, err := url.Parse(b.MongoURI)
	if err != nil {
		return b.MongoURI // the server will say what is wrong with it
	}
	u.Path = "/reelroom_bench_" + runID()
	return u.String()
}

// measure runs a scenario with every peer in turn, as often as was asked.
func (b *bench) measure(ctx context.Context, s scenario, peers []*peer) error {
	if need := b.sockets(s.sockets) + spareFiles; limits.Descriptors() > 0 && uint64(need) > limits.Descriptors() {
		b.report.leaveOut("%s: it needs %d open files, and a process may have %d here: raise it with ulimit -n %d",
			s.name, need, limits.Descriptors(), need)
		return nil
	}
	out := Scenario{Name: s.name, Title: s.title, Scale: b.Scale}
	for _, p := range peers {
		if slices.Contains(s.without, p.name) || s.nodes > 1 && !p.clustered {
			continue
		}
		out.Peers = append(out.Peers, p.name)
	}
	for run := range b.Runs {
		for _, p := range peers {
			if !slices.Contains(out.Peers, p.name) {
				continue
			}
			got, err := b.once(ctx, s, p)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil { // the others go on
				b.report.leaveOut("%s, run %d of %s: %v", s.name, run+1, p.name, err)
				continue
			}
			b.Note("%s, run %d of %d, %s: %s", s.name, run+1, b.Runs, p.name, got.words(s.metrics))
			out.Runs = append(out.Runs, Figures{p.name, run + 1, got})
		}
	}
	out.judge(s.metrics)
	b.report.Scenarios = append(b.report.Scenarios, out)
	return nil
}

// once starts a peer, measures it, and ends it.
func (b *bench) once(ctx context.Context, s scenario, p *peer) (figures, error) {
	if b.report.FrameBytes == 0 && p.name != ours {
		if err := b.measureFrame(ctx); err != nil {
			return nil, err
		}
	}
	setup, err := p.start(ctx, s.nodes, s.shared)
	if err != nil {
		return nil, err
	}
	defer setup.close()
	return s.run(b, ctx, setup)
}

// measureFrame finds how long our events are, so that those of the others can
// be as long.
func (b *bench) measureFrame(ctx context.Context) error {
	s, err := b.reelroom().start(ctx, 1, false)
	if err != nil {
		return err
	}
	defer s.close()
	run := runID()
	f := s.fleet(run, 1)
	defer f.Close()
	if _, err := connect(ctx, f, 1); err != nil {
		return err
	}
	const events = 20
	pause(ctx, time.Second)
	before := f.Count(0).Bytes
	for n := range uint64(events) {
		if err := s.publish(ctx, 0, load.Marker{Run: run, N: n + 1}); err != nil {
			return err
		}
	}
	if !f.Wait(ctx, settleTime, events) {
		return fmt.Errorf("our events did not come: %v", f.Failures())
	}
	b.report.FrameBytes = int(f.Count(0).Bytes-before) / events
	return nil
}

func (f figures) words(metrics []metric) string {
	var words []string
	for _, m := range metrics {
		if v, ok := f[m.key]; ok {
			words = append(words, fmt.Sprintf("%s %s", m.label, number(v)))
		}
	}
	return strings.Join(words, "; ")
}
