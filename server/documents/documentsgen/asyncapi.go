package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"reelroom/models"
)

// channel describes one door with events.
type channel struct {
	id, address, title string
	words              []string
	// over names the servers, as in servers().
	over []string
	// query is what may stand in the address, headers what the request carries.
	query []param
	sends []message
	takes []request
}

// message is one kind of thing that goes through a door.
type message struct {
	// id is unique in the channel, name is what is on the wire.
	id, name, words string
	// constant is the name of the event whose words in models are taken, or empty.
	constant string
	payload  func(*schemas) (object, error)
	// media is the type of what carries it; application/json when empty.
	media string
}

// request is a message of the client's, and what answers it.
type request struct {
	message
	replies []message
}

func channels() []channel {
	return []channel{socketChannel(), jobStream(), organizationStream(), wsChannel(), batchChannel()}
}

var asyncWords = []string{
	"Every door shows the same events of the same log, in the same order and with the same cursor (`epoch.seq`), so that a client may change doors in the middle of a job. A door that is given a cursor delivers everything after it, or says that it cannot (`stream:reset`, with the place that the present state stands at): never a part.",
	"Operations are told from the server's side: what it sends, a client hears.",
	"Fields and events may be added, never renamed: a client passes over what it does not know. Calls over HTTP are in the OpenAPI document at `/api/openapi.json`.",
}

func asyncAPI(root string) (object, error) {
	s := newSchemas(root)
	for _, e := range models.EventPayloads() {
		if err := s.logged(e); err != nil {
			return nil, err
		}
	}
	s.parts["Cursor"] = object{{"type", "string"}, {"description", "A place in the organization's event log, `epoch.seq`: what stands after it comes later."}}
	var places, actions, messages object
	for _, c := range channels() {
		place, acts, parts, err := c.items(s)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.id, err)
		}
		places = places.with(c.id, place)
		actions, messages = append(actions, acts...), append(messages, parts...)
	}
	return object{
		{"asyncapi", "3.0.0"},
		{"info", object{
			{"title", "Reelroom's events"}, {"version", version},
			{"description", strings.Join(asyncWords, "\n\n")},
			{"license", object{{"name", "MIT"}}},
		}},
		{"defaultContentType", "application/json"},
		{"servers", servers()},
		{"channels", places},
		{"operations", actions},
		{"components", object{{"messages", messages}, {"schemas", inOrder(s.parts)}}},
	}, nil
}

// servers have the address that the server replaces by its own.
func servers() object {
	return object{
		{"http", object{{"host", "localhost:5000"}, {"protocol", "http"}, {"description", "Requests, Server-Sent Events and Engine.IO's long-polling."}}},
		{"ws", object{{"host", "localhost:5000"}, {"protocol", "ws"}, {"description", "WebSockets."}}},
	}
}

// logged makes the payload of an event. One that has a place in the log carries
// it.
func (s *schemas) logged(e models.EventPayload) error {
	made, err := s.answer(e.Payload)
	if err != nil || !e.Logged {
		return err
	}
	name := strings.TrimPrefix(made[0].value.(string), "#/components/schemas/")
	part := s.parts[name]
	at := func(name string) int { return slices.IndexFunc(part, func(f field) bool { return f.name == name }) }
	properties, required := &part[at("properties")].value, &part[at("required")].value
	if slices.Contains((*required).([]string), "seq") { // two events have this payload
		return nil
	}
	*required = append((*required).([]string), "seq")
	*properties = (*properties).(object).with("seq", object{{"type", "integer"}, {"minimum", 1},
		{"description", "The event's place in its organization's log: contiguous within an epoch."}})
	if e.Name == models.EventProgress || e.Name == models.EventUpdated { // what an outside worker adds
		s.parts[name] = part.with("additionalProperties", true)
	}
	if e.Name == models.EventProgress {
		all := (*properties).(object)
		at := slices.IndexFunc(all, func(f field) bool { return f.name == "stage" })
		all[at].value = object{{"anyOf", []any{all[at].value, object{{"type", "string"}}}}, {"description", "The pipeline's, or an outside worker's own word."}}
	}
	return nil
}

func pointer(kind, id string) object { return object{{"$ref", "#/" + kind + "/" + id}} }

