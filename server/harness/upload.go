package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
)

type uploadCommand struct {
	Files     []string      `arg:"" name:"file" help:"Files to upload."`
	Title     string        `help:"Title, for one file; without it the server takes the file's name."`
	Resumable bool          `help:"Send by tus: an upload that is cut goes on where it was."`
	Watch     bool          `help:"Stay until each video has its outcome."`
	Parallel  int           `help:"Uploads at once, at most 64." default:"2"`
	Timeout   time.Duration `help:"End after this time, with what is unfinished counted as failed." placeholder:"DURATION"`
}

func (c uploadCommand) Run(a *app) error {
	switch {
	case c.Title != "" && len(c.Files) > 1:
		return usage("--title is for one file, and there are %d", len(c.Files))
	case c.Parallel < 1 || c.Parallel > maxParallel:
		return usage("--parallel must be 1 to %d", maxParallel)
	case c.Timeout < 0:
		return usage("--timeout cannot be negative")
	}
	ctx, stop := context.WithCancelCause(a.ctx)
	defer stop(nil)
	if c.Timeout > 0 {
		late := models.Errorf(models.CodeTimeout, "not done within %s", c.Timeout)
		defer time.AfterFunc(c.Timeout, func() { stop(late) }).Stop()
	}
	a.board = newBoard(a.screen)
	defer a.board.close()
	u := &uploading{uploadCommand: c, app: a, slots: make(chan struct{}, c.Parallel)}
	if c.Watch {
		f, err := a.follow(ctx)
		if err != nil {
			return err
		}
		u.follower = f
		defer f.wait()
		defer stop(nil)
	}
	var all sync.WaitGroup
	for _, file := range c.Files {
		all.Go(func() { u.one(ctx, file) })
	}
	all.Wait()
	if n := u.failed.Load(); n > 0 {
		if len(c.Files) > 1 {
			a.note("%d of %d failed", n, len(c.Files))
		}
		return errReported
	}
	return nil
}

// uploading is one run of the command.
type uploading struct {
	uploadCommand
	app      *app
	follower *follower
	// slots bounds the uploads at once; a video that is only watched has none.
	slots  chan struct{}
	failed atomic.Int64
}

// uploaded is what became of a file, as --json prints it, one a line.
type uploaded struct {
	File string `json:"file"`
	ID   string `json:"id,omitempty"`
	// Outcome is a video's status: queued without --watch; "error" when the
	// upload or the watching of it failed.
	Outcome  string           `json:"outcome"`
	Code     models.Code      `json:"code,omitempty"`
	Message  string           `json:"message"`
	Document *models.Document `json:"document,omitempty"`
}

// one uploads a file, waits for its outcome if asked to, and prints it.
func (u *uploading) one(ctx context.Context, file string) {
	result, err := u.try(ctx, file)
	if errors.Is(err, context.Canceled) && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		t := explain(err, u.app.address())
		result.Outcome, result.Code, result.Message = "error", t.Code, t.Message
		if t.Hint != "" && !u.app.JSON {
			result.Message += "\n  " + t.Hint
		}
	}
	if result.Outcome != string(models.StatusQueued) && result.Outcome != string(models.StatusCompleted) {
		u.failed.Add(1)
	}
	u.app.tell(result)
}

// tell prints what became of a file: what failed without an id goes to the
// screen, everything else is a result.
func (a *app) tell(r uploaded) {
	switch {
	case a.JSON:
		_ = a.print(r)
	case r.Outcome == "error":
		_ = a.board.print(a.screen, clean(fmt.Sprintf("%s: %s: %s", r.File, r.Code, r.Message), true))
		if r.ID != "" {
			_ = a.board.print(a.out, clean(fmt.Sprintf("%s  uploaded, outcome unknown  %s", r.ID, r.File), false))
		}
	default:
		_ = a.board.print(a.out, clean(fmt.Sprintf("%s  %s  %s", r.ID, r.Message, r.File), false))
	}
}

func (u *uploading) try(ctx context.Context, file string) (result uploaded, err error) {
	result.File = file
	name := filepath.Base(file)
	select {
	case u.slots <- struct{}{}:
	case <-ctx.Done():
		return result, context.Cause(ctx)
	}
	row := u.app.board.add(name, 1, bytesUnit)
	defer row.remove()
	send := u.app.send
	if u.Resumable {
		send = u.app.sendResumable
	}
	doc, err := send(ctx, file, u.Title, row)
	<-u.slots
	if err != nil {
		return result, err
	}
	result.ID, result.Outcome, result.Message, result.Document = doc.ID, string(doc.Status), string(doc.Status), &doc
	if u.follower == nil {
		return result, nil
	}
	u.app.note("%s: uploaded as %s", name, doc.ID)
	row.begin(name, 100, percentUnit)
	end, err := u.follower.outcome(ctx, doc.ID, u.show(name, row))
	if err != nil {
		return result, err
	}
	d := end.digest()
	result.Outcome, result.Code, result.Message = string(d.Status), d.Code, outcome(end.Event, d)
	if latest, err := u.app.video(ctx, doc.ID); err == nil {
		result.Document = &latest
	}
	return result, nil
}

// show draws progress, or says each stage once where there are no bars.
func (u *uploading) show(name string, row *row) func(received, digest) {
	var mu sync.Mutex // the state and the events come from two goroutines
	var said models.Stage
	return func(_ received, d digest) {
		mu.Lock()
		defer mu.Unlock()
		if d.Progress != nil {
			label := name
			if d.Stage != "" {
				label = fmt.Sprintf("%-11s %s", d.Stage, name)
			}
			row.set(int64(*d.Progress), label)
		}
		if u.app.screen.width == 0 && d.Stage != said && d.Stage != "" && !d.Status.Terminal() {
			said = d.Stage
			u.app.note("%s: %s", name, d.Message)
		}
	}
}
