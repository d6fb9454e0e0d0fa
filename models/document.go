package models

import "time"

// Document is a video as every client sees it: in the list, alone, in an ack
// and in an event.
type Document struct {
	// MongoID repeats ID under the name that apps of a MongoDB back end read.
	MongoID        string `json:"_id"`
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	Title          string `json:"title"`
	FileName       string `json:"fileName"`
	// Size is in bytes, SHA256 in hexadecimal.
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256"`
	MediaType  string `json:"mediaType"`
	UploadedBy string `json:"uploadedBy"`
	// BatchID names the batch that it came with; null for one that came alone.
	BatchID *string `json:"batchId"`

	Status        Status  `json:"status"`
	Stage         *Stage  `json:"stage"`
	Progress      int     `json:"progress"`
	StageProgress float64 `json:"stageProgress"`
	Message       string  `json:"message"`
	// EtaSeconds, EtaHighSeconds, Retry and RetryAt are as in [Progress].
	EtaSeconds     *float64   `json:"etaSeconds"`
	EtaHighSeconds *float64   `json:"etaHighSeconds"`
	Retry          int        `json:"retry"`
	RetryAt        *time.Time `json:"retryAt"`
	// QueuePosition is a waiting video's place: 1 is the next to be worked on.
	// It is null when that is not known.
	QueuePosition *int  `json:"queuePosition"`
	Attempt       int   `json:"attempt"`
	Rev           int64 `json:"rev"`

	Metadata *Metadata `json:"metadata"`
	// Thumbnail and Media are signed, expiring, absolute URLs.
	Thumbnail   *string `json:"thumbnail"`
	Placeholder *string `json:"placeholder"`
	// Storyboard is the URL, of the same kind, of a WebVTT file that names the
	// parts of one picture to show while scrubbing; null while there is none.
	Storyboard *string `json:"storyboard"`
	// Playback is what a browser can play; null while that is not known, and
	// where there is nothing.
	Playback    *Playback    `json:"playback"`
	Media       string       `json:"media"`
	Sensitivity *Sensitivity `json:"sensitivity"`
	Warnings    []Warning    `json:"warnings"`
	// Error and Code tell why a failed video failed.
	Error *string `json:"error"`
	Code  *Code   `json:"code"`
	// Story is what happened in the work on it, oldest first; empty for a video
	// of an earlier version.
	Story []Step `json:"story"`

	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
	StartedAt  *time.Time `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
}

// DocumentOf makes the document of a record.
func DocumentOf(v *Video, links Links) Document {
	d := Document{
		MongoID: v.ID, ID: v.ID, OrganizationID: v.OrganizationID, Title: v.Title, FileName: v.File.Name,
		Size: v.File.Size, SHA256: v.File.SHA256, MediaType: v.File.MediaType, UploadedBy: v.UploadedBy,
		Status: v.Status, Attempt: v.Attempt, Rev: v.Rev,
		Metadata: v.Metadata, Sensitivity: v.shownSensitivity(links), Warnings: v.Warnings,
		Media:     links.Media(v.OrganizationID, v.ID),
		CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
		StartedAt: optionalTime(v.StartedAt), FinishedAt: optionalTime(v.FinishedAt),
	}
	if d.Warnings == nil {
		d.Warnings = []Warning{}
	}
	if d.Story = v.Story; d.Story == nil {
		d.Story = []Step{}
	}
	if v.BatchID != "" {
		batch := v.BatchID
		d.BatchID = &batch
	}
	if v.Stage != "" {
		stage := v.Stage
		d.Stage = &stage
	}
	switch v.Status {
	case StatusProcessing:
		d.Progress, d.Message = v.Stage.Start(), progressWords(v)
		d.EtaSeconds, d.EtaHighSeconds = v.Eta.shown()
		d.Retry, d.RetryAt = v.Delays, optionalTime(v.RetryAt())
	case StatusCompleted:
		d.Progress = 100
	case StatusFailed, StatusCancelled:
		d.Progress = v.Stage.Start()
	}
	if v.Thumbnail != nil {
		url, hash := links.Thumbnail(v.OrganizationID, v.ID), v.Thumbnail.Placeholder
		d.Thumbnail, d.Placeholder = &url, &hash
	}
	if v.Storyboard != nil {
		url := links.Storyboard(v.OrganizationID, v.ID)
		d.Storyboard = &url
	}
	d.Playback = v.playback(links)
	if f := v.Failure; f != nil {
		d.Error, d.Code = &f.Message, &f.Code
	}
	return d
}

// Merge takes over a later progress event of the same attempt and stage, so
// that a snapshot is as fresh as the stream. Whether the video waits for another
// try, the record knows best: what was said before that is over.
func (d *Document) Merge(p Progress) {
	if d.Status != StatusProcessing || p.Attempt != d.Attempt || d.Stage == nil || *d.Stage != p.Stage {
		return
	}
	d.Progress = max(d.Progress, p.Progress)
	if waits := d.RetryAt != nil || p.RetryAt != nil; waits && p.Rev < d.Rev {
		return
	}
	d.StageProgress, d.Message = p.StageProgress, p.Message
	d.EtaSeconds, d.EtaHighSeconds = p.EtaSeconds, p.EtaHighSeconds
	d.Retry, d.RetryAt = p.Retry, p.RetryAt
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
