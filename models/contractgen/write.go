package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/models/contractgen/source"
)

func comment(b *bytes.Buffer, indent, doc string) {
	if doc != "" {
		fmt.Fprintf(b, "%s/** %s */\n", indent, doc)
	}
}

func writeEnum(b *bytes.Buffer, name, list string, values []source.Constant, doc string) error {
	if len(values) == 0 {
		return fmt.Errorf("models has no constants of type %s", name)
	}
	b.WriteString("\n")
	comment(b, "", doc)
	fmt.Fprintf(b, "export const %s = [\n", list)
	for _, v := range values {
		comment(b, "  ", v.Doc)
		fmt.Fprintf(b, "  %q,\n", v.Value)
	}
	fmt.Fprintf(b, "] as const;\nexport type %s = (typeof %s)[number];\n", name, list)
	return nil
}

func writePermanent(b *bytes.Buffer) {
	b.WriteString("\n")
	comment(b, "", "Of failed videos: these stand for the file itself, so another attempt ends alike.")
	b.WriteString("export const permanentCodes: readonly Code[] = [\n")
	for _, code := range models.PermanentCodes {
		fmt.Fprintf(b, "  %q,\n", code)
	}
	b.WriteString("];\n")
}

func writeEvents(b *bytes.Buffer, names []source.Constant) error {
	listed, words := map[models.EventName]bool{}, map[models.EventName]string{}
	for _, n := range names {
		words[models.EventName(n.Value)] = n.Doc
	}
	b.WriteString("\n/** What the server sends: the payload, and last the cursor. */\nexport interface ServerToClientEvents {\n")
	for _, e := range models.EventPayloads() {
		listed[e.Name] = true
		payload, cursor := reflect.TypeOf(e.Payload).Name(), "cursor?: Cursor"
		if e.Logged {
			payload, cursor = payload+" & Logged", "cursor: Cursor"
		}
		comment(b, "  ", words[e.Name])
		fmt.Fprintf(b, "  %q: (payload: %s, %s) => void;\n", e.Name, payload, cursor)
	}
	b.WriteString("}\n")
	for _, n := range names {
		if !listed[models.EventName(n.Value)] {
			return fmt.Errorf("the event %s has no payload in models.EventPayloads", n.Value)
		}
	}
	return nil
}

// writer turns Go structs into interfaces as encoding/json would write them.
type writer struct {
	out   *bytes.Buffer
	src   source.Source
	known map[reflect.Type]string
}

func (w *writer) structure(t reflect.Type) error {
	w.out.WriteString("\n")
	comment(w.out, "", w.src.Docs[t.Name()])
	var extends []string
	var body bytes.Buffer
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			extends = append(extends, f.Type.Name())
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Tag.Get("contract") == "-" || !f.IsExported() { // the second: only stores see it
			continue
		}
		if name == "" {
			return fmt.Errorf("%s.%s has no json name", t.Name(), f.Name)
		}
		optional := ""
		if strings.Contains(options, "omit") {
			optional = "?"
		}
		typ, err := w.typeOf(f.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		comment(&body, "  ", w.src.Docs[t.Name()+"."+f.Name])
		fmt.Fprintf(&body, "  %s%s: %s;\n", name, optional, typ)
	}
	head := "export interface " + w.known[t]
	if len(extends) > 0 {
		head += " extends " + strings.Join(extends, ", ")
	}
	if body.Len() == 0 {
		fmt.Fprintf(w.out, "export type %s = %s;\n", w.known[t], strings.Join(extends, " & "))
		return nil
	}
	fmt.Fprintf(w.out, "%s {\n%s}\n", head, body.String())
	return nil
}

func (w *writer) typeOf(t reflect.Type) (string, error) {
	if name, ok := w.known[t]; ok {
		return name, nil
	}
	if t == reflect.TypeFor[time.Time]() {
		return "Timestamp", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner, err := w.typeOf(t.Elem())
		return inner + " | null", err
	case reflect.String:
		return "string", nil
	case reflect.Bool:
		return "boolean", nil
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return "number", nil
	case reflect.Slice:
		// A nil slice is null in JSON, and a reader must bear it.
		inner, err := w.typeOf(t.Elem())
		return inner + "[] | null", err
	case reflect.Map:
		inner, err := w.typeOf(t.Elem())
		return "Record<string, " + inner + "> | null", err
	}
	return "", fmt.Errorf("%s has no TypeScript type here; is it missing in structs?", t)
}
