package models

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"time"
)

// ScoreCategories are what a classifier tells of each frame, in the order of
// [FrameScores]. Porn and hentai together are explicit.
var ScoreCategories = [...]string{"drawing", "hentai", "neutral", "porn", "sexy"}

// The places of the categories that decide.
const (
	scoreHentai = 1
	scorePorn   = 3
	scoreSexy   = 4
)

// FrameScores is one classified frame as it is kept: 0 to 65535 stands for 0 to
// 1, which is finer than two classifiers agree.
type FrameScores struct {
	AtMs   int64
	Scores [len(ScoreCategories)]uint16
}

// QuantizeScores makes the frame that stands at a moment, of scores from 0 to 1
// in the order of [ScoreCategories]; what is outside is cut, NaN counts as 0.
func QuantizeScores(at time.Duration, scores [len(ScoreCategories)]float32) FrameScores {
	f := FrameScores{AtMs: max(at.Milliseconds(), 0)}
	for i, s := range scores {
		if s > 0 {
			f.Scores[i] = uint16(math.Round(min(float64(s), 1) * math.MaxUint16))
		}
	}
	return f
}

// Score is one category's, from 0 to 1.
func (f *FrameScores) Score(category int) float64 {
	return float64(f.Scores[category]) / math.MaxUint16
}

// Explicit is how much the frame looks like porn or hentai, from 0 to 1.
func (f *FrameScores) Explicit() float64 { return f.Score(scorePorn) + f.Score(scoreHentai) }

// The bounds of stored scores. The sensitivity stage takes far fewer frames.
const (
	MaxScoreFrames     = 100_000
	maxScoreModelBytes = 256
)

// maxScoreBytes is more than any stored form is long.
const maxScoreBytes = 32 + maxScoreModelBytes + MaxScoreFrames*(10+3*len(ScoreCategories))

// scoresHead begins the stored form; its last byte is the format's version.
const scoresHead = "rrs\x01"

// EncodeScores writes frames compactly, in the order of time: seven to seventeen
// bytes a frame, as each is told by its difference from the one before. Model
// names what scored them. Of more than [MaxScoreFrames] the first are kept, of
// a longer name than 256 bytes as much.
func EncodeScores(model string, frames []FrameScores) []byte {
	frames = slices.Clone(frames)
	slices.SortStableFunc(frames, func(a, b FrameScores) int { return cmp.Compare(a.AtMs, b.AtMs) })
	frames = frames[:min(len(frames), MaxScoreFrames)]
	model = model[:min(len(model), maxScoreModelBytes)]
	out := append([]byte(scoresHead), binary.AppendUvarint(nil, uint64(len(model)))...)
	out = append(out, model...)
	out = binary.AppendUvarint(out, uint64(len(frames)))
	var last FrameScores
	for _, f := range frames {
		f.AtMs = max(f.AtMs, 0)
		out = binary.AppendUvarint(out, uint64(f.AtMs-last.AtMs))
		for i, s := range f.Scores {
			out = binary.AppendVarint(out, int64(s)-int64(last.Scores[i]))
		}
		last = f
	}
	return out
}

// ReadScores reads the frames' scores from a blob; [ErrNotFound] when there is
// none.
func ReadScores(ctx context.Context, from Blobs, org, key string) (model string, frames []FrameScores, err error) {
	blob, err := from.Open(ctx, org, key)
	if err != nil {
		return "", nil, err
	}
	defer blob.Close()
	b, err := io.ReadAll(io.LimitReader(blob, int64(maxScoreBytes)+1))
	if err != nil {
		return "", nil, Errorf(CodeUnavailable, "The stored scores could not be read.").Because(err).Again(time.Second)
	}
	return DecodeScores(b)
}

// ErrScoresDamaged is in the chain of what [DecodeScores] returns.
var ErrScoresDamaged = errors.New("not in the form of stored scores")

// DecodeScores reads what [EncodeScores] wrote. Anything else is an error with
// [CodeInternal], and costs no more memory than a multiple of its own length.
func DecodeScores(b []byte) (model string, frames []FrameScores, err error) {
	bad := Errorf(CodeInternal, "The stored scores cannot be read.").Because(ErrScoresDamaged)
	if len(b) < len(scoresHead) || string(b[:len(scoresHead)]) != scoresHead {
		return "", nil, bad
	}
	b = b[len(scoresHead):]
	ok := true
	unsigned := func(limit uint64) uint64 {
		n, size := binary.Uvarint(b)
		if !ok || size <= 0 || n > limit {
			ok = false
			return 0
		}
		b = b[size:]
		return n
	}
	name := unsigned(maxScoreModelBytes)
	if !ok || name > uint64(len(b)) {
		return "", nil, bad
	}
	model, b = string(b[:name]), b[name:]
	count := unsigned(MaxScoreFrames)
	// Six bytes a frame at least: what claims more is not believed.
	if !ok || count*(1+uint64(len(ScoreCategories))) > uint64(len(b)) {
		return "", nil, bad
	}
	frames = make([]FrameScores, count)
	var last FrameScores
	for k := range frames {
		last.AtMs += int64(unsigned(uint64(math.MaxInt64 - last.AtMs)))
		for i := range last.Scores {
			difference, size := binary.Varint(b)
			score := int64(last.Scores[i]) + difference
			if !ok || size <= 0 || difference < -math.MaxUint16 || difference > math.MaxUint16 || score < 0 || score > math.MaxUint16 {
				return "", nil, bad
			}
			b, last.Scores[i] = b[size:], uint16(score)
		}
		frames[k] = last
	}
	if !ok || len(b) > 0 {
		return "", nil, bad
	}
	return model, frames, nil
}
