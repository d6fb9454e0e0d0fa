package classifier

import "context"

// What a frame must look like before it is classified. The original divides
// each byte by 255; that is done inside.
const (
	// Size is the width and the height of a frame in pixels.
	Size = 224
	// FrameBytes is the length of a frame: rows from the top, pixels from the
	// left, three bytes a pixel in the order red, green, blue.
	FrameBytes = Size * Size * 3
	// ScaleFilter is the ffmpeg filter that makes such frames, with -pix_fmt
	// rgb24. The picture is squeezed to a square, as the original does. The
	// kind of interpolation matters: a wrong one moves scores by up to 0.28.
	ScaleFilter = "scale=224:224:flags=bicubic"
)

// Category is one of the five things that a frame can look like.
type Category string

// The categories of the network. Porn and hentai are explicit. Sexy alone means
// suggestive, which includes swimwear and portraits.
const (
	Drawing Category = "drawing" // harmless art
	Hentai  Category = "hentai"  // explicit art
	Neutral Category = "neutral" // everyday pictures
	Porn    Category = "porn"    // explicit pictures
	Sexy    Category = "sexy"    // suggestive pictures
)

// categories is in the order of the network's outputs.
var categories = [...]Category{Drawing, Hentai, Neutral, Porn, Sexy}

// Categories returns all categories, in the order of [Scores].
func Categories() []Category { return append([]Category(nil), categories[:]...) }

// Scores holds, for each category, how much a frame looks like it: from 0 to 1,
// together 1. The order is that of [Categories].
type Scores [len(categories)]float32

// Of returns the score of one category, or 0 for a name that is none.
func (s Scores) Of(c Category) float32 {
	for i, name := range categories {
		if name == c {
			return s[i]
		}
	}
	return 0
}

// Top returns the category with the highest score, and that score.
func (s Scores) Top() (Category, float32) {
	best := 0
	for i := range s {
		if s[i] > s[best] {
			best = i
		}
	}
	return categories[best], s[best]
}

// Classifier scores frames. It may be called from several goroutines.
type Classifier interface {
	// Classify scores one frame of [FrameBytes] bytes, which it does not keep.
	// It fails for a frame of another length, and when ctx ends first.
	Classify(ctx context.Context, rgb []byte) (Scores, error)
	// Model names what scores, with its version, for the record.
	Model() string
}
