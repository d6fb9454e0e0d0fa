package main

import (
	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/library"
)

// Parameters that several entries take.
var (
	pageParams = []param{
		{name: "limit", words: "How many at most, 1 to 100; 20 if it is left out.", kind: 0},
		{name: "after", words: "The `nextCursor` of the page before.", kind: ""},
	}
	auditParams = []param{
		{name: "action", words: "Only those of one action, such as `video.deleted`.", kind: ""},
		{name: "by", words: "Only those of one user, by id.", kind: ""},
	}
	ifNoneMatch    = param{name: "If-None-Match", words: "The `ETag` that the caller has: 304 while it holds.", kind: "", header: true}
	idempotencyKey = param{name: "Idempotency-Key", words: "A text that the caller chooses for this call: the same key again gives the same answer, and does nothing.", kind: "", header: true}
)

func conditional(params ...param) []param {
	return append(params[:len(params):len(params)], ifNoneMatch)
}

// videoChange are the codes of what changes a video.
var videoChange = []models.Code{models.CodeConflict, models.CodeUnsettled}

var uploadForm = object{
	{"type", "object"}, {"required", []string{"file"}},
	{"properties", object{
		{"file", object{{"type", "string"}, {"contentMediaType", "application/octet-stream"}, {"description", "The video, known by its first bytes; not by its name."}}},
		{"title", object{{"type", "string"}, {"description", "The file's name without its ending, if it is left out."}}},
	}},
}

var videoEntries = []operation{
	{
		pattern: "POST /api/videos", id: "uploadVideo", tag: "Videos", access: editor, summary: "Upload a video",
		words:  "One form with one file, streamed as it comes. The answer comes when the video is safely kept and waits for its work. For a line that may break, see the resumable uploads.",
		params: []param{idempotencyKey},
		body:   &body{types: []string{"multipart/form-data"}, schema: uploadForm},
		answers: []answer{
			accepts(models.Document{}, "Location", "Idempotent-Replayed"),
		},
		codes: []models.Code{models.CodeEmptyFile, models.CodeUploadIncomplete, models.CodeUnsupportedMedia, models.CodeDiskFull, models.CodeStorageFull, models.CodeQuota, models.CodeConflict},
	},
	{
		pattern: "GET /api/videos", id: "listVideos", tag: "Videos", access: member, summary: "List the videos",
		words: "In the order of `sort`; videos of one value are ordered by `id`. `nextCursor` belongs to the query that gave it: with another `q`, `status`, `verdict`, `batch` or `sort` it is refused. `cursor` is a place in the event log, taken before the list was read: the events after it complete the picture.",
		params: conditional(append(pageParams[:len(pageParams):len(pageParams)],
			param{name: "status", words: "Only these: several with commas between them, or the parameter several times.", kind: ""},
			param{name: "verdict", words: "Only these, in the same way: `safe`, `review`, `flagged`. It is the verdict that holds: a person's where there is one.", kind: ""},
			param{name: "q", words: "Only those whose title or file name holds this text, whatever its case; at most 100 characters.", kind: ""},
			param{name: "sort", words: "`-createdAt` (newest first, if it is left out), `createdAt`, `title`, `-title`, `size`, `-size`, `duration` or `-duration`. Titles are compared whatever their case, by code points; a duration that is not known is 0.", kind: ""},
			param{name: "batch", words: "Only those that came with this batch: its `job_id`.", kind: ""})...),
		answers: tagged(library.Listing{}),
	},
	{
		pattern: "GET /api/videos/counts", id: "countVideos", tag: "Videos", access: member, summary: "Count the videos",
		words:  "How many of the organization there are, by status and by the verdict that holds. `cursor` is as in the list.",
		params: conditional(), answers: tagged(library.Counting{}),
	},
	{
		pattern: "GET /api/videos/{id}", id: "getVideo", tag: "Videos", access: member, summary: "Get a video",
		params: conditional(), answers: tagged(models.Document{}),
	},
	{
		pattern: "PATCH /api/videos/{id}", id: "renameVideo", tag: "Videos", access: editor, summary: "Rename a video",
		body: takes(api.VideoEdit{}, "application/merge-patch+json"), answers: []answer{gives(models.Document{})}, codes: videoChange,
	},
	{
		pattern: "DELETE /api/videos/{id}", id: "deleteVideo", tag: "Videos", access: editor, summary: "Delete a video",
		words:   "It is gone for everybody at once; its files follow.",
		answers: []answer{nothing("It is deleted.")}, codes: videoChange,
	},
	{
		pattern: "POST /api/videos/{id}/cancel", id: "cancelVideo", tag: "Videos", access: editor, summary: "End the work on a video",
		answers: []answer{gives(models.Document{})}, codes: videoChange,
	},
	{
		pattern: "POST /api/videos/{id}/retry", id: "retryVideo", tag: "Videos", access: editor, summary: "Start the next attempt",
		words: "For a video that failed or was cancelled. It goes on at the stage that had not finished.",
		body:  mayTake(api.RetryOrder{}), answers: []answer{accepts(models.Document{})}, codes: videoChange,
	},
	{
		pattern: "POST /api/videos/{id}/review", id: "reviewVideo", tag: "Videos", access: admin, summary: "Decide over the machine's verdict",
		body: takes(api.ReviewOrder{}), answers: []answer{gives(models.Document{})}, codes: videoChange,
	},
	{
		pattern: "GET /api/videos/{id}/scores", id: "getScores", tag: "Videos", access: member, summary: "What the classifier said of each frame",
		params: conditional(), answers: tagged(models.ScoresDocument{}),
	},
	{
		pattern: "GET /api/videos/{id}/audit", id: "getVideoAudit", tag: "Videos", access: editor, summary: "Who did what to a video",
		words:  "Newest first; also of a video that was deleted.",
		params: conditional(append(pageParams[:len(pageParams):len(pageParams)], auditParams...)...), answers: tagged(library.AuditListing{}),
	},
}
