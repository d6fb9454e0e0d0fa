package models

import (
	"fmt"
	"strings"
)

// MaxTiles is how many small pictures a storyboard has at most, TileSide the
// longest side of each in pixels.
const (
	MaxTiles = 100
	TileSide = 160
)

// Storyboard is a sheet of small pictures of a video, row by row.
type Storyboard struct {
	Key   string `json:"key"`
	Bytes int64  `json:"bytes"`
	// TileWidth and TileHeight are in pixels.
	TileWidth  int `json:"tileWidth"`
	TileHeight int `json:"tileHeight"`
	Columns    int `json:"columns"`
	// AtMs are the moments shown, in order.
	AtMs []int64 `json:"atMs"`
}

// WebVTT writes the storyboard as a WebVTT file, as players read it: each cue
// says from when until when to show which part of the picture at url, which is
// taken as it stands. The first one begins at 0, the last one ends with the
// video; cues are never empty.
func (s *Storyboard) WebVTT(durationMs int64, url string) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i, at := range s.AtMs {
		end := max(durationMs, at+1)
		if i+1 < len(s.AtMs) {
			end = s.AtMs[i+1]
		}
		if i == 0 {
			at = 0
		}
		if end <= at {
			continue
		}
		column, row := i%max(s.Columns, 1), i/max(s.Columns, 1)
		fmt.Fprintf(&b, "\n%s --> %s\n%s#xywh=%d,%d,%d,%d\n", vttTime(at), vttTime(end), url,
			column*s.TileWidth, row*s.TileHeight, s.TileWidth, s.TileHeight)
	}
	return b.String()
}

func vttTime(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
