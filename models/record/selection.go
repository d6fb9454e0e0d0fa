package record

import (
	"slices"
	"unicode/utf8"

	"reelroom/models"
)

// Selection is a [models.Page] as a store looks it up.
type Selection struct {
	// Statuses and Verdicts are those kept, each once and in one order. No status
	// means that nothing is kept, no verdict that any is, and none.
	Statuses, Verdicts []string
	Batch              string
	// Text is what the key of the title or of the name must hold; "" for all.
	Text string
	// Field is what is compared, Down whether the greatest comes first.
	Field string
	Down  bool
	// Size is how many to return; a store reads one more, see [Selection.Cut].
	Size int
	// After is where to go on; nil at the beginning.
	After *Place
}

// Select reads what is asked for. It returns an error with [models.CodeInvalid]
// as [models.Videos] says.
func Select(page models.Page) (Selection, error) {
	s := Selection{Batch: page.Batch, Text: models.Fold(page.Query), Size: page.Size()}
	if !utf8.ValidString(page.Query) || utf8.RuneCountInString(page.Query) > models.MaxQueryRunes {
		return Selection{}, models.Errorf(models.CodeInvalid, "q must be text of at most %d characters.", models.MaxQueryRunes)
	}
	sort := page.Sort
	if sort == "" {
		sort = models.SortNewest
	}
	if !slices.Contains(models.Sorts, sort) {
		return Selection{}, models.Errorf(models.CodeInvalid, "sort must be createdAt, title, size or duration, with a - before it for the reverse.")
	}
	s.Field, s.Down = sort.Field()
	for _, status := range models.ListedStatuses {
		if len(page.Status) == 0 || slices.Contains(page.Status, status) {
			s.Statuses = append(s.Statuses, string(status))
		}
	}
	for _, verdict := range models.Verdicts {
		if slices.Contains(page.Verdicts, verdict) {
			s.Verdicts = append(s.Verdicts, string(verdict))
		}
	}
	if len(page.Verdicts) > 0 && len(s.Verdicts) == 0 {
		s.Statuses = nil // of what there is not, nothing
	}
	if page.After == "" {
		return s, nil
	}
	place, err := parsePlace(page.After, s.sum())
	s.After = &place
	return s, err
}

// Cut makes a page of what was read, in order, when one more than Size was asked
// for.
func (s *Selection) Cut(found []models.Video) models.VideoPage {
	if len(found) <= s.Size {
		return models.VideoPage{Videos: found}
	}
	found = found[:s.Size]
	return models.VideoPage{Videos: found, NextCursor: placeOf(&found[len(found)-1], s.Field).String(s.sum())}
}
