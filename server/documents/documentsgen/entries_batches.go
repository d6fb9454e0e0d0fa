package main

import "reelroom/models"

var batchForm = object{
	{"type", "object"}, {"required", []string{"files"}},
	{"properties", object{
		{"files", object{
			{"type", "array"}, {"minItems", 1},
			{"items", object{{"type", "string"}, {"contentMediaType", "application/octet-stream"}}},
			{"description", "One part of this name for each video."},
		}},
	}},
}

var batchEntries = []operation{
	{
		pattern: "POST /batch/upload", id: "uploadBatch", tag: "Batches", access: editor, summary: "Upload many videos",
		words:  "One form with many files, streamed as they come. A file that is refused is named in the answer and does not end the others. A request that is cut keeps the files before; with an `Idempotency-Key` the same request again adds the others, and nothing twice.",
		params: []param{idempotencyKey},
		body:   &body{types: []string{"multipart/form-data"}, schema: batchForm},
		answers: []answer{
			accepts(models.BatchState{}, "Location", "Idempotent-Replayed"),
		},
		codes: []models.Code{models.CodeUploadIncomplete, models.CodeConflict, models.CodeBatchFull, models.CodeDiskFull, models.CodeQuota},
	},
	{
		pattern: "GET /batch/{id}/status", id: "getBatch", tag: "Batches", access: member, summary: "Where a batch stands",
		params: conditional(), answers: tagged(models.BatchState{}),
	},
	{
		pattern: "POST /batch/{id}/cancel", id: "cancelBatch", tag: "Batches", access: editor, summary: "End all of a batch that has not ended",
		answers: []answer{gives(models.BatchState{})}, codes: []models.Code{models.CodeConflict},
	},
}
