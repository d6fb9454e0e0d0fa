package main

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/sse"
)

// listener may come with a ticket.
var listener = access{action: models.ActionView, ticket: true}

// placeParams say where a client was.
var placeParams = []param{
	{name: "Last-Event-ID", words: "The id of the last event, as an `EventSource` sends it by itself: what was missed comes first.", kind: "", header: true},
	{name: "lastEventId", words: "The same, where no header can be sent.", kind: ""},
	{name: "after", words: "The same: a cursor.", kind: ""},
}

var videosParam = param{name: "video", words: "Also what only the watchers of these videos hear: several with commas between them, or the parameter several times; 128 at most.", kind: ""}

var eventEntries = []operation{
	{
		pattern: "GET /api/jobs/{id}", id: "getJob", tag: "Events", access: member, summary: "How far the work on a video is",
		words:  "A job has the id of its video.",
		params: conditional(), answers: tagged(models.Job{}),
	},
	{
		pattern: "GET /api/jobs/{id}/stream", id: "streamJob", tag: "Events", access: listener, summary: "Hear how the work on a video goes on", door: "sse.job",
		words:   "Server-Sent Events: the present state, then each event, until the outcome. It ends also after 5 minutes without an event, and with the token.",
		params:  placeParams,
		answers: []answer{{status: http.StatusOK, media: []string{"text/event-stream"}}, nothing("The client has had the outcome: an `EventSource` stays away after that.")},
	},
	{
		pattern: "GET /api/events", id: "hearEvents", tag: "Events", access: listener, summary: "Hear what happens in the organization", door: "sse.events",
		words: "With `Accept: text/event-stream`, Server-Sent Events (and a ticket will do); else a long poll, which answers as soon as there is something. " +
			"A poll without `after` goes on from the `If-None-Match`, which is the cursor, or else begins now.",
		params: conditional(append(placeParams[:len(placeParams):len(placeParams)], videosParam,
			param{name: "limit", words: "Of a poll: how many events at most, 1 to 256; 100 if it is left out.", kind: 0},
			param{name: "wait", words: "Of a poll: how many seconds to wait for the first event, 0 to 30; 25 if it is left out.", kind: 0})...),
		answers: []answer{{status: http.StatusOK, value: sse.Polled{}, media: []string{"text/event-stream"}}, unchanged},
		codes:   []models.Code{models.CodeNotFound},
	},
}
