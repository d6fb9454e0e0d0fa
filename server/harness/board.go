package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	// maxRows bounds the bars on the screen; more are counted in words.
	maxRows = 12
	// redrawEvery is the time between two drawings.
	redrawEvery = 100 * time.Millisecond
	// nameColumns is the room for a row's name, barColumns for its bar.
	nameColumns = 24
	barColumns  = 20
)

// board keeps several bars at the bottom of a terminal, and prints whole lines
// above them. On anything but a terminal it has no bars.
type board struct {
	screen screen
	stop   chan struct{}
	done   chan struct{}

	mu    sync.Mutex
	rows  []*row
	drawn int
}

// newBoard returns a board that is drawn until close.
func newBoard(s screen) *board {
	b := &board{screen: s, stop: make(chan struct{}), done: make(chan struct{})}
	if s.width == 0 {
		close(b.done)
		return b
	}
	go func() {
		defer close(b.done)
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-b.stop:
				return
			case <-tick.C:
				b.mu.Lock()
				b.draw()
				b.mu.Unlock()
			}
		}
	}()
	return b
}

// close takes the bars off the screen and ends the drawing.
func (b *board) close() {
	close(b.stop)
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = nil
	b.wipe()
}

// print writes a line above the bars.
func (b *board) print(w io.Writer, line string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wipe()
	_, err := fmt.Fprintln(w, line)
	if b.screen.width > 0 {
		b.draw()
	}
	return err
}

func (b *board) wipe() {
	if b.drawn > 0 {
		// Up to the first bar, then clear to the end of the screen.
		_, _ = fmt.Fprintf(b.screen, "\x1b[%dA\r\x1b[J", b.drawn)
		b.drawn = 0
	}
}

func (b *board) draw() {
	var s strings.Builder
	rows := b.rows
	if len(rows) > maxRows {
		rows = rows[:maxRows]
	}
	for _, r := range rows {
		s.WriteString(short(r.render(), b.screen.width-1) + "\n")
	}
	drawn := len(rows)
	if rest := len(b.rows) - len(rows); rest > 0 {
		fmt.Fprintf(&s, "… and %d more\n", rest)
		drawn++
	}
	b.wipe()
	_, _ = io.WriteString(b.screen, s.String())
	b.drawn = drawn
}

// row is one bar. Every method may be called by any goroutine.
type row struct {
	board *board
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	last  int64
	total int64
}

// unit is what a bar counts.
type unit int

const (
	bytesUnit unit = iota
	eventsUnit
	percentUnit
)

// add puts a bar on the board.
func (b *board) add(name string, total int64, u unit) *row {
	r := &row{board: b}
	r.begin(name, total, u)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, r)
	return r
}

// begin starts the bar anew, for the next thing that is waited for.
func (r *row) begin(name string, total int64, u unit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.total = 0, max(total, 1)
	options := []progressbar.Option{
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(barColumns),
		progressbar.OptionSetDescription(column(name, nameColumns)),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}),
		progressbar.OptionSetElapsedTime(u != percentUnit),
		progressbar.OptionSetPredictTime(u != percentUnit),
		progressbar.OptionShowBytes(u == bytesUnit),
	}
	if u != percentUnit {
		options = append(options, progressbar.OptionShowCount())
	}
	r.bar = progressbar.NewOptions64(r.total, options...)
}

// advance adds to what is done.
func (r *row) advance(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.move(r.last + n)
}

// set says how much is done; it never goes back within one begin.
func (r *row) set(n int64, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bar.Describe(column(name, nameColumns))
	r.move(n)
}

func (r *row) move(n int64) {
	if n = min(n, r.total); n > r.last {
		r.last = n
		_ = r.bar.Set64(n) // it writes to nowhere
	}
}

// remove takes the bar off the board.
func (r *row) remove() {
	b := r.board
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = slices.DeleteFunc(b.rows, func(x *row) bool { return x == r })
	if b.screen.width > 0 {
		b.draw()
	}
}

func (r *row) render() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.bar.RenderBlank()
	return strings.TrimSpace(strings.Trim(r.bar.String(), "\r\n"))
}

// column cuts or fills a name to a width.
func column(s string, width int) string {
	return fmt.Sprintf("%-*s", width, short(clean(s, false), width))
}
