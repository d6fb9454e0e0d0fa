package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reelroom/models"
)

// list answers GET /api/videos?limit=&after=&q=&status=&verdict=&batch=&sort=;
// status and verdict may stand several times or hold several words with commas
// between them.
func (a *api) list(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	page, err := pageOf(r.URL.Query())
	if err != nil {
		return err
	}
	listing, err := a.Library.List(r.Context(), who, page)
	if err != nil {
		return err
	}
	return WriteTagged(w, r, listing)
}

// count answers GET /api/videos/counts.
func (a *api) count(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	counting, err := a.Library.Count(r.Context(), who)
	if err != nil {
		return err
	}
	return WriteTagged(w, r, counting)
}

func pageOf(q url.Values) (models.Page, error) {
	page := models.Page{After: q.Get("after"), Batch: q.Get("batch"), Query: q.Get("q"), Sort: models.VideoSort(q.Get("sort"))}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			return page, models.Errorf(models.CodeInvalid, "limit must be a number from 1 to 100.")
		}
		page.Limit = n
	}
	var err error
	if page.Status, err = choices("status", q["status"], models.ListedStatuses); err != nil {
		return page, err
	}
	page.Verdicts, err = choices("verdict", q["verdict"], models.Verdicts)
	return page, err
}

// choices reads words that are separated by commas or stand apart: each once,
// and each a known one.
func choices[T ~string](name string, values []string, known []T) (chosen []T, err error) {
	for _, value := range values {
		for word := range strings.SplitSeq(value, ",") {
			switch {
			case word == "" || slices.Contains(chosen, T(word)):
			case !slices.Contains(known, T(word)):
				words := make([]string, len(known))
				for i, k := range known {
					words[i] = string(k)
				}
				last := len(words) - 1
				return nil, models.Errorf(models.CodeInvalid, "%s must be %s or %s.", name, strings.Join(words[:last], ", "), words[last])
			default:
				chosen = append(chosen, T(word))
			}
		}
	}
	return chosen, nil
}

func (a *api) get(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	d, err := a.Library.Get(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return WriteTagged(w, r, d)
}

// VideoEdit is what can be changed of a video.
type VideoEdit struct {
	Title *string `json:"title"`
}

func (a *api) rename(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionEdit) { // before the body is read
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	var body VideoEdit
	if err := Decode(w, r, &body, false, "application/merge-patch+json"); err != nil {
		return err
	}
	if body.Title == nil {
		return models.Errorf(models.CodeInvalid, "title is missing; it is the one field that can be changed.")
	}
	d, err := a.Library.Rename(r.Context(), who, r.PathValue("id"), *body.Title)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, d)
}

func (a *api) remove(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := a.Library.Delete(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) cancel(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	d, err := a.Library.Cancel(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, d)
}

// RetryOrder says where the next attempt begins.
type RetryOrder struct {
	// FromStart begins at the first stage, not at the one that had not finished.
	FromStart bool `json:"fromStart,omitempty"`
}

// retry takes an optional [RetryOrder].
func (a *api) retry(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionEdit) { // before the body is read
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	var body RetryOrder
	if err := Decode(w, r, &body, true); err != nil {
		return err
	}
	d, err := a.Library.Retry(r.Context(), who, r.PathValue("id"), body.FromStart)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, d)
}
