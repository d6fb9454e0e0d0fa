package models

// Stage is one step of the pipeline.
type Stage string

// The stages, in the order in which they run.
const (
	StageMetadata    Stage = "metadata"
	StageThumbnail   Stage = "thumbnail"
	StageSensitivity Stage = "sensitivity"
	// StageRendition follows for the videos of which a version for browsers is
	// made; see [PlanRendition].
	StageRendition Stage = "rendition"
)

// Stages lists every stage in order that all videos have. The pipeline's own list must match it.
var Stages = []Stage{StageMetadata, StageThumbnail, StageSensitivity}

// Start is the overall percentage at which the stage begins: 10, 40 and 70;
// these are fixed, because old clients draw them. A rendition begins at 90.
func (s Stage) Start() int {
	switch s {
	case StageMetadata:
		return 10
	case StageThumbnail:
		return 40
	case StageSensitivity:
		return 70
	case StageRendition:
		return 90
	}
	return 0
}

// End is the overall percentage at which the stage is done.
func (s Stage) End() int {
	if next := s.Next(); next != "" {
		return next.Start()
	}
	return 100
}

// Next is the stage that follows, or "" after the last.
func (s Stage) Next() Stage {
	for i, x := range Stages {
		if x == s && i+1 < len(Stages) {
			return Stages[i+1]
		}
	}
	return ""
}

// Overall maps a fraction (0 to 1) of the stage to the overall percentage. It
// never reaches the end of the stage's band: that is said by the record.
func (s Stage) Overall(fraction float64) int {
	fraction = min(max(fraction, 0), 1)
	return min(s.Start()+int(fraction*float64(s.End()-s.Start())), s.End()-1)
}
