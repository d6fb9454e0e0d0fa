package models

import (
	"encoding/json"
	"time"
)

// JobStatus is where a job stands. A job is the work on a video, under the
// video's id, in the words of clients that know jobs only.
type JobStatus string

// The statuses of a job. A deleted video's job is cancelled.
const (
	JobPending    JobStatus = "pending"
	JobProcessing JobStatus = "processing"
	JobComplete   JobStatus = "complete"
	JobFailed     JobStatus = "failed"
	JobCancelled  JobStatus = "cancelled"
)

// Job says how far the work on a video is. Fields are as in [Document] and
// [Progress].
type Job struct {
	JobID          string     `json:"jobId"`
	Title          string     `json:"title"`
	Status         JobStatus  `json:"status"`
	Progress       int        `json:"progress"`
	Stage          *Stage     `json:"stage"`
	StageProgress  float64    `json:"stageProgress"`
	Message        string     `json:"message"`
	EtaSeconds     *float64   `json:"etaSeconds"`
	EtaHighSeconds *float64   `json:"etaHighSeconds"`
	Retry          int        `json:"retry"`
	RetryAt        *time.Time `json:"retryAt"`
	QueuePosition  *int       `json:"queuePosition"`
	Attempt        int        `json:"attempt"`
	Rev            int64      `json:"rev"`
	// Result is there when the job is complete; Error and Code when it failed.
	Result *JobResult `json:"result,omitempty"`
	Error  *string    `json:"error,omitempty"`
	Code   *Code      `json:"code,omitempty"`
}

// JobResult is what the work has found; fields are as in [Document].
type JobResult struct {
	Metadata    *Metadata    `json:"metadata"`
	Thumbnail   *string      `json:"thumbnail"`
	Placeholder *string      `json:"placeholder"`
	Storyboard  *string      `json:"storyboard"`
	Sensitivity *Sensitivity `json:"sensitivity"`
	Warnings    []Warning    `json:"warnings"`
	Playback    *Playback    `json:"playback"`
}

// JobStatusOf returns the job's word for a video's status.
func JobStatusOf(s Status) JobStatus {
	switch s {
	case StatusQueued:
		return JobPending
	case StatusProcessing:
		return JobProcessing
	case StatusCompleted:
		return JobComplete
	case StatusFailed:
		return JobFailed
	default:
		return JobCancelled
	}
}

// Ended reports whether work has ended.
func (s JobStatus) Ended() bool { return s != JobPending && s != JobProcessing }

// JobOf makes the job of a document.
func JobOf(d *Document) Job {
	j := Job{
		JobID: d.ID, Title: d.Title, Status: JobStatusOf(d.Status), Progress: d.Progress, Stage: d.Stage, StageProgress: d.StageProgress,
		Message: d.Message, EtaSeconds: d.EtaSeconds, EtaHighSeconds: d.EtaHighSeconds, Retry: d.Retry, RetryAt: d.RetryAt,
		QueuePosition: d.QueuePosition, Attempt: d.Attempt, Rev: d.Rev, Error: d.Error, Code: d.Code,
	}
	if d.Status == StatusCompleted {
		j.Result = &JobResult{d.Metadata, d.Thumbnail, d.Placeholder, d.Storyboard, d.Sensitivity, d.Warnings, d.Playback}
	}
	return j
}

// Take brings the job to where an event of its video leaves it. What the event
// does not tell, or tells in another form (an outside worker's may), stays as it
// was.
func (j *Job) Take(e *Event) {
	switch e.Name {
	case EventUpdated:
		var p Updated
		if json.Unmarshal(e.Payload, &p) == nil && p.Video.ID == j.JobID && p.Video.Status != "" {
			*j = JobOf(&p.Video)
		}
		return
	case EventProgress:
		// What is absent in an outside worker's event stays, in p, as it was.
		p := Progress{Progress: j.Progress, StageProgress: j.StageProgress, Message: j.Message}
		if j.Stage != nil {
			p.Stage = *j.Stage
		}
		_ = json.Unmarshal(e.Payload, &p)
		j.begin(&p.Base)
		j.Status, j.Progress, j.StageProgress, j.Message = JobProcessing, p.Progress, p.StageProgress, p.Message
		j.EtaSeconds, j.EtaHighSeconds, j.Retry, j.RetryAt = p.EtaSeconds, p.EtaHighSeconds, p.Retry, p.RetryAt
		if j.QueuePosition = nil; p.Stage != "" {
			j.Stage = &p.Stage
		}
		return
	}
	var p struct {
		Base
		QueuePosition *int `json:"queuePosition"`
		JobResult
		Error *string `json:"error"`
		Code  *Code   `json:"code"`
		Stage *Stage  `json:"stage"`
	}
	_ = json.Unmarshal(e.Payload, &p)
	j.begin(&p.Base)
	switch e.Name {
	case EventQueued:
		*j = Job{JobID: j.JobID, Title: j.Title, Status: JobPending, QueuePosition: p.QueuePosition, Attempt: j.Attempt, Rev: j.Rev}
	case EventProcessed:
		j.end(JobComplete)
		j.Progress, j.Stage, j.Result = 100, nil, &p.JobResult
	case EventFailed:
		j.end(JobFailed)
		j.Error, j.Code = p.Error, p.Code
		if p.Stage != nil {
			j.Stage = p.Stage
		}
	case EventCancelled, EventDeleted:
		j.end(JobCancelled)
	}
}

// begin takes what every event tells.
func (j *Job) begin(b *Base) {
	j.Attempt, j.Rev = max(b.Attempt, j.Attempt), max(b.Rev, j.Rev)
	if b.Title != "" {
		j.Title = b.Title
	}
}

// end takes away what only holds while there is something to wait for.
func (j *Job) end(s JobStatus) {
	j.Status, j.StageProgress, j.Message, j.EtaSeconds, j.EtaHighSeconds, j.Retry, j.RetryAt, j.QueuePosition = s, 0, "", nil, nil, 0, nil, nil
}
