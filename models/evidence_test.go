package models

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEvidenceIsOfTheSegmentsFirst(t *testing.T) {
	t.Parallel()
	s := frames("porn", 0, 0.9, 0.95, 0, 0.4, 0.2, 0.7, 0.71)
	segments := Assess(s, 8000, DefaultPolicy()).Segments
	if got, want := EvidenceOf(s, 8000, segments), []int64{1000, 2000, 4000, 6000, 7000}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := EvidenceOf(frames("porn", 0.1, 0.2, 0.1), 3000, nil); len(got) != 0 {
		t.Errorf("a harmless video has evidence at %v", got)
	}
}

// However much is found: so many pictures, the segments' among them, the others
// over the whole file.
func TestEvidenceIsBoundedAndSpread(t *testing.T) {
	t.Parallel()
	shares := make([]float32, 900)
	for i := range shares {
		shares[i] = 0.5
	}
	for i := 10; i < 60; i++ {
		shares[i] = 0.6 + float32(i%7)/20
	}
	s := frames("porn", shares...)
	segments := Assess(s, 900_000, DefaultPolicy()).Segments
	got := EvidenceOf(s, 900_000, segments)
	if len(got) > MaxEvidence || len(got) < MaxEvidence/2 || !slices.IsSorted(got) {
		t.Errorf("%d moments: %v", len(got), got)
	}
	if len(segments) != 1 || !slices.Contains(got, segments[0].EvidenceMs) {
		t.Errorf("the segment's own is not among %v", got)
	}
	if got[len(got)-1] < 400_000 {
		t.Errorf("all lie before %d", got[len(got)-1])
	}
	many := make([]SensitivitySegment, MaxSegments)
	for i := range many {
		many[i] = SensitivitySegment{EvidenceMs: int64(i), Score: float64(i)}
	}
	if got := EvidenceOf(s, 900_000, many); len(got) != MaxEvidence || got[0] != MaxSegments-MaxEvidence {
		t.Errorf("of more segments the highest: %v", got)
	}
}

func TestSegmentsShowTheNearestPicture(t *testing.T) {
	t.Parallel()
	v := Video{ID: "v", OrganizationID: "acme", Sensitivity: &Sensitivity{
		EvidenceMs: []int64{1000, 2900, 5000},
		Segments:   []SensitivitySegment{{StartMs: 500, EndMs: 3000, EvidenceMs: 2500}, {StartMs: 3500, EndMs: 4000, EvidenceMs: 3700}},
	}}
	d := DocumentOf(&v, &SignedLinks{Base: "http://x", Key: []byte("k")})
	got := d.Sensitivity.Segments
	if got[0].Evidence == nil || !strings.HasPrefix(*got[0].Evidence, "http://x/api/videos/v/evidence/2900?") || got[1].Evidence != nil {
		t.Errorf("%+v", got)
	}
	if d.Sensitivity.EvidenceMs != nil || v.Sensitivity.Segments[0].Evidence != nil || v.Sensitivity.EvidenceMs == nil {
		t.Error("what stores keep and what clients see was mixed up")
	}
}

func TestProgressCarriesSegments(t *testing.T) {
	t.Parallel()
	many := make([]SensitivitySegment, 100)
	for i := range many {
		many[i] = SensitivitySegment{StartMs: int64(i), Score: float64(i % 10)}
	}
	for n, want := range map[int]int{0: 0, 3: 3, 100: maxProgressSegments} {
		var p Progress
		e := ProgressOf(&Video{Stage: StageSensitivity}, time.Now(), Report{Segments: many[:n]}, 0, ToVideo)
		if err := json.Unmarshal(e.Payload, &p); err != nil || p.Segments == nil || len(p.Segments) != want {
			t.Errorf("%d segments: %d in the event, %v", n, len(p.Segments), err)
		}
		if n == 100 && (p.Segments[0].StartMs != 6 || !slices.IsSortedFunc(p.Segments, func(a, b SensitivitySegment) int { return int(a.StartMs - b.StartMs) })) {
			t.Errorf("not the highest in order: %+v", p.Segments[0])
		}
	}
}

func TestStoryboardIsWebVTT(t *testing.T) {
	t.Parallel()
	b := Storyboard{TileWidth: 160, TileHeight: 90, Columns: 2, AtMs: []int64{40, 1500, 3_723_004}}
	want := `WEBVTT

00:00:00.000 --> 00:00:01.500
http://x/p.jpg?a=b&c=d#xywh=0,0,160,90

00:00:01.500 --> 01:02:03.004
http://x/p.jpg?a=b&c=d#xywh=160,0,160,90

01:02:03.004 --> 01:02:05.000
http://x/p.jpg?a=b&c=d#xywh=0,90,160,90
`
	if got := b.WebVTT(3_725_000, "http://x/p.jpg?a=b&c=d"); got != want {
		t.Errorf("got\n%s", got)
	}
	// The duration may be said too short, and two frames share a millisecond.
	b.AtMs = []int64{0, 5, 5, 9000}
	if got := b.WebVTT(1000, "u"); strings.Count(got, "-->") != 3 || !strings.Contains(got, "00:00:09.000 --> 00:00:09.001") {
		t.Errorf("got\n%s", got)
	}
}
