package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/models/contractgen/source"
	"reelroom/server/api"
)

// schemas makes JSON Schemas of Go types, as encoding/json writes them. Structs
// and the string types that have constants become components.
type schemas struct {
	root    string
	sources map[string]source.Source // by package path
	names   map[reflect.Type]string
	parts   map[string]object // the components, by name
	// refusals are the problems that entries share, by name.
	refusals map[string]object
}

func newSchemas(root string) *schemas {
	return &schemas{root, map[string]source.Source{}, map[reflect.Type]string{}, map[string]object{}, map[string]object{}}
}

// inOrder makes an object of parts, by name.
func inOrder(parts map[string]object) (out object) {
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		out = out.with(name, parts[name])
	}
	return out
}

func ref(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

func orNull(schema object) object {
	if len(schema) > 0 && schema[0].name == "type" {
		if kind, ok := schema[0].value.(string); ok {
			return append(object{{"type", []string{kind, "null"}}}, schema[1:]...)
		}
	}
	return object{{"anyOf", []any{schema, object{{"type", "null"}}}}}
}

// described adds words; a reference takes none beside it in older drafts.
func described(schema object, words string) object {
	if words == "" {
		return schema
	}
	if len(schema) == 1 && schema[0].name == "$ref" {
		schema = object{{"allOf", []any{schema}}}
	}
	return schema.with("description", words)
}

// answer is the schema of what is sent, question of what is taken: there a field
// without omitempty is needed, and null is as good as none.
func (s *schemas) answer(v any) (object, error)   { return s.of(reflect.TypeOf(v), false) }
func (s *schemas) question(v any) (object, error) { return s.of(reflect.TypeOf(v), true) }

func (s *schemas) of(t reflect.Type, taken bool) (object, error) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}, nil
	case reflect.TypeFor[json.RawMessage]():
		return object{{"type", "object"}}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner, err := s.of(t.Elem(), taken)
		if taken {
			return inner, err
		}
		return orNull(inner), err
	case reflect.Struct:
		return s.structure(t, taken)
	case reflect.String:
		return s.text(t)
	case reflect.Bool:
		return object{{"type", "boolean"}}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{{"type", "integer"}}, nil
	case reflect.Uint32, reflect.Uint64:
		return object{{"type", "integer"}, {"minimum", 0}}, nil
	case reflect.Float32, reflect.Float64:
		return object{{"type", "number"}}, nil
	case reflect.Slice, reflect.Map:
		inner, err := s.of(t.Elem(), taken)
		out := object{{"type", "array"}, {"items", inner}}
		if t.Kind() == reflect.Map {
			out = object{{"type", "object"}, {"additionalProperties", inner}}
		}
		return orNull(out), err // a nil one is null in JSON, and a reader must bear it
	}
	return nil, fmt.Errorf("%s has no schema here", t)
}

// renamed are types, by their Go names, whose own say too little to strangers.
var renamed = map[string]string{
	"models.Document":      "VideoDocument",
	"models.Base":          "EventBase",
	"models.Changed":       "VideoChanged",
	"models.Queued":        "VideoQueued",
	"models.Progress":      "VideoProgress",
	"models.Processed":     "VideoProcessed",
	"models.Failed":        "VideoFailed",
	"models.Updated":       "VideoUpdated",
	"ws.State":             "JobState",
	"ws.Progress":          "JobProgress",
	"ws.Completed":         "JobCompleted",
	"ws.Failed":            "JobNotCompleted",
	"ws.Updated":           "JobUpdated",
	"socketio.state":       "VideoAck",
	"socketio.done":        "DoneAck",
	"socketio.failure":     "RefusalAck",
	"socketio.spoken":      "ChatAck",
	"library.Chat":         "ChatOrder",
	"socketio.failureCode": "Refusal",
}

func componentName(t reflect.Type) string {
	if name := renamed[t.String()]; name != "" {
		return name
	}
	return strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
}

// name gives a type's component a name, and tells whether it is new.
func (s *schemas) name(t reflect.Type) (name string, fresh bool, err error) {
	if name, ok := s.names[t]; ok {
		return name, false, nil
	}
	name = componentName(t)
	for other, taken := range s.names {
		if taken == name {
			return "", false, fmt.Errorf("%s and %s have the same name: give one another in renamed", t, other)
		}
	}
	s.names[t] = name
	return name, true, nil
}

func (s *schemas) source(t reflect.Type) (source.Source, error) {
	path := t.PkgPath()
	if known, ok := s.sources[path]; ok {
		return known, nil
	}
	read, err := source.Read(filepath.Join(s.root, strings.TrimPrefix(path, "reelroom/")))
	s.sources[path] = read
	return read, err
}

// text is a string, or one of its type's constants.
func (s *schemas) text(t reflect.Type) (object, error) {
	if t.PkgPath() == "" {
		return object{{"type", "string"}}, nil
	}
	src, err := s.source(t)
	if err != nil || len(src.Constants[t.Name()]) == 0 {
		return object{{"type", "string"}}, err
	}
	name, fresh, err := s.name(t)
	if !fresh || err != nil {
		return ref(name), err
	}
	var values []string
	words := src.Docs[t.Name()]
	for _, c := range src.Constants[t.Name()] {
		values = append(values, c.Value)
		if c.Doc != "" {
			words += fmt.Sprintf(" `%s`: %s.", c.Value, strings.TrimSuffix(c.Doc, "."))
		}
	}
	if t == reflect.TypeFor[models.Code]() { // those that only HTTP has
		var more []string
		for code := range api.Statuses() {
			if !slices.Contains(values, string(code)) {
				more = append(more, string(code))
			}
		}
		slices.Sort(more)
		values = append(values, more...)
	}
	s.parts[name] = object{{"type", "string"}}.with("description", words).with("enum", values)
	return ref(name), nil
}

// structure makes the component of a struct; what it embeds is part of it.
func (s *schemas) structure(t reflect.Type, taken bool) (object, error) {
	name, fresh, err := s.name(t)
	if !fresh || err != nil {
		return ref(name), err
	}
	src, err := s.source(t)
	if err != nil {
		return nil, err
	}
	var properties object
	var required []string
	if err := s.fields(t, taken, &properties, &required); err != nil {
		return nil, err
	}
	s.parts[name] = object{{"type", "object"}}.with("description", src.Docs[t.Name()]).with("required", required).with("properties", properties)
	return ref(name), nil
}

func (s *schemas) fields(t reflect.Type, taken bool, properties *object, required *[]string) error {
	src, err := s.source(t)
	if err != nil {
		return err
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if err := s.fields(f.Type, taken, properties, required); err != nil {
				return err
			}
			continue
		}
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		contract := f.Tag.Get("contract")
		if key == "-" || contract == "-" || !f.IsExported() { // the second: only stores see it
			continue
		}
		if key == "" {
			return fmt.Errorf("%s.%s has no json name", t, f.Name)
		}
		schema := ref(contract) // an interface that always holds what it names
		if contract == "" {
			if schema, err = s.of(f.Type, taken); err != nil {
				return fmt.Errorf("%s.%s: %w", t, f.Name, err)
			}
		}
		*properties = properties.with(key, described(schema, inJSON(t, src.Docs[t.Name()+"."+f.Name])))
		if !strings.Contains(options, "omit") {
			*required = append(*required, key)
		}
	}
	return nil
}

// inJSON writes the names of a struct's fields as clients see them.
func inJSON(t reflect.Type, words string) string {
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key != "" && key != "-" {
			words = regexp.MustCompile(`\b`+f.Name+`\b`).ReplaceAllString(words, "`"+key+"`")
		}
	}
	return words
}
