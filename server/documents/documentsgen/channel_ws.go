package main

import (
	"reelroom/models"
	"reelroom/server/ws"
)

func batchChannel() channel {
	return channel{
		id: "wsBatch", address: "/ws/batch/{id}", title: "One batch over a raw WebSocket", over: []string{"ws"},
		words: []string{
			"The state of a batch first, and again whenever it has changed, at most four times a second; after the state that tells its end the server closes with 1000. At most 100 refused files are named in a message. What a client sends is ignored.",
			"Refusals are close codes, as those of `/ws`: 4001 batch id or token missing, 4003 token bad, expired or revoked, 4404 unknown batch, 1012 and 1013 come again later.",
		},
		query: []param{
			{name: "token", kind: "", words: "The token, where neither `Authorization: Bearer` nor a ticket is given."},
			{name: "ticket", kind: "", words: "A one-time ticket of `POST /api/tickets`."},
		},
		sends: []message{{id: "batch", name: "batch", words: "How the batch stands.",
			payload: func(s *schemas) (object, error) { return s.answer(models.BatchState{}) }}},
	}
}

func wsChannel() channel {
	c := channel{
		id: "ws", address: "/ws", title: "One video over a raw WebSocket", over: []string{"ws"},
		words: []string{
			"For clients that follow one job and speak neither Socket.IO nor rooms; the job is the video. The present state comes first, then what happens, and after the outcome the server closes with 1000. With `after`, what was missed comes in place of the state. What a client sends is ignored.",
			"Refusals are close codes: 4001 job id or token missing, 4003 token bad, expired (also while connected) or revoked, 4400 `after` is no cursor, 4404 unknown job, 1008 and 1009 the client sends too much, 1012 the server is stopping, 1013 a limit or a service that is away: come again later.",
		},
		query: []param{
			{name: "jobId", kind: "", needed: true, words: "The video's id."},
			{name: "token", kind: "", words: "The token, where neither `Authorization: Bearer` nor a ticket is given."},
			{name: "ticket", kind: "", words: "A one-time ticket of `POST /api/tickets`."},
			{name: "after", kind: "", words: "The last cursor that was seen, at any door."},
		},
	}
	for _, m := range []struct {
		kind, words string
		value       any
	}{
		{ws.TypeState, "How the job stands: first, and again while it waits.", ws.State{}},
		{ws.TypeProgress, "How far it is.", ws.Progress{}},
		{ws.TypeCompleted, "The good end.", ws.Completed{}},
		{ws.TypeFailed, "Any other end.", ws.Failed{}},
		{ws.TypeUpdated, "Somebody has edited the video.", ws.Updated{}},
	} {
		c.sends = append(c.sends, message{id: m.kind, name: m.kind, words: m.words,
			payload: func(s *schemas) (object, error) { return s.answer(m.value) }})
	}
	return c
}
