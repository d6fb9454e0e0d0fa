package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

type emitCommand struct {
	Event     string        `arg:"" help:"Name of the event, such as video:subscribe."`
	Args      []string      `arg:"" optional:"" name:"json" help:"Arguments, each one JSON; a string needs its quotes: '\"text\"'."`
	NoAck     bool          `help:"Do not ask for an acknowledgement."`
	Timeout   time.Duration `help:"How long to wait for it." default:"5s"`
	Transport string        `help:"Transport: websocket or polling." default:"websocket" enum:"websocket,polling"`
}

func (c emitCommand) Run(a *app) error {
	args := make([]any, len(c.Args))
	for i, s := range c.Args {
		if !json.Valid([]byte(s)) {
			return usage("%s is not JSON; a string needs its quotes: '\"text\"'", s)
		}
		args[i] = json.RawMessage(s)
	}
	if c.Timeout <= 0 {
		return usage("--timeout must be positive")
	}
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	connected, done := make(chan struct{}), make(chan error, 1)
	// It does not reconnect, so connected is told once, and Run says why the
	// connection was lost.
	client := a.client(sio.Config{Transport: sio.Transport(c.Transport), OnConnect: func(sio.Session) { close(connected) }})
	go func() { done <- client.Run(ctx) }()
	select {
	case err := <-done:
		return orInterrupted(err)
	case <-connected:
	}
	err := c.send(ctx, a, client, args)
	if errors.Is(err, sio.ErrNotConnected) {
		return orInterrupted(<-done)
	}
	stop()
	<-done
	return err
}

// orInterrupted is for a client that ended before it was used: it returns no
// error when it was told to stop.
func orInterrupted(err error) error {
	if err == nil {
		return context.Canceled
	}
	return err
}

func (c emitCommand) send(ctx context.Context, a *app, client *sio.Client, args []any) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if c.NoAck {
		return client.Emit(ctx, c.Event, args...)
	}
	begin := time.Now()
	ack, err := client.EmitWithAck(ctx, c.Event, args...)
	took := time.Since(begin)
	if errors.Is(err, context.DeadlineExceeded) {
		return models.Errorf(models.CodeTimeout, "no acknowledgement of %s within %s", c.Event, c.Timeout)
	}
	if err != nil {
		return err
	}
	if a.JSON {
		err = a.print(struct {
			Event  string            `json:"event"`
			Ack    []json.RawMessage `json:"ack"`
			TookMs float64           `json:"tookMs"`
		}{c.Event, ack, milliseconds(took)})
	} else {
		err = printAck(a, ack)
	}
	var refusal struct {
		OK *bool `json:"ok"`
	}
	if err == nil && len(ack) > 0 && json.Unmarshal(ack[0], &refusal) == nil && refusal.OK != nil && !*refusal.OK {
		return errReported
	}
	return err
}

func printAck(a *app, ack []json.RawMessage) error {
	if len(ack) == 0 {
		_, err := fmt.Fprintln(a.out, "acknowledged, without a value")
		return err
	}
	for _, value := range ack {
		var b bytes.Buffer
		if err := json.Indent(&b, value, "", "  "); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(a.out, clean(b.String(), true)); err != nil {
			return err
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(10*time.Microsecond)) / 1e6 }
