package models

import "strings"

// Page asks for part of a list.
type Page struct {
	// Limit is how many at most: 1 to 100, 20 when 0.
	Limit int
	// After is the NextCursor of the page before, or "". It belongs to the one
	// query that gave it: to all that stands below.
	After string
	// Status keeps only videos in one of these; all when empty.
	Status []Status
	// Verdicts keeps only videos on which one of these holds; all when empty.
	Verdicts []Verdict
	// Batch keeps only videos of this batch; all when empty.
	Batch string
	// Query keeps only videos whose title or file name holds it, when both are
	// written by [Fold]; all when empty. At most [MaxQueryRunes] characters.
	Query string
	// Sort is the order; [SortNewest] when empty.
	Sort VideoSort
}

// MaxQueryRunes bounds [Page.Query], in characters.
const MaxQueryRunes = 100

// Size returns the limit that holds.
func (p Page) Size() int {
	if p.Limit == 0 {
		return 20
	}
	return min(max(p.Limit, 1), 100)
}

// VideoPage is part of a list; NextCursor is "" on the last page.
type VideoPage struct {
	Videos     []Video
	NextCursor string
}

// Counts tells how many videos of an organization stand where. Deleted ones
// count nowhere.
type Counts struct {
	Total int `json:"total"`
	// Status has every status that a video can be listed in.
	Status map[Status]int `json:"status"`
	// Verdict counts the verdicts that hold. A video without one, such as one
	// that waits, stands in none.
	Verdict map[Verdict]int `json:"verdict"`
}

// ListedStatuses and Verdicts are what [Page.Status] and [Page.Verdicts] can ask for.
var (
	ListedStatuses = []Status{StatusQueued, StatusProcessing, StatusCompleted, StatusFailed, StatusCancelled}
	Verdicts       = []Verdict{VerdictSafe, VerdictReview, VerdictFlagged}
)

// NewCounts counts nothing, and has every name.
func NewCounts() Counts {
	c := Counts{Status: map[Status]int{}, Verdict: map[Verdict]int{}}
	for _, s := range ListedStatuses {
		c.Status[s] = 0
	}
	for _, v := range Verdicts {
		c.Verdict[v] = 0
	}
	return c
}

// Add counts n videos of a status on which a verdict holds, "" for none.
func (c Counts) Add(s Status, v Verdict, n int) Counts {
	if _, listed := c.Status[s]; !listed {
		return c
	}
	c.Status[s] += n
	c.Total += n
	if _, known := c.Verdict[v]; known {
		c.Verdict[v] += n
	}
	return c
}

// VideoSort is the order of a list: a field, with "-" before it for the reverse.
// Videos of one value are ordered by id, which the "-" reverses, too. Text is
// compared by code points (which is what comparing its UTF-8 bytes does, and
// comparing UTF-16 units does not), with the shorter first where one begins
// with the other.
type VideoSort string

// The orders. Each names what it compares:
//
//	createdAt  the time of creation, in milliseconds
//	title      [TitleKey] of the title
//	size       the size of the file, in bytes
//	duration   the playing time, in seconds; 0 while it is not known
const (
	SortNewest       VideoSort = "-createdAt"
	SortOldest       VideoSort = "createdAt"
	SortTitle        VideoSort = "title"
	SortTitleDown    VideoSort = "-title"
	SortSize         VideoSort = "size"
	SortSizeDown     VideoSort = "-size"
	SortDuration     VideoSort = "duration"
	SortDurationDown VideoSort = "-duration"
)

// Sorts are all orders, the one that holds when none is named first.
var Sorts = []VideoSort{SortNewest, SortOldest, SortTitle, SortTitleDown, SortSize, SortSizeDown, SortDuration, SortDurationDown}

// Field returns what is compared, and whether the greatest comes first.
func (s VideoSort) Field() (name string, down bool) {
	name, down = strings.CutPrefix(string(s), "-")
	return name, down
}

// titleKeyRunes and nameKeyRunes bound what is searched and sorted by, in
// characters: all of what the product lets a title or a file name be.
const (
	titleKeyRunes = 200
	nameKeyRunes  = 255
)

// TitleKey is what titles are searched and sorted by: [Fold] of the first 200
// characters.
func TitleKey(title string) string { return Fold(first(title, titleKeyRunes)) }

// NameKey is what file names are searched by: [Fold] of the first 255
// characters.
func NameKey(name string) string { return Fold(first(name, nameKeyRunes)) }

func first(s string, runes int) string {
	if len(s) <= runes {
		return s
	}
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}

// Duration is the playing time in seconds; 0 while it is not known.
func (v *Video) Duration() float64 {
	if v.Metadata == nil {
		return 0
	}
	return max(v.Metadata.DurationSeconds, 0)
}

// Verdict is the one that holds; "" while there is none.
func (v *Video) Verdict() Verdict {
	if v.Sensitivity == nil {
		return ""
	}
	return v.Sensitivity.Verdict
}
