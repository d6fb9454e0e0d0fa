package library

import (
	"encoding/json"
	"strconv"
	"time"

	"reelroom/models"
)

const (
	// maxStageBytes bounds the name of an outside worker's stage.
	maxStageBytes = 64
	// maxSaidSegments bounds the segments of one video:progress, as in those of
	// the own workers.
	maxSaidSegments = 32
)

// checkProgress keeps the types of the fields that clients draw.
func checkProgress(fields map[string]json.RawMessage) error {
	for _, name := range []string{"progress", "stageProgress"} {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		var n *float64
		if json.Unmarshal(raw, &n) != nil || n == nil || *n < 0 || *n > 100 {
			return models.Errorf(models.CodeInvalid, "data.%s must be a number from 0 to 100.", name)
		}
		if name == "progress" { // whole percent, as in every video:progress
			fields[name] = strconv.AppendInt(nil, int64(*n), 10)
		}
	}
	for _, name := range []string{"etaSeconds", "etaHighSeconds"} {
		var eta *float64
		if raw, ok := fields[name]; ok && (json.Unmarshal(raw, &eta) != nil || eta != nil && *eta < 0) {
			return models.Errorf(models.CodeInvalid, "data.%s must be null or a number that is not negative.", name)
		}
	}
	var retry *uint32
	if raw, ok := fields["retry"]; ok && (json.Unmarshal(raw, &retry) != nil || retry == nil) {
		return models.Errorf(models.CodeInvalid, "data.retry must be a whole number.")
	}
	var at *time.Time
	if raw, ok := fields["retryAt"]; ok && json.Unmarshal(raw, &at) != nil {
		return models.Errorf(models.CodeInvalid, "data.retryAt must be null or a time (RFC 3339).")
	}
	for _, name := range []string{"stage", "message"} {
		var s *string
		if raw, ok := fields[name]; ok && (json.Unmarshal(raw, &s) != nil || s == nil || name == "stage" && len(*s) > maxStageBytes) {
			return models.Errorf(models.CodeInvalid, "data.%s must be a text.", name)
		}
	}
	return checkSegments(fields)
}

// checkSegments writes the segments anew, as the type has them.
func checkSegments(fields map[string]json.RawMessage) error {
	raw, ok := fields["segments"]
	if !ok {
		return nil
	}
	segments := []models.SensitivitySegment{}
	if err := strict("segments", raw, &segments); err != nil {
		return err
	}
	if len(segments) > maxSaidSegments {
		return models.Errorf(models.CodeInvalid, "data.segments are more than %d.", maxSaidSegments)
	}
	if err := tidySegments("segments", segments); err != nil {
		return err
	}
	if segments == nil { // null
		segments = []models.SensitivitySegment{}
	}
	var err error
	fields["segments"], err = json.Marshal(segments)
	return err
}

// tidySegments checks segments, and takes out links: those are the server's to
// make.
func tidySegments(name string, segments []models.SensitivitySegment) error {
	for i := range segments {
		s := &segments[i]
		if s.EndMs < s.StartMs || s.Score > 1 || s.Category == "" {
			return models.Errorf(models.CodeInvalid, "data.%s must each have a category, an end that is not before the start, and a score from 0 to 1.", name)
		}
		s.Evidence = nil
	}
	return nil
}

// progressDefaults are the fields of a [models.Progress] that begins where the
// record is, beside those of [models.Base].
func progressDefaults(v *models.Video) map[string]any {
	stage := v.Stage
	if stage == "" {
		stage = models.StageMetadata
	}
	return map[string]any{
		"stage": stage, "progress": stage.Start(), "stageProgress": 0, "message": models.StageMessage(stage),
		"etaSeconds": nil, "etaHighSeconds": nil, "retry": v.Delays, "retryAt": nil, "segments": []models.SensitivitySegment{},
	}
}
