package main

import (
	"reelroom/models"
	"reelroom/server/sse"
)

// streamWords are true of every stream of Server-Sent Events.
var streamWords = []string{
	"The id of each event is its cursor; an `EventSource` that comes again sends the last one as `Last-Event-ID` and misses nothing. Comments every 15 seconds keep the connection; with them `stream:place` moves the id past what was for others. `retry` says when to come again. Every block has data: some clients make an empty message of one that has none.",
	"An `EventSource` comes again only where the answer was 200: a server that is stopping, or cannot reach its store for now, answers 200 and ends the stream at once with `stream:end`. After any other refusal it is closed, and the page makes another one, with a new ticket and `?after=`.",
}

// data is an event's data as JSON.
func data(value any) func(*schemas) (object, error) {
	return func(s *schemas) (object, error) { return s.answer(value) }
}

var streamEnd = message{id: "stream.end", name: "stream:end", words: "The server ends the stream.", payload: data(sse.End{})}

var streamPlace = message{id: "stream.place", name: "stream:place", words: "The id moves on, past what was for others.", payload: data(sse.Place{})}

func jobStream() channel {
	return channel{
		id: "sse.job", address: "/api/jobs/{id}/stream", title: "Server-Sent Events of a job", over: []string{"http"},
		words: append([]string{"Messages without a name, for `onmessage`: the state, then the job as each event has left it."}, streamWords...),
		query: placeParams,
		sends: []message{{id: "job", name: "message", words: "The state, or an event.", payload: data(sse.JobMessage{})}, streamPlace, streamEnd},
	}
}

func organizationStream() channel {
	c := channel{
		id: "sse.events", address: "/api/events", title: "Server-Sent Events of the organization", over: []string{"http"},
		words: append([]string{"Each event under its own name, with its payload. `stream:ready` comes first, or after what was missed."}, streamWords...),
		query: append(placeParams[:len(placeParams):len(placeParams)], videosParam),
	}
	for _, e := range models.EventPayloads() {
		if e.Name != models.EventAuthExpiring {
			c.sends = append(c.sends, message{id: key(string(e.Name)), name: string(e.Name), constant: string(e.Name), payload: data(e.Payload)})
		}
	}
	c.sends = append(c.sends, streamPlace, streamEnd)
	return c
}
