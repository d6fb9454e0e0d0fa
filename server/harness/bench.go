package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"reelroom/server/harness/bench"
)

type benchCommand struct {
	Server      string        `help:"Our built server; without it, it is built by the go command." type:"existingfile"`
	Centrifugo  string        `help:"A Centrifugo 5 that you have built; without it that column is left out." type:"existingfile"`
	NodeModules string        `name:"node-modules" help:"Folder in which the Node peer's packages are; without it they are installed by npm ci." type:"existingdir"`
	MongoDB     string        `name:"mongodb" help:"A MongoDB in which databases may be made; two nodes of ours need one." env:"MONGODB_TEST_URI" placeholder:"URI"`
	Scenario    []string      `help:"Only these: paced, burst, idle, handshakes, latency, slow, storm." placeholder:"NAME"`
	Peer        []string      `help:"Only these: reelroom, node, centrifugo, write." placeholder:"NAME"`
	Runs        int           `help:"How often each is measured; the median is shown." default:"3"`
	Duration    time.Duration `help:"How long events are sent where they are paced." default:"10s"`
	Scale       float64       `help:"Multiplies the numbers of clients." default:"1"`
	Pad         int           `help:"Bytes that make each event longer." default:"0"`
	Out         string        `help:"Write everything that was measured to this file, as JSON." placeholder:"FILE"`
}

func (c benchCommand) Run(a *app) error {
	all, peers := bench.Names()
	for _, chosen := range []struct{ what, known []string }{{c.Scenario, all}, {c.Peer, peers}} {
		for _, name := range chosen.what {
			if !slices.Contains(chosen.known, name) {
				return usage("%q is none of %s", name, strings.Join(chosen.known, ", "))
			}
		}
	}
	switch {
	case c.Runs < 1 || c.Runs > 100 || c.Duration < time.Second || c.Duration > time.Hour:
		return usage("--runs must be 1 to 100, and --duration 1s to 1h")
	case !(c.Scale > 0 && c.Scale <= 7) || c.Pad < 0 || c.Pad > maxPad:
		return usage("--scale must be above 0 and at most 7, and --pad 0 to %d", maxPad)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	report, err := bench.Run(a.ctx, bench.Config{
		Server: c.Server, Centrifugo: c.Centrifugo, NodeModules: c.NodeModules, MongoURI: c.MongoDB, Self: []string{self, "write-server"},
		Scenarios: c.Scenario, Peers: c.Peer, Runs: c.Runs, Duration: c.Duration, Scale: c.Scale, Pad: c.Pad, Note: a.note,
	})
	if err != nil {
		return err
	}
	if c.Out != "" {
		raw, err := json.MarshalIndent(report, "", "  ")
		if err == nil {
			err = os.WriteFile(c.Out, append(raw, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if a.JSON {
		return a.print(report)
	}
	_, err = fmt.Fprint(a.out, report.Markdown())
	return err
}

// maxPad keeps an event below what the server takes.
const maxPad = 32 << 10

// writeServerCommand is the floor that the bench measures against.
type writeServerCommand struct{}

func (writeServerCommand) Run(a *app) error { return bench.ServeFloor(a.ctx, a.out) }
