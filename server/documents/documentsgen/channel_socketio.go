package main

import (
	"reflect"
	"strings"

	"reelroom/models"
	"reelroom/server/socketio"
)

// arguments is the list of arguments of an event or an ack, as Socket.IO has it.
// More may be added at the end of none: the cursor is the last one, always.
func arguments(items ...any) object {
	return object{{"type", "array"}, {"items", items}, {"minItems", len(items)}, {"additionalItems", false}}
}

func socketChannel() channel {
	c := channel{
		id: "socketio", address: "/socket.io/", title: "Socket.IO", over: []string{"ws", "http"},
		words: []string{
			"Engine.IO 4, namespace `/`, over WebSocket or long-polling: any `socket.io-client` 4. A message is the list of an event's arguments: the payload first, the cursor last, which is what lets a stock client resume.",
			"Every socket hears its organization; `video:subscribe` adds the finer steps of one video. The token is given as `auth: { token }` or as `Authorization: Bearer`; the connection ends with it, unless `auth:refresh` brings a newer one.",
			"The server ends a connection so that the client connects again by itself, and says why in the WebSocket Close frame: 4003 `token_expired` (`auth` is asked for a newer token), 1012 `stopping`, 1013 `unavailable`, 1008 `slow_reader`, `ping_timeout` or `rate_limited`, 1009 `too_large`, 1002 `bad_packet`. Only a revoked token ends the namespace, too (4003 `token_revoked`).",
		},
	}
	for _, e := range models.EventPayloads() {
		c.sends = append(c.sends, message{
			id: key(string(e.Name)), name: string(e.Name), constant: string(e.Name),
			payload: func(s *schemas) (object, error) {
				payload, err := s.answer(e.Payload)
				if e.Name == models.EventAuthExpiring { // it has no place: a client keeps the cursor it has
					return arguments(payload), err
				}
				return arguments(payload, ref("Cursor")), err
			},
		})
	}
	c.sends = append(c.sends, message{
		id: "connect_error", name: "connect_error", words: "The connection is refused.",
		payload: func(s *schemas) (object, error) { return s.answer(socketio.ConnectError{}) },
	})
	c.takes = append(c.takes, request{message: message{
		id: "connect", name: "CONNECT", words: "What a client gives as `auth` when it connects.",
		payload: func(s *schemas) (object, error) { return s.question(socketio.Arrival{}) },
	}})
	for _, r := range socketio.Requests() {
		c.takes = append(c.takes, request{
			message: message{
				id: "client." + key(r.Name), name: r.Name, // a server may send one of the same name words: r.Words,
				payload: func(s *schemas) (object, error) {
					schema, err := s.question(r.Argument)
					if r.ID {
						schema = object{{"anyOf", []any{object{{"type", "string"}, {"description", "The video's id."}}, schema}}}
					}
					return arguments(schema), err
				},
			},
			replies: []message{ack(r.Done), ack(r.Refused)},
		})
	}
	return c
}

func key(name string) string { return strings.ReplaceAll(name, ":", ".") }

// ack is the answer to a client's event, named by its type.
func ack(value any) message {
	return message{
		id: "ack." + strings.ToLower(componentName(reflect.TypeOf(value))), name: "ack", words: "The ack, if the client asked for one.",
		payload: func(s *schemas) (object, error) {
			schema, err := s.answer(value)
			return arguments(schema), err
		},
	}
}
