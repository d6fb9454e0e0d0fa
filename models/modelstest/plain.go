package modelstest

import (
	"cmp"
	"slices"
	"strings"

	"reelroom/models"
)

// Listed is what a list of these videos holds, all pages of it: the plain way,
// which every store must agree with.
func Listed(videos []models.Video, page models.Page) []models.Video {
	var kept []models.Video
	for _, v := range videos {
		text := models.Fold(page.Query)
		if v.Status == models.StatusDeleted ||
			len(page.Status) > 0 && !slices.Contains(page.Status, v.Status) ||
			len(page.Verdicts) > 0 && (v.Sensitivity == nil || !slices.Contains(page.Verdicts, v.Sensitivity.Verdict)) ||
			page.Batch != "" && v.BatchID != page.Batch ||
			!strings.Contains(models.Fold(v.Title), text) && !strings.Contains(models.Fold(v.File.Name), text) {
			continue
		}
		kept = append(kept, v)
	}
	slices.SortFunc(kept, func(a, b models.Video) int {
		if page.Sort == "" || strings.HasPrefix(string(page.Sort), "-") {
			a, b = b, a
		}
		by := 0
		switch strings.TrimPrefix(string(page.Sort), "-") {
		case "title":
			by = slices.Compare([]rune(models.Fold(a.Title)), []rune(models.Fold(b.Title)))
		case "size":
			by = cmp.Compare(a.File.Size, b.File.Size)
		case "duration":
			by = cmp.Compare(playingTime(a), playingTime(b))
		default:
			by = a.CreatedAt.Compare(b.CreatedAt)
		}
		return cmp.Or(by, slices.Compare([]rune(a.ID), []rune(b.ID)))
	})
	return kept
}

func playingTime(v models.Video) float64 {
	if v.Metadata == nil {
		return 0
	}
	return v.Metadata.DurationSeconds
}

// Counted is what a store counts of these videos.
func Counted(videos []models.Video) models.Counts {
	counts := models.NewCounts()
	for _, v := range videos {
		if v.Status == models.StatusDeleted {
			continue
		}
		counts.Total++
		counts.Status[v.Status]++
		if v.Sensitivity != nil {
			counts.Verdict[v.Sensitivity.Verdict]++
		}
	}
	return counts
}
