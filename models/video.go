package models

import "time"

// Status is where a video stands.
type Status string

// The statuses. Completed, failed, cancelled and deleted are terminal: only a
// user's retry leaves failed or cancelled, and starts the next attempt.
const (
	StatusQueued     Status = "queued"
	StatusProcessing Status = "processing"
	StatusCompleted  Status = "completed"
	StatusFailed     Status = "failed"
	StatusCancelled  Status = "cancelled"
	StatusDeleted    Status = "deleted"
)

// Terminal reports whether work on the video has ended.
func (s Status) Terminal() bool { return s != StatusQueued && s != StatusProcessing }

// Video is the record: the truth from which every event is made. The JSON form
// is what stores keep; clients see a [Document].
type Video struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	Title          string `json:"title"`
	File           File   `json:"file"`
	UploadedBy     string `json:"uploadedBy"`
	// BatchID names the batch that it came with, or is empty. It never changes.
	BatchID string `json:"batchId,omitempty"`

	Status  Status `json:"status"`
	Attempt int    `json:"attempt"`
	// Stage is the one under way, or the one that failed.
	Stage Stage `json:"stage"`

	// Rev counts what clients can see: each change raises it by one and is
	// published once. PublishedRev is the last one known to be in the log.
	Rev          int64 `json:"rev"`
	PublishedRev int64 `json:"publishedRev"`
	// Edited tells that Rev was raised by an edit that moved no status.
	Edited bool `json:"edited"`
	// Audit holds the entries of revisions that the audit trail may lack: they
	// leave it when the revision is published.
	Audit []AuditEntry `json:"audit,omitempty"`
	// Version counts every write; stores compare and set on it.
	Version int64 `json:"version"`
	// Fence is raised by each claim and by each user's transition; a worker
	// whose fence is older can write nothing.
	Fence int64 `json:"fence"`
	// Lease is held by the worker that has claimed the video.
	Lease Lease `json:"lease"`
	// Lapses names the workers whose lease ran out in the present stage, the last
	// one last: each may have been crashed by the file. A finished stage clears
	// it, and a worker that lives removes its name; see [Survived].
	Lapses []string `json:"lapses,omitempty"`
	// Delays counts how often the stage was put off because of trouble that may pass.
	Delays int `json:"delays"`
	// Trouble is why the video is put off at present, in safe words; nil when
	// it is not.
	Trouble *Failure `json:"trouble"`
	// Eta is what the worker promised when it took the video or began the
	// stage; nil when nobody works on it, or nothing can be said.
	Eta *Eta `json:"eta"`

	Metadata    *Metadata    `json:"metadata"`
	Thumbnail   *Thumbnail   `json:"thumbnail"`
	Sensitivity *Sensitivity `json:"sensitivity"`
	Storyboard  *Storyboard  `json:"storyboard"`
	Rendition   *Rendition   `json:"rendition"`
	Warnings    []Warning    `json:"warnings"`
	Failure     *Failure     `json:"failure"`
	// Reported holds the outcomes that came from outside, the last one last.
	Reported []Reported `json:"reported,omitempty"`
	// Story tells when what happened to it, oldest first; records of earlier
	// versions have none.
	Story []Step `json:"story,omitempty"`

	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
}

// File is what was uploaded.
type File struct {
	// Key is the blob's name, below the organization; the server makes it.
	Key string `json:"key"`
	// Name is what the uploader called it: text, never a path.
	Name string `json:"name"`
	Size int64  `json:"size"`
	// SHA256 is in lower-case hexadecimal.
	SHA256 string `json:"sha256"`
	// MediaType is found by magic bytes, not by the name.
	MediaType string `json:"mediaType"`
}

// Lease says until when a worker may hold a video without a heartbeat.
type Lease struct {
	Worker string    `json:"worker"`
	Until  time.Time `json:"until"`
}

// LeaseTime is how long a claim or a heartbeat holds; HeartbeatEvery is how
// often a worker renews it. Work of a dead worker is free after LeaseTime.
const (
	LeaseTime      = 15 * time.Second
	HeartbeatEvery = 4 * time.Second
)

// A video may crash its worker, or only be beside one that does, or on a machine
// that is switched off. With SuspectAfter lapses in one stage it is a suspect,
// which is processed alone; with MaxLapses, so after two runs alone, it is given
// up with [CodePoison]. AlonePause lies before the second of these: what stopped
// the first may have been an outage of the machine.
const (
	SuspectAfter = 2
	MaxLapses    = 4
	AlonePause   = 10 * time.Second
)

// A stage that meets trouble which may pass is put off: FirstDelay, doubled
// each time up to LongestDelay, and after MaxDelays the video fails.
const (
	FirstDelay   = 5 * time.Second
	LongestDelay = 5 * time.Minute
	MaxDelays    = 10
)

// resting stands in a lease that no worker holds: the video waits.
const resting = "resting"

// Held reports whether a worker holds the video at the time now.
func (v *Video) Held(now time.Time) bool {
	return v.Lease.Worker != "" && now.Before(v.Lease.Until)
}

// RetryAt is when a video that was put off may be taken up again; zero for any
// other.
func (v *Video) RetryAt() time.Time {
	if v.Status != StatusProcessing || v.Trouble == nil || v.Lease.Worker != resting {
		return time.Time{}
	}
	return v.Lease.Until
}

// Unpublished reports whether the log may lack the present state.
func (v *Video) Unpublished() bool { return v.PublishedRev < v.Rev }
