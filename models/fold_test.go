package models_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// vectors is testdata/listing.json, which a page's tests can read as well.
type vectors struct {
	// Fold are texts, and what becomes of each.
	Fold [][2]string `json:"fold"`
	// FoldSum is the SHA-256, in hexadecimal, of a line "%x %x\n" for each code
	// point that changes (surrogates left out), in order.
	FoldSum string `json:"foldSum"`
	Videos  []struct {
		ID              string         `json:"id"`
		Title           string         `json:"title"`
		FileName        string         `json:"fileName"`
		Size            int64          `json:"size"`
		DurationSeconds *float64       `json:"durationSeconds"`
		Status          models.Status  `json:"status"`
		Verdict         models.Verdict `json:"verdict"`
		CreatedAt       time.Time      `json:"createdAt"`
	} `json:"videos"`
	// Lists are queries, and the ids that each lists, in order.
	Lists []struct {
		Q       string           `json:"q"`
		Status  []models.Status  `json:"status"`
		Verdict []models.Verdict `json:"verdict"`
		Sort    models.VideoSort `json:"sort"`
		IDs     []string         `json:"ids"`
	} `json:"lists"`
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("testdata/listing.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFold(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, pair := range v.Fold {
		if got := models.Fold(pair[0]); got != pair[1] {
			t.Errorf("%q becomes %q, want %q", pair[0], got, pair[1])
		}
	}
	// A later Go with a later Unicode must not change what is stored already.
	sum := sha256.New()
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := models.Fold(string(r))
		if utf8.RuneCountInString(folded) != 1 || models.Fold(folded) != folded {
			t.Fatalf("%U becomes %q", r, folded)
		}
		if to, _ := utf8.DecodeRuneInString(folded); to != r {
			fmt.Fprintf(sum, "%x %x\n", r, to)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != v.FoldSum {
		t.Errorf("the sum over all code points is %s, want %s", got, v.FoldSum)
	}
}

// The examples that other languages are held to are what the plain way lists.
func TestListingVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	var videos []models.Video
	for _, d := range v.Videos {
		one := models.Video{ID: d.ID, Title: d.Title, Status: d.Status, CreatedAt: d.CreatedAt, File: models.File{Name: d.FileName, Size: d.Size}}
		if d.DurationSeconds != nil {
			one.Metadata = &models.Metadata{DurationSeconds: *d.DurationSeconds}
		}
		if d.Verdict != "" {
			one.Sensitivity = &models.Sensitivity{Verdict: d.Verdict}
		}
		videos = append(videos, one)
	}
	if len(videos) == 0 || len(v.Lists) == 0 {
		t.Fatal("there are no examples")
	}
	for _, l := range v.Lists {
		var got []string
		for _, one := range modelstest.Listed(videos, models.Page{Query: l.Q, Status: l.Status, Verdicts: l.Verdict, Sort: l.Sort}) {
			got = append(got, one.ID)
		}
		if !slices.Equal(got, l.IDs) {
			text, _ := json.Marshal(got)
			t.Errorf("q=%q status=%v verdict=%v sort=%s:\ngot  %s\nwant %q", l.Q, l.Status, l.Verdict, l.Sort, text, l.IDs)
		}
	}
}

func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("Ä", 1000), strings.Repeat("😀", 1000), strings.Repeat("A", 1000)} {
		if n, m := utf8.RuneCountInString(models.TitleKey(s)), utf8.RuneCountInString(models.NameKey(s)); n != 200 || m != 255 {
			t.Errorf("%d and %d characters are kept of %.4s…", n, m, s)
		}
	}
	if got := models.TitleKey("Ä"); got != "ä" {
		t.Error(got)
	}
}
