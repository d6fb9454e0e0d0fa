package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"reelroom/server/api"
)

// version is the contract's own: fields, entries and codes are added, never
// renamed.
const version = "1.0.0"

// idWords say what {id} is, by the beginning of the path.
var idWords = []struct{ path, words string }{
	{"/api/uploads/", "The upload's id."},
	{"/batch/", "The batch's id."},
	{"/ws/batch/", "The batch's id."},
	{"/api/jobs/", "The job's id, which is its video's."},
}

// wordsOf says what a wildcard of a path is; "" where nobody has said it.
func wordsOf(path, name string) string {
	for _, w := range idWords {
		if name == "id" && strings.HasPrefix(path, w.path) {
			return w.words
		}
	}
	return pathWords[name]
}

// pathWords say what stands in the wildcards of paths.
var pathWords = map[string]string{
	"id":     "The video's id. One of another organization is answered exactly as one that does not exist.",
	"userId": "The user's id, as in the token's `userId` or `sub`.",
	"ms":     "The moment in the video, in milliseconds, as a segment's `evidenceMs` names it.",
}

// headerWords say what the headers of answers hold.
var headerWords = map[string]string{
	"ETag":                "Names the state of what was answered.",
	"Location":            "The address of what was made.",
	"Retry-After":         "Seconds to wait.",
	"Content-Location":    "The address of the video that the upload has become.",
	"Reelroom-Video-Id":   "The id of the video that the upload has become.",
	"Tus-Resumable":       "The version of the tus protocol: `1.0.0`.",
	"Tus-Version":         "The versions of the tus protocol that are spoken.",
	"Tus-Extension":       "The extensions of the tus protocol that are offered.",
	"Tus-Max-Size":        "The largest file that is taken, in bytes.",
	"Upload-Offset":       "How many bytes are there.",
	"Upload-Length":       "The announced size of the file, in bytes.",
	"Upload-Metadata":     "What the upload was begun with: names, and texts in base64.",
	"Upload-Expires":      "When the upload is given up, if nothing more comes.",
	"Idempotent-Replayed": "`true` where the key was seen before: this is the answer of that call.",
	"WWW-Authenticate":    "A challenge (RFC 6750).",
	"Content-Range":       "`bytes */` and the size of the file (RFC 9110).",
	"Accept-Ranges":       "`bytes`.",
	"Cache-Control":       "How long a browser, and no proxy, may keep it: what a signed URL names and never changes, for as long as the URL is good.",
	"Content-Disposition": "The file's name, for who saves it.",
}

// operations are all entries, in the order in which a newcomer needs them.
func operations() []operation {
	return slices.Concat(videoEntries, uploadEntries, batchEntries, fileEntries, eventEntries, outsideEntries, organizationEntries, identityEntries, serverEntries)
}

func openAPI(root string) (object, error) {
	s := newSchemas(root)
	if _, err := s.answer(api.Problem{}); err != nil {
		return nil, err
	}
	paths, err := pathItems(s)
	if err != nil {
		return nil, err
	}
	headers := object{}
	names := make([]string, 0, len(headerWords))
	for name := range headerWords {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		headers = headers.with(name, object{{"description", headerWords[name]}, {"schema", object{{"type", "string"}}}})
	}
	var labels []any
	for _, t := range tags {
		labels = append(labels, object{{"name", t.name}, {"description", t.words}})
	}
	return object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "Reelroom over HTTP"}, {"version", version}, {"summary", "Shared video libraries, live."},
			{"description", strings.Join(httpWords, "\n\n")},
			{"license", object{{"name", "MIT"}, {"identifier", "MIT"}}},
		}},
		{"servers", []any{object{{"url", "/"}, {"description", "The server that this document comes from."}}}},
		{"tags", labels},
		{"paths", paths},
		{"components", object{{"securitySchemes", securitySchemes()}, {"headers", headers}, {"responses", inOrder(s.refusals)}, {"schemas", inOrder(s.parts)}}},
	}, nil
}

func securitySchemes() object {
	return object{
		{"bearer", object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}, {"description", "Claims `userId` or `sub`, `organizationId` or `org_id`, `role` or `roles`, `exp`."}}},
		{"operator", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "`OPERATOR_TOKEN`: of who runs the installation."}}},
		{"signature", object{{"type", "apiKey"}, {"in", "query"}, {"name", "signature"}, {"description", "Part of the signed, expiring URLs that stand in documents; it opens one file for reading."}}},
		{"ticket", object{{"type", "apiKey"}, {"in", "query"}, {"name", "ticket"}, {"description", "A one-time ticket of `POST /api/tickets`, where no header can be sent."}}},
	}
}

// pathItems groups the operations by path, in their order.
func pathItems(s *schemas) (object, error) {
	var paths object
	seen := map[string]bool{}
	for _, o := range operations() {
		method, path := o.address()
		if seen[o.id] || seen[o.pattern] {
			return nil, fmt.Errorf("%s (%s) stands there twice", o.pattern, o.id)
		}
		seen[o.id], seen[o.pattern] = true, true
		item, err := o.item(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.pattern, err)
		}
		at := slices.IndexFunc(paths, func(f field) bool { return f.name == path })
		if at < 0 {
			paths, at = append(paths, field{path, object{}}), len(paths)
		}
		paths[at].value = paths[at].value.(object).with(method, item)
	}
	return paths, nil
}