// items returns the channel, its operations and its messages.
func (c *channel) items(s *schemas) (place, actions, messages object, err error) {
	here := object{}
	add := func(m message) (object, error) {
		if err := m.put(s, c.id, &here, &messages); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		return pointer("channels", c.id+"/messages/"+m.id), nil
	}
	var sent []any
	for _, m := range c.sends {
		at, err := add(m)
		if err != nil {
			return nil, nil, nil, err
		}
		sent = append(sent, at)
	}
	actions = object{{c.id + ".send", object{{"action", "send"}, {"channel", pointer("channels", c.id)}, {"summary", "What the server sends."}, {"messages", sent}}}}
	for _, r := range c.takes {
		at, err := add(r.message)
		if err != nil {
			return nil, nil, nil, err
		}
		action := object{{"action", "receive"}, {"channel", pointer("channels", c.id)}, {"summary", r.words}, {"messages", []any{at}}}
		var replies []any
		for _, m := range r.replies {
			at, err := add(m)
			if err != nil {
				return nil, nil, nil, err
			}
			replies = append(replies, at)
		}
		if len(replies) > 0 {
			action = action.with("reply", object{{"channel", pointer("channels", c.id)}, {"messages", replies}})
		}
		actions = actions.with(c.id+"."+r.id, action)
	}
	var over []any
	for _, name := range c.over {
		over = append(over, pointer("servers", name))
	}
	place = object{{"address", c.address}, {"title", c.title}, {"description", strings.Join(c.words, "\n\n")}, {"servers", over}, {"messages", here}}
	place, err = c.where(s, place)
	return place, actions, messages, err
}

// where adds what stands in the address.
func (c *channel) where(s *schemas, place object) (object, error) {
	var wild object
	for _, m := range wildcard.FindAllStringSubmatch(c.address, -1) {
		if wordsOf(c.address, m[1]) == "" {
			return nil, fmt.Errorf("pathWords lacks %s", m[1])
		}
		wild = wild.with(m[1], object{{"description", wordsOf(c.address, m[1])}})
	}
	place = place.with("parameters", wild)
	if len(c.query) == 0 {
		return place, nil
	}
	var properties [2]object // of the query, of the headers
	var needed []string
	for _, p := range c.query {
		schema, err := s.question(p.kind)
		if err != nil {
			return nil, err
		}
		at := 0
		if p.header {
			at = 1
		}
		if p.needed {
			needed = append(needed, p.name)
		}
		properties[at] = properties[at].with(p.name, described(schema, p.words))
	}
	kind := "ws"
	binding := object{{"bindingVersion", "0.1.0"}}
	if !slices.Contains(c.over, "ws") {
		return place.with("x-query", properties[0]).with("x-headers", properties[1]), nil
	}
	for i, name := range []string{"query", "headers"} {
		if len(properties[i]) > 0 {
			binding = binding.with(name, object{{"type", "object"}}.with("required", needed).with("properties", properties[i]))
		}
	}
	return place.with("bindings", object{{kind, binding}}), nil
}

// eventWords are those beside the event's name in models.
func (s *schemas) eventWords(name string) (string, error) {
	src, err := s.source(reflect.TypeFor[models.EventName]())
	for _, c := range src.Constants["EventName"] {
		if c.Value == name && c.Doc != "" {
			return strings.ToUpper(c.Doc[:1]) + c.Doc[1:] + ".", nil
		}
	}
	return "", errors.Join(err, fmt.Errorf("the event %s has no words in models/event.go", name))
}

// put adds the message to its channel and to the components, once.
func (m *message) put(s *schemas, channel string, here, messages *object) error {
	if slices.ContainsFunc(*here, func(f field) bool { return f.name == m.id }) {
		return nil
	}
	payload, err := m.payload(s)
	if err != nil {
		return err
	}
	words := m.words
	if m.constant != "" {
		if words, err = s.eventWords(m.constant); err != nil {
			return err
		}
	}
	key := channel + "." + m.id
	part := object{{"name", m.name}}.with("summary", words).with("contentType", m.media).with("payload", payload)
	*messages = messages.with(key, part)
	*here = here.with(m.id, pointer("components", "messages/"+key))
	return nil
}
