package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"reelroom/models"
)

// operation describes one entry of the API: who may call it, what it takes and
// all that it answers.
type operation struct {
	// pattern is the one under which the server registers the entry.
	pattern string
	// id is what generated clients call it.
	id, tag, summary, words string
	access                  access
	params                  []param
	body                    *body
	answers                 []answer
	// codes are the refusals of this entry, beside those that its access, body
	// and parameters bring along.
	codes []models.Code
	// door names the channel of the AsyncAPI document that tells the rest.
	door string
}

// access is who may call an entry.
type access struct {
	// action is what the caller's role must permit; "" for anybody.
	action models.Action
	// open needs no token; signed takes a signed URL in its place, ticket a
	// one-time ticket.
	open, signed, ticket bool
	// operator takes the token of the operator of the installation, and no other.
	operator bool
}

var (
	anybody   = access{open: true}
	member    = access{action: models.ActionView}
	editor    = access{action: models.ActionEdit}
	admin     = access{action: models.ActionAdmin}
	publisher = access{action: models.ActionPublish}
	holder    = access{action: models.ActionView, signed: true}
	operator  = access{open: true, operator: true}
)

// roles lists those that permit the action.
func (a access) roles() (out []string) {
	for _, r := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin, models.RoleService} {
		if who := (models.Identity{Role: r}); who.May(a.action) {
			out = append(out, string(r))
		}
	}
	return out
}

// param stands in the query or, with a name of a header, there. kind is its Go
// type's, by example.
type param struct {
	name, words string
	kind        any
	needed      bool
	header      bool
}

// body is JSON of a Go type, or, with a schema, of the given media types.
type body struct {
	value    any
	types    []string
	optional bool
	schema   object
	// many tells that several values may stand in an array, or one in each line.
	many bool
}

func takes(value any, types ...string) *body { return &body{value: value, types: types} }

func mayTake(value any) *body { return &body{value: value, optional: true} }

// answer is what a call that is not refused gets.
type answer struct {
	status int
	words  string
	value  any
	// many is what a body of several values is answered with; nil where it takes
	// but one.
	many    any
	media   []string
	headers []string
}

func gives(value any) answer { return answer{status: http.StatusOK, value: value} }

func accepts(value any, headers ...string) answer {
	return answer{status: http.StatusAccepted, value: value, headers: headers}
}

func creates(value any, headers ...string) answer {
	return answer{status: http.StatusCreated, value: value, headers: headers}
}

func nothing(words string, headers ...string) answer {
	return answer{status: http.StatusNoContent, words: words, headers: headers}
}

// tagged is the answer of a GET that knows an ETag.
func tagged(value any) []answer {
	return []answer{{status: http.StatusOK, value: value, headers: []string{"ETag"}}, unchanged}
}

var unchanged = answer{status: http.StatusNotModified, words: "What `If-None-Match` names is still true.", headers: []string{"ETag"}}

var wildcard = regexp.MustCompile(`\{([A-Za-z]+)(\.\.\.)?\}`)

// address splits the pattern, as the documents write it.
func (o *operation) address() (method, path string) {
	method, path, _ = strings.Cut(o.pattern, " ")
	return strings.ToLower(method), wildcard.ReplaceAllString(path, "{$1}")
}

// refusals are all codes that the entry answers with, in the order of codes.
func (o *operation) refusals() []models.Code {
	codes := append([]models.Code{models.CodeInternal}, o.codes...)
	add := func(more ...models.Code) { codes = append(codes, more...) }
	if _, path := o.address(); path != "/healthz" && path != "/readyz" && path != "/metrics" {
		add(models.CodeOrigin)
	}
	if !o.access.open {
		add(models.CodeTokenMissing, models.CodeTokenExpired, models.CodeTokenInvalid, models.CodeTokenRevoked, models.CodeRateLimited, models.CodeUnavailable)
	}
	if o.access.operator {
		add(models.CodeTokenMissing, models.CodeTokenInvalid, models.CodeRateLimited, models.CodeUnavailable)
	}
	if o.access.ticket {
		add(models.CodeTicketInvalid)
	}
	if o.access.action != "" && o.access.action != models.ActionView {
		add(models.CodeForbidden)
	}
	if strings.Contains(o.pattern, "{id}") && !o.access.open {
		add(models.CodeNotFound)
	}
	if o.body != nil {
		add(models.CodeInvalid, models.CodeTooLarge)
		if o.body.types == nil || o.body.types[0] != tusBytes { // tus has its own word for that
			add("unsupported_content_type")
		}
	}
	if slices.ContainsFunc(o.params, func(p param) bool { return !p.header }) {
		add(models.CodeInvalid)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
