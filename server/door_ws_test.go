package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

const wsName = "ws"

// byWS follows the job over a raw WebSocket.
func byWS() *door {
	d := &door{name: wsName, hears: everything, same: sameJob}
	d.follow = func(ctx context.Context, v *viewer) error {
		q := url.Values{"jobId": {v.video}, "token": {v.token}}
		if at := v.at(); at != "" {
			q.Set("after", at)
		}
		conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(v.house.url, "http")+"/ws?"+q.Encode(), &websocket.DialOptions{HTTPClient: v.house.client})
		if err != nil {
			return v.unlessCut(ctx, err)
		}
		defer func() { _ = conn.CloseNow() }()
		conn.SetReadLimit(1 << 20)
		for {
			_, raw, err := conn.Read(ctx)
			switch code := websocket.CloseStatus(err); {
			case code == websocket.StatusNormalClosure:
				v.rest(ctx)
				return nil
			case code == 4404:
				return errGone
			case err != nil:
				return v.unlessCut(ctx, err)
			}
			var m struct {
				Type, Event, Cursor, Reset string
			}
			if err := json.Unmarshal(raw, &m); err != nil || m.Reset != "" {
				v.complain("%s: %v", raw, err)
			}
			v.see(m.Event, m.Cursor, raw)
		}
	}
	return d
}
