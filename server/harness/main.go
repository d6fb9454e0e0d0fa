package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"reelroom/models/buildinfo"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, terminal(os.Stderr))
	stop()
	os.Exit(code)
}

// screen is where progress and errors go. width is in columns, 0 when it is
// not a terminal: then there are no bars.
type screen struct {
	io.Writer
	width int
}

func terminal(f *os.File) screen {
	if !term.IsTerminal(int(f.Fd())) {
		return screen{f, 0}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return screen{f, width}
}

// answerTime bounds the wait for an answer once a request was sent whole; it is
// longer than any long poll.
const answerTime = 90 * time.Second

// commandLine is all that can be asked.
type commandLine struct {
	settings
	Version kong.VersionFlag `help:"Print the version and end."`

	Token   tokenCommand   `cmd:"" help:"Make a token and print it."`
	Upload  uploadCommand  `cmd:"" help:"Upload videos; with --watch, stay until each has its outcome."`
	Watch   watchCommand   `cmd:"" help:"Show events as they happen."`
	Emit    emitCommand    `cmd:"" help:"Send an event as a Socket.IO client and print the acknowledgement."`
	Publish publishCommand `cmd:"" help:"Publish events for a video, as an outside worker does."`
	Load    loadCommand    `cmd:"" help:"Put many sockets on a server; say how late events were, and what was lost."`
	Verify  verifyCommand  `cmd:"" help:"Try an installation: delivery, resume, isolation; list what broke."`
	Bench   benchCommand   `cmd:"" help:"Measure this server and its peers side by side on this machine."`

	WriteServer writeServerCommand `cmd:"" hidden:""`
}

func versionLine() string {
	var line strings.Builder
	buildinfo.Print(&line, "harness")
	return strings.TrimSuffix(line.String(), "\n")
}

// app is what a command works with.
type app struct {
	ctx context.Context
	settings
	out    io.Writer
	screen screen
	http   *http.Client
	// board is set while a command has bars.
	board *board

	mu   sync.Mutex
	kept map[person]minted
}

// minted is a token that was made here, and when.
type minted struct {
	token string
	at    time.Time
}

// keep is [settings.bearer] for many requests: a token is made anew when half of
// its life is over.
func (a *app) keep(p person) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m, ok := a.kept[p]; ok && time.Since(m.at) < mintedTTL/2 {
		return m.token, nil
	}
	token, err := a.bearer(p)
	if err == nil {
		if a.kept == nil {
			a.kept = map[person]minted{}
		}
		a.kept[p] = minted{token, time.Now()}
	}
	return token, err
}

// run is the program without its process: it returns the exit code.
func run(ctx context.Context, args []string, out io.Writer, scr screen) int {
	var line commandLine
	exited := -1
	parser, err := kong.New(&line,
		kong.Name("harness"),
		kong.Description("Try a Reelroom server from outside."),
		kong.Writers(out, scr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"url": defaultURL(os.Getenv), "version": versionLine()},
	)
	if err != nil {
		panic(err) // the definition above is wrong, whatever was asked
	}
	command, err := parser.Parse(args)
	if exited == 0 { // --help or --version was printed
		return exitOK
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxParallel
	transport.ResponseHeaderTimeout = answerTime
	defer transport.CloseIdleConnections()
	a := &app{ctx: ctx, settings: line.settings, out: out, screen: scr, http: &http.Client{Transport: transport}}
	if err == nil {
		err = command.Run(a)
	} else {
		err = usage("%v; see harness --help", err)
	}
	if err == nil {
		return exitOK
	}
	return a.report(err)
}
