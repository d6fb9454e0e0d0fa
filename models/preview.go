package models

// PolicyPreview tells what a policy would make of an organization's videos,
// from their stored scores; nothing is changed by asking.
type PolicyPreview struct {
	// Videos is how many completed ones were looked at, the newest first; More
	// tells that there are older ones.
	Videos int  `json:"videos"`
	More   bool `json:"more"`
	// Unknown have no stored scores, and stay as they are.
	Unknown int `json:"unknown"`
	// Reviewed have a person's decision, which holds under every policy.
	Reviewed int `json:"reviewed"`
	// Before and After count the others by the verdict that holds.
	Before map[string]int `json:"before"`
	After  map[string]int `json:"after"`
	// Changed is how many would get another verdict; Changes names the first.
	Changed int             `json:"changed"`
	Changes []PreviewChange `json:"changes"`
}

// PreviewChange is a video that would get another verdict.
type PreviewChange struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	From  Verdict `json:"from"`
	To    Verdict `json:"to"`
}

// ScoresDocument is what the classifier said of each frame that it looked at.
type ScoresDocument struct {
	VideoID string `json:"videoId"`
	Model   string `json:"model"`
	// PolicyVersion is the one under which the verdict was made of them.
	PolicyVersion int `json:"policyVersion"`
	// Categories names the scores of a frame, in their order.
	Categories []string      `json:"categories"`
	Frames     []ScoredFrame `json:"frames"`
}

// ScoredFrame is one frame: its moment, and its scores from 0 to 1.
type ScoredFrame struct {
	AtMs   int64     `json:"atMs"`
	Scores []float64 `json:"scores"`
}

// ScoresDocumentOf makes the document of stored scores, to four decimals.
func ScoresDocumentOf(v *Video, model string, frames []FrameScores) ScoresDocument {
	d := ScoresDocument{VideoID: v.ID, Model: model, Categories: ScoreCategories[:], Frames: make([]ScoredFrame, len(frames))}
	if v.Sensitivity != nil {
		d.PolicyVersion = v.Sensitivity.PolicyVersion
	}
	for i := range frames {
		f := ScoredFrame{AtMs: frames[i].AtMs, Scores: make([]float64, len(ScoreCategories))}
		for k := range f.Scores {
			f.Scores[k] = round(frames[i].Score(k))
		}
		d.Frames[i] = f
	}
	return d
}
