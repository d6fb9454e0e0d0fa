package documentstest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"reelroom/server/documents"
)

var overHTTP = sync.OnceValues(func() (*document, error) { return read(documents.OpenAPI(), jsonschema.Draft2020) })

// Answer reports whether an answer with this body, read to its end, is declared
// in the OpenAPI document: its operation, status, headers, media type and body.
// It names the operation and the problem's code, if it is one.
func Answer(r *http.Response, body []byte) (operation, code string, err error) {
	d, err := overHTTP()
	if err != nil {
		return "", "", err
	}
	method, path := r.Request.Method, r.Request.URL.EscapedPath()
	if r.Request.Header.Get("Access-Control-Request-Method") != "" {
		return "", "", nil // a browser's own question
	}
	template := d.template(method, path)
	if template == "" {
		return "", "", d.elsewhere(r, body)
	}
	name := strings.ToLower(method)
	if method == http.MethodHead && part(d.root, "paths", template, "head") == nil {
		name = "get"
	}
	place := []string{"paths", template, name, "responses", strconv.Itoa(r.StatusCode)}
	operation, _ = part(d.root, "paths", template, name)["operationId"].(string)
	declared := part(d.root, place...)
	if declared == nil {
		return operation, "", fmt.Errorf("%s %s answers %d, which is not declared: %s", method, path, r.StatusCode, body)
	}
	if ref, ok := declared["$ref"].(string); ok {
		place = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	}
	declared = d.resolve(declared)
	err = d.headers(r, declared)
	if method == http.MethodHead {
		return operation, "", err
	}
	code, more := d.content(r, body, declared, place)
	if err = errors.Join(err, more); err != nil {
		err = fmt.Errorf("%s %s: %d %s: %w", method, path, r.StatusCode, body[:min(len(body), 2000)], err)
	}
	return operation, code, err
}

// template finds the path of the document that a request's path fits, the one
// with the fewest wildcards.
func (d *document) template(method, path string) (best string) {
	asked := strings.Split(path, "/")
	for template, item := range part(d.root, "paths") {
		words := strings.Split(template, "/")
		methods := item.(map[string]any)
		if len(words) != len(asked) || methods[strings.ToLower(method)] == nil && (method != http.MethodHead || methods["get"] == nil) {
			continue
		}
		fits := true
		for i, word := range words {
			fits = fits && (word == asked[i] || strings.HasPrefix(word, "{") && asked[i] != "")
		}
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return best
}

// elsewhere checks the answer to what is no operation: preflights, and refusals
// of paths and methods that are not there.
func (d *document) elsewhere(r *http.Response, body []byte) error {
	if r.Request.Method == http.MethodOptions {
		return nil
	}
	if r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusMethodNotAllowed || r.Request.Method == http.MethodHead {
		return nil // an entry of a test's own: that the product's are described is tested by itself
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = d.check(value, "components", "schemas", "Problem")
	}
	if err != nil {
		return fmt.Errorf("%s %s, which is in no document: %w", r.Request.Method, r.Request.URL.Path, err)
	}
	return nil
}

// sometimes are headers that an answer may have.
var sometimes = []string{"Idempotent-Replayed", "Content-Disposition", "Accept-Ranges", "Upload-Expires", "Upload-Offset", "Upload-Metadata", "Content-Location", "Reelroom-Video-Id"}

func (d *document) headers(r *http.Response, declared map[string]any) error {
	for name := range part(declared, "headers") {
		if r.Header.Get(name) == "" && !slices.Contains(sometimes, name) {
			return fmt.Errorf("%s %s: %d lacks the header %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, name)
		}
	}
	return nil
}

func (d *document) content(r *http.Response, body []byte, declared map[string]any, place []string) (code string, err error) {
	kinds := part(declared, "content")
	if len(kinds) == 0 {
		if len(body) > 0 {
			return "", errors.New("no body is declared")
		}
		return "", nil
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	for media, item := range kinds {
		if family, wild := strings.CutSuffix(media, "*"); media != kind && !(wild && strings.HasPrefix(kind, family)) {
			continue
		}
		if item.(map[string]any)["schema"] == nil {
			return "", nil
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		if fields, ok := value.(map[string]any); ok && kind == "application/problem+json" {
			code, _ = fields["code"].(string)
		}
		return code, d.check(value, append(place[:len(place):len(place)], "content", media, "schema")...)
	}
	return "", fmt.Errorf("the media type %q is not declared", kind)
}

// Operations lists the operations of the document by id, each with the statuses
// and the codes of problems that it declares.
func Operations() (map[string]Declared, error) {
	d, err := overHTTP()
	if err != nil {
		return nil, err
	}
	out := map[string]Declared{}
	for path, item := range part(d.root, "paths") {
		for method, raw := range item.(map[string]any) {
			operation := raw.(map[string]any)
			id, _ := operation["operationId"].(string)
			declared := Declared{Pattern: strings.ToUpper(method) + " " + path}
			declared.Takes = slices.Sorted(maps.Keys(part(operation, "requestBody", "content")))
			roles, _ := operation["x-roles"].([]any)
			for _, role := range roles {
				declared.Roles = append(declared.Roles, role.(string))
			}
			for status, answer := range part(operation, "responses") {
				n, _ := strconv.Atoi(status)
				declared.Statuses = append(declared.Statuses, n)
				problem := part(d.resolve(answer.(map[string]any)), "content", "application/problem+json", "schema")
				if all, ok := problem["allOf"].([]any); ok {
					for _, code := range part(all[1].(map[string]any), "properties", "code")["enum"].([]any) {
						declared.Codes = append(declared.Codes, code.(string))
					}
				}
			}
			slices.Sort(declared.Statuses)
			slices.Sort(declared.Codes)
			out[id] = declared
		}
	}
	return out, nil
}

// Declared is what an operation may answer.
type Declared struct {
	// Pattern is the one under which the server registers it, but for the dots of
	// a wildcard for the rest of a path.
	Pattern  string
	Statuses []int
	Codes    []string
	// Roles are those that may call it; empty where everybody may, or a token is
	// not the only way in.
	Roles []string
	// Takes are the media types of the body.
	Takes []string
}
