package documentstest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is one of the two, with its schemas compiled as they are needed.
type document struct {
	root map[string]any

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const home = "https://reelroom.test/document.json"

// read closes the schemas: a client passes over a field that it does not know,
// but the server must not send one that is not declared.
func read(raw []byte, draft *jsonschema.Draft) (*document, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	d := &document{root: root.(map[string]any), compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	for _, schema := range part(d.root, "components", "schemas") {
		if s := schema.(map[string]any); s["properties"] != nil && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
	}
	d.compiler.DefaultDraft(draft)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource(home, d.root)
}

// part walks down by names; what is not there is empty.
func part(at map[string]any, names ...string) map[string]any {
	for _, name := range names {
		at, _ = at[name].(map[string]any)
	}
	return at
}

// resolve follows a reference within the document.
func (d *document) resolve(at map[string]any) map[string]any {
	if ref, ok := at["$ref"].(string); ok {
		return part(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return at
}

// check holds a value of JSON against the schema at a place in the document.
func (d *document) check(value any, names ...string) error {
	var place strings.Builder
	for _, name := range names {
		place.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema, ok := d.compiled[place.String()]
	if !ok {
		var err error
		if schema, err = d.compiler.Compile(home + "#" + place.String()); err != nil {
			return fmt.Errorf("the schema at %s: %w", place.String(), err)
		}
		d.compiled[place.String()] = schema
	}
	return schema.Validate(value)
}
