package documentstest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"reelroom/server/documents"
)

var events = sync.OnceValues(func() (*document, error) { return read(documents.AsyncAPI(""), jsonschema.Draft7) })

// Message reports whether a message of a channel, in JSON, is as the AsyncAPI
// document declares it. Its id is that in the channel.
func Message(channel, id string, payload []byte) error {
	d, err := events()
	if err != nil {
		return err
	}
	key := channel + "." + id
	if part(d.root, "channels", channel, "messages", id) == nil {
		return fmt.Errorf("the AsyncAPI document has no message %s in the channel %s; describe it in server/documents/documentsgen", id, channel)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err == nil {
		err = d.check(value, "components", "messages", key, "payload")
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", key, payload[:min(len(payload), 2000)], err)
	}
	return nil
}

// Addresses lists the channels by address.
func Addresses() (map[string]string, error) {
	d, err := events()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for id := range part(d.root, "channels") {
		address, _ := part(d.root, "channels", id)["address"].(string)
		out[address] = id
	}
	return out, nil
}

// Sent lists the messages that the server sends in a channel, by id.
func Sent(channel string) ([]string, error) {
	d, err := events()
	if err != nil {
		return nil, err
	}
	var out []string
	listed, _ := part(d.root, "operations", channel+".send")["messages"].([]any)
	for _, m := range listed {
		ref := m.(map[string]any)["$ref"].(string)
		out = append(out, ref[len("#/channels/"+channel+"/messages/"):])
	}
	slices.Sort(out)
	return out, nil
}
