package main

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/uploads"
)

// tusBytes is the type of a body that brings bytes.
const tusBytes = "application/offset+octet-stream"

// What tus requests carry.
var (
	tusVersion    = param{name: "Tus-Resumable", words: "`1.0.0`.", kind: "", header: true, needed: true}
	tusOffset     = param{name: "Upload-Offset", words: "How many bytes are there: the place of the body in the file.", kind: 0, header: true, needed: true}
	tusPiece      = &body{types: []string{tusBytes}, schema: object{}}
	tusFirstPiece = &body{types: []string{tusBytes}, schema: object{}, optional: true}
	tusEnd        = []string{"Tus-Resumable", "Upload-Offset", "Upload-Expires", "Reelroom-Video-Id", "Content-Location"}
	tusOptions    = []answer{nothing("What is offered.", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size")}
)

// tusCodes are the refusals of a request that brings bytes.
var tusCodes = []models.Code{
	models.CodeUploadVersion, models.CodeOffset, models.CodeUploadLocked, models.CodeUploadIncomplete, models.CodeUnsupportedMedia,
	models.CodeUnsupported, models.CodeDiskFull, models.CodeStorageFull, models.CodeInvalid,
}

var uploadEntries = []operation{
	{
		pattern: "POST /api/uploads", id: "beginUpload", tag: "Uploads", access: editor, summary: "Begin a resumable upload",
		words: "Also with the first bytes, or all of them, as the body. The upload is its user's: to all others but the organization's admins there is none.",
		params: []param{
			tusVersion,
			{name: "Upload-Length", words: "The size of the file, in bytes.", kind: 0, header: true, needed: true},
			{name: "Upload-Metadata", words: "`filename`, `filetype`, `title` and `key`, each with its text in base64, with commas between them; 8 KiB at most. `key` is a random id of the client's, which events and lists repeat: by it a client knows its own upload before it has the id.", kind: "", header: true},
		},
		body: tusFirstPiece, answers: []answer{{status: http.StatusCreated, words: "The upload is at `Location`.", headers: append([]string{"Location"}, tusEnd...)}},
		codes: append([]models.Code{models.CodeEmptyFile, models.CodeQuota, "method_not_allowed"}, tusCodes...),
	},
	{
		pattern: "GET /api/uploads", id: "listUploads", tag: "Uploads", access: member, summary: "What is on its way",
		words:  "Resumable uploads of the whole organization that are no videos yet.",
		params: conditional(), answers: tagged(uploads.UploadListing{}),
	},
	{
		pattern: "GET /api/uploads/{id}", id: "getUpload", tag: "Uploads", access: editor, summary: "How far an upload is",
		params: conditional(), answers: tagged(uploads.UploadState{}),
	},
	{
		pattern: "HEAD /api/uploads/{id}", id: "getUploadOffset", tag: "Uploads", access: editor, summary: "Where to go on",
		params:  []param{tusVersion},
		answers: []answer{{status: http.StatusOK, headers: append([]string{"Upload-Length", "Upload-Metadata", "Cache-Control"}, tusEnd...)}},
		codes:   []models.Code{models.CodeUploadLocked},
	},
	{
		pattern: "PATCH /api/uploads/{id}", id: "sendBytes", tag: "Uploads", access: editor, summary: "Send the next bytes",
		words:  "What the answer counts is on the disk; of a request that is cut, what came is kept. The answer to the last byte names the video, unless that must wait for a service that is away.",
		params: []param{tusVersion, tusOffset}, body: tusPiece,
		answers: []answer{nothing("The bytes are kept.", tusEnd...)}, codes: tusCodes,
	},
	{
		pattern: "DELETE /api/uploads/{id}", id: "endUpload", tag: "Uploads", access: editor, summary: "Give an upload up",
		words:  "A video that it has become stays.",
		params: []param{tusVersion}, answers: []answer{nothing("There is no such upload any more.", "Tus-Resumable")},
		codes: []models.Code{models.CodeUploadVersion, models.CodeUploadLocked},
	},
	{
		pattern: "POST /api/uploads/{id}", id: "overrideUpload", tag: "Uploads", access: editor, summary: "Another method, by header",
		words:  "For clients that cannot send `PATCH`, `DELETE` or `HEAD`.",
		params: []param{tusVersion, {name: "X-HTTP-Method-Override", words: "`PATCH`, `DELETE` or `HEAD`.", kind: "", header: true, needed: true}},
		body:   tusFirstPiece, answers: []answer{{status: http.StatusOK, words: "As `HEAD` answers.", headers: tusEnd}, nothing("As `PATCH` and `DELETE` answer.", tusEnd...)},
		codes: append([]models.Code{"method_not_allowed"}, tusCodes...),
	},
	{pattern: "OPTIONS /api/uploads", id: "getTusOptions", tag: "Uploads", access: anybody, summary: "What of tus is offered", answers: tusOptions},
	{pattern: "OPTIONS /api/uploads/{id}", id: "getUploadOptions", tag: "Uploads", access: anybody, summary: "What of tus is offered for an upload", answers: tusOptions},
}
