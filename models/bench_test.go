package models

import (
	"math/rand/v2"
	"testing"
	"time"
)

// manyFrames are 900 frames, as of a long video, whose scores drift as those of
// neighbours do.
func manyFrames() []FrameScores {
	r := rand.New(rand.NewPCG(1, 2))
	scores := [5]float32{0.1, 0.1, 0.5, 0.2, 0.1}
	out := make([]FrameScores, 900)
	for i := range out {
		for k := range scores {
			scores[k] = min(max(scores[k]+0.05*float32(r.NormFloat64()), 0), 1)
		}
		out[i] = QuantizeScores(time.Duration(i)*time.Second, scores)
	}
	return out
}

// What a change of the policy costs for each video, beside the store.
func BenchmarkAssessStored(b *testing.B) {
	stored := EncodeScores("model", manyFrames())
	for b.Loop() {
		_, frames, err := DecodeScores(stored)
		if err != nil {
			b.Fatal(err)
		}
		Assess(frames, 900_000, DefaultPolicy())
	}
	b.ReportMetric(float64(len(stored))/900, "bytes/frame")
}
