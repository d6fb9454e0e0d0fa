package main

import (
	"net/http"

	"reelroom/models"
)

var rangeParams = []param{
	{name: "download", words: "`1`: to be saved, not shown (`Content-Disposition: attachment`). It is no part of a signature.", kind: ""},
	{name: "Range", words: "The bytes that are wanted (RFC 9110), in up to 16 ranges.", kind: "", header: true},
	{name: "If-Range", words: "An `ETag` or `Last-Modified`: the range is given only while it holds, else the whole file.", kind: "", header: true},
	{name: "If-Match", words: "An `ETag`: 412 when it no longer holds.", kind: "", header: true},
	ifNoneMatch,
	{name: "If-Modified-Since", words: "The `Last-Modified` that the caller has.", kind: "", header: true},
}

// file is an entry that gives bytes, whole or in ranges, also to HEAD.
func file(path, id, summary, words string, media ...string) operation {
	headers := []string{"ETag", "Accept-Ranges", "Cache-Control", "Content-Disposition"}
	return operation{
		pattern: "GET " + path, id: id, tag: "Files", access: holder, summary: summary, words: words, params: rangeParams,
		answers: []answer{
			{status: http.StatusOK, media: media, headers: headers},
			{status: http.StatusPartialContent, words: "The bytes that `Content-Range` names; of several ranges, each part has its own.",
				media: append([]string{"multipart/byteranges"}, media...), headers: headers},
			unchanged,
		},
		codes: []models.Code{"precondition_failed", "range_not_satisfiable"},
	}
}

var fileEntries = []operation{
	file("/api/videos/{id}/playback", "getPlayback", "What a browser plays", "The uploaded file or a version made for browsers; 404 where nothing plays.", "video/*"),
	file("/api/videos/{id}/media", "getMedia", "The uploaded file", "As it came.", "video/*"),
	file("/api/videos/{id}/thumbnail", "getThumbnail", "The thumbnail", "", "image/*", "application/octet-stream"),
	file("/api/videos/{id}/storyboard.vtt", "getStoryboard", "The storyboard's index", "WebVTT that names the parts of one picture, for scrubbing.", "text/vtt"),
	file("/api/videos/{id}/storyboard.jpg", "getStoryboardPicture", "The storyboard's picture", "", "image/*", "application/octet-stream"),
	file("/api/videos/{id}/evidence/{ms}", "getEvidence", "The picture of a moment", "What a segment of the sensitivity timeline shows.", "image/*", "application/octet-stream"),
}
