package models

// Metadata is what ffprobe and a scan of the packets say about a file.
type Metadata struct {
	Container Container `json:"container"`
	// DurationSeconds is the playing time.
	DurationSeconds float64 `json:"durationSeconds"`
	// DurationSource tells where it was taken from: "container", "stream" or
	// "packets" (the last presentation time of a scan).
	DurationSource string `json:"durationSource"`
	SizeBytes      int64  `json:"sizeBytes"`
	// BitRate is in bits per second, over all streams.
	BitRate  int64        `json:"bitRate"`
	Video    VideoStream  `json:"video"`
	Audio    []AudioTrack `json:"audio"`
	Chapters []Chapter    `json:"chapters"`
}

// Container names the file format, in ffprobe's words.
type Container struct {
	Format   string `json:"format"`
	LongName string `json:"longName"`
}

// VideoStream describes the first video stream that is not cover art.
type VideoStream struct {
	Codec   string `json:"codec"`
	Profile string `json:"profile"`
	// CodedWidth and CodedHeight are the stream's own; Width and Height are
	// what a player shows, after rotation and sample aspect ratio.
	CodedWidth  int `json:"codedWidth"`
	CodedHeight int `json:"codedHeight"`
	Width       int `json:"width"`
	Height      int `json:"height"`
	// Rotation is clockwise, in degrees: 0, 90, 180 or 270.
	Rotation int `json:"rotation"`
	// FrameRate is the average, NominalFrameRate the lowest that can show all
	// time stamps exactly; both in frames per second.
	FrameRate        float64 `json:"frameRate"`
	NominalFrameRate float64 `json:"nominalFrameRate"`
	// Frames counts the video packets, KeyframeGapSeconds is the largest
	// distance between two keyframes.
	Frames             int64   `json:"frames"`
	Keyframes          int64   `json:"keyframes"`
	KeyframeGapSeconds float64 `json:"keyframeGapSeconds"`
	BitRate            int64   `json:"bitRate"`
	PixelFormat        string  `json:"pixelFormat"`
	ColorSpace         string  `json:"colorSpace"`
	ColorTransfer      string  `json:"colorTransfer"`
	ColorPrimaries     string  `json:"colorPrimaries"`
	ColorRange         string  `json:"colorRange"`
}

// AudioTrack describes one audio stream.
type AudioTrack struct {
	Codec    string `json:"codec"`
	Profile  string `json:"profile"`
	Channels int    `json:"channels"`
	Layout   string `json:"layout"`
	// SampleRate is in hertz, BitRate in bits per second.
	SampleRate int    `json:"sampleRate"`
	BitRate    int64  `json:"bitRate"`
	Language   string `json:"language"`
}

// Chapter is a named span of the file.
type Chapter struct {
	StartMs int64  `json:"startMs"`
	EndMs   int64  `json:"endMs"`
	Title   string `json:"title"`
}

// Thumbnail is the picture that stands for the video.
type Thumbnail struct {
	// Key is the blob's name, below the organization.
	Key    string `json:"key"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
	// AtMs is the moment that the picture shows; -1 when unknown.
	AtMs int64 `json:"atMs"`
	// Placeholder is a ThumbHash in base 64: a page draws it before the
	// picture has come.
	Placeholder string `json:"placeholder"`
}

// Verdict sums up the sensitivity stage.
type Verdict string

// The verdicts.
const (
	VerdictSafe    Verdict = "safe"
	VerdictReview  Verdict = "review"
	VerdictFlagged Verdict = "flagged"
)

// SensitivityScope is what the stage can see, in words for people.
const SensitivityScope = "Detects nudity and sexual content only; not violence, weapons, hate or anything else."

// Sensitivity is what the classifier saw in the sampled frames.
type Sensitivity struct {
	// Verdict is the one that holds: a person's decision where there is one,
	// else the machine's. Who reads nothing else acts upon the right one.
	Verdict Verdict `json:"verdict"`
	// MachineVerdict is what the policy made of the scores.
	MachineVerdict Verdict `json:"machineVerdict"`
	// Review is the person's decision, or null.
	Review *Review `json:"review"`
	// PolicyVersion is that of the organization's [Policy] under which the
	// frames were assessed; 0 when unknown.
	PolicyVersion int `json:"policyVersion"`
	// Scores holds, by category, the highest score (0 to 1) that stood in as
	// many frames in a row as the policy asks for: two, if it says nothing else.
	Scores   map[string]float64   `json:"scores"`
	Segments []SensitivitySegment `json:"segments"`
	// Frames is how many were classified; Sampling is "keyframes" or "interval".
	Frames   int    `json:"frames"`
	Sampling string `json:"sampling"`
	Model    string `json:"model"`
	Scope    string `json:"scope"`
	// ScoresKey is the blob of the frames' scores, see [Video.ScoresKey]; "" where
	// none were kept. Clients do not see it.
	ScoresKey string `json:"scoresKey,omitempty" contract:"-"`
	// EvidenceMs are the moments, in order, of which pictures are kept: those of
	// the segments, and others whose score a stricter policy may ask for. See
	// [Video.EvidenceKey]. Clients do not see it.
	EvidenceMs []int64 `json:"evidenceMs,omitempty" contract:"-"`
}

// SensitivitySegment is a span in which a category stayed above its threshold.
type SensitivitySegment struct {
	StartMs  int64   `json:"startMs"`
	EndMs    int64   `json:"endMs"`
	Category string  `json:"category"`
	Score    float64 `json:"score"`
	// EvidenceMs is the moment of the frame with the highest score.
	EvidenceMs int64 `json:"evidenceMs"`
	// Evidence is the signed, expiring, absolute URL of the picture that shows
	// it, or the kept one nearest to it within the segment; null where none is
	// kept. Made for clients; stores keep none.
	Evidence *string `json:"evidence"`
}

// Warning is something about the file that a person should know.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Failure is why a video failed, in safe words.
type Failure struct {
	Code    Code   `json:"code"`
	Stage   Stage  `json:"stage"`
	Message string `json:"message"`
}