func (o *operation) item(s *schemas) (object, error) {
	out := object{{"operationId", o.id}, {"tags", []string{o.tag}}, {"summary", o.summary}}
	words := o.words
	if o.door != "" {
		words += " The messages are described in the AsyncAPI document (`/api/asyncapi.json`), channel `" + o.door + "`."
	}
	out = out.with("description", strings.TrimSpace(words))
	params, err := o.parameters(s)
	if err != nil {
		return nil, err
	}
	out = out.with("parameters", params)
	if o.body != nil {
		body, err := o.body.item(s)
		if err != nil {
			return nil, err
		}
		out = out.with("requestBody", body)
	}
	responses, err := o.responses(s)
	if err != nil {
		return nil, err
	}
	security := []any{}
	if !o.access.open {
		security = append(security, object{{"bearer", []string{}}})
	}
	if o.access.operator {
		security = append(security, object{{"operator", []string{}}})
	}
	if o.access.signed {
		security = append(security, object{{"signature", []string{}}})
	}
	if o.access.ticket {
		security = append(security, object{{"ticket", []string{}}})
	}
	out = out.with("responses", responses)
	out = append(out, field{"security", security}) // an empty one says: no token
	if !o.access.open && !o.access.signed {
		out = out.with("x-roles", o.access.roles())
	}
	return out, nil
}

func (o *operation) parameters(s *schemas) (out []any, err error) {
	_, path := o.address()
	for _, m := range wildcard.FindAllStringSubmatch(path, -1) {
		if wordsOf(path, m[1]) == "" {
			return nil, fmt.Errorf("pathWords lacks %s", m[1])
		}
		out = append(out, object{{"name", m[1]}, {"in", "path"}, {"required", true}, {"description", wordsOf(path, m[1])}, {"schema", object{{"type", "string"}}}})
	}
	for _, p := range o.params {
		in := "query"
		if p.header {
			in = "header"
		}
		schema, err := s.question(p.kind)
		if err != nil {
			return nil, err
		}
		item := object{{"name", p.name}, {"in", in}}
		if p.needed {
			item = item.with("required", true)
		}
		out = append(out, item.with("description", p.words).with("schema", schema))
	}
	return out, nil
}

func (b *body) item(s *schemas) (object, error) {
	schema := b.schema
	types := b.types
	if schema == nil {
		var err error
		if schema, err = s.question(b.value); err != nil {
			return nil, err
		}
		types = append([]string{"application/json"}, types...)
	}
	one := schema
	if b.many {
		schema = object{{"anyOf", []any{one, object{{"type", "array"}, {"items", one}}}}}
	}
	var content object
	for _, t := range types {
		media := object{}
		if len(schema) > 0 {
			media = media.with("schema", schema)
		}
		content = append(content, field{t, media})
	}
	if b.many {
		content = append(content, field{"application/x-ndjson", object{{"schema", object{{"type", "string"}, {"description", "One such value a line."}}}}})
	}
	return object{{"required", !b.optional}, {"content", content}}, nil
}

// responses are the answers, and the refusals by status.
func (o *operation) responses(s *schemas) (object, error) {
	byStatus := map[int]object{}
	for _, a := range o.answers {
		item := object{{"description", a.words}}
		if a.words == "" {
			item[0].value = http.StatusText(a.status) + "."
		}
		var headers object
		for _, h := range a.headers {
			if headerWords[h] == "" {
				return nil, fmt.Errorf("headerWords lacks %s", h)
			}
			headers = headers.with(h, object{{"$ref", "#/components/headers/" + h}})
		}
		var content object
		if a.value != nil {
			schema, err := s.answer(a.value)
			if err != nil {
				return nil, err
			}
			if a.many != nil {
				several, err := s.answer(a.many)
				if err != nil {
					return nil, err
				}
				schema = object{{"anyOf", []any{schema, several}}}
			}
			content = content.with("application/json", object{{"schema", schema}})
		}
		for _, kind := range a.media {
			content = append(content, field{kind, object{}})
		}
		if byStatus[a.status] != nil {
			return nil, fmt.Errorf("two answers with %d", a.status)
		}
		byStatus[a.status] = item.with("headers", headers).with("content", content)
	}
	refused := map[int][]string{}
	for _, code := range o.refusals() {
		status, ok := api.Statuses()[code]
		if !ok {
			return nil, fmt.Errorf("no status for %s", code)
		}
		refused[status] = append(refused[status], string(code))
	}
	for status, codes := range refused {
		item := refusal(status, codes)
		if taken := byStatus[status]; taken != nil { // an answer has the same status
			content := taken[len(taken)-1].value.(object)
			taken[len(taken)-1].value = slices.Concat(content, item[len(item)-1].value.(object))
			byStatus[status] = taken
			continue
		}
		name := strconv.Itoa(status) + "." + strings.Join(codes, ".")
		s.refusals[name] = item
		byStatus[status] = object{{"$ref", "#/components/responses/" + name}}
	}
	statuses := make([]int, 0, len(byStatus))
	for status := range byStatus {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	var out object
	for _, status := range statuses {
		out = out.with(strconv.Itoa(status), byStatus[status])
	}
	return out, nil
}

// refusal is the problem of a status with its codes; where entries share one, it
// is a component.
func refusal(status int, codes []string) object {
	var headers object
	switch status {
	case http.StatusUnauthorized:
		headers = object{{"WWW-Authenticate", object{{"$ref", "#/components/headers/WWW-Authenticate"}}}}
	case http.StatusRequestedRangeNotSatisfiable:
		headers = object{{"Content-Range", object{{"$ref", "#/components/headers/Content-Range"}}}}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		headers = object{{"Retry-After", object{{"$ref", "#/components/headers/Retry-After"}}}}
	}
	schema := object{{"allOf", []any{ref("Problem"), object{{"type", "object"}, {"properties", object{
		{"status", object{{"const", status}}}, {"code", object{{"enum", codes}}},
	}}}}}}
	item := object{{"description", http.StatusText(status) + ": `" + strings.Join(codes, "`, `") + "`."}}
	return item.with("headers", headers).with("content", object{{"application/problem+json", object{{"schema", schema}}}})
}
