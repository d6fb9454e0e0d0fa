package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/harness/sio"
)

// bySocketIO follows a video as a stock client does: it subscribes, and comes
// again with what it remembers.
func bySocketIO(transport sio.Transport) *door {
	return &door{
		name:   "Socket.IO by " + string(transport),
		hears:  func(*models.Event) bool { return true },
		follow: func(ctx context.Context, v *viewer) error { return followSocketIO(ctx, v, transport) },
	}
}

func followSocketIO(ctx context.Context, v *viewer, transport sio.Transport) error {
	v.mu.Lock()
	pid, offset, cursor := v.pid, v.offset, v.cursor
	v.pid, v.offset = "", ""
	v.mu.Unlock()
	config := sio.Config{
		URL: v.house.url, HTTP: v.house.client, Transport: transport, Token: func() (string, error) { return v.token, nil },
		PID: pid, Offset: offset,
	}
	var client *sio.Client
	var asking sync.WaitGroup
	defer asking.Wait()
	var early []sio.Event // until the ack, which comes after what was missed
	subscribed, gone := pid != "", false
	epoch, _, _ := strings.Cut(cursor, ".")
	show := func(e sio.Event) {
		id, seq := placeOf(e.Payload())
		if !strings.HasPrefix(e.Name, "video:") || id != v.video {
			return
		}
		at := e.Cursor()
		if at == "" && !subscribed { // told again by the subscription: it must not move the client's own place
			at = rooms.Cursor{Epoch: epoch, Seq: seq}.String()
		}
		v.see(e.Name, at, e.Payload())
	}
	config.OnEvent = func(e sio.Event) {
		switch {
		case e.Name == string(models.EventStreamReset):
			v.complain("stream:reset: %s", e.Payload())
		case subscribed:
			show(e)
		default:
			early = append(early, e)
		}
	}
	config.OnConnect = func(s sio.Session) {
		if pid != "" && !s.Recovered {
			v.complain("the session was not taken up")
		}
		if s.Recovered {
			return
		}
		err := client.EmitFunc(ctx, func(args []json.RawMessage, err error) {
			if err == nil {
				gone, err = readAck(args)
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, sio.ErrNotConnected) {
				v.complain("subscribe: %v", err)
			}
			if err != nil || gone {
				asking.Go(func() { _ = client.Cut() })
				return
			}
			slices.SortStableFunc(early, func(a, b sio.Event) int {
				_, x := placeOf(a.Payload())
				_, y := placeOf(b.Payload())
				return cmp.Compare(x, y)
			})
			for _, e := range early {
				show(e)
			}
			subscribed, early = true, nil
		}, "video:subscribe", map[string]string{"videoId": v.video, "after": cursor})
		if err != nil && ctx.Err() == nil {
			v.complain("subscribe: %v", err)
		}
	}
	client = sio.New(config)
	over := make(chan struct{})
	asking.Go(func() {
		select {
		case <-ctx.Done():
		case <-over:
		}
		for { // without a word: with its context's end Run would say good-bye
			_ = client.Cut()
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	err := client.Run(context.WithoutCancel(ctx))
	close(over)
	if gone {
		return errGone
	}
	if subscribed { // else it knows nothing yet
		v.mu.Lock()
		v.pid, v.offset = client.Offset()
		v.mu.Unlock()
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func readAck(args []json.RawMessage) (gone bool, err error) {
	var ack struct {
		OK    bool
		Reset bool
		Error struct{ Code models.Code }
	}
	if len(args) != 1 || json.Unmarshal(args[0], &ack) != nil {
		return false, fmt.Errorf("the ack is %s", args)
	}
	if ack.Error.Code == models.CodeNotFound {
		return true, nil
	}
	if !ack.OK || ack.Reset {
		return false, fmt.Errorf("the ack is %s", args[0])
	}
	return false, nil
}

// placeOf reads the video and the place of an event from its payload.
func placeOf(payload json.RawMessage) (video string, seq uint64) {
	var p struct {
		VideoID string `json:"videoId"`
		Seq     uint64 `json:"seq"`
	}
	_ = json.Unmarshal(payload, &p)
	return p.VideoID, p.Seq
}
