package main

import "net/http"

var rangeParams = []param{
	{name: "Range", words: "The bytes that are wanted (RFC 9110).", kind: "", header: true},
	{name: "If-Range", words: "An `ETag`: the range is given only while it holds, else the whole file.", kind: "", header: true},
	ifNoneMatch,
}

// file is an entry that gives bytes, whole or in ranges, also to HEAD.
func file(path, id, summary, words string, media ...string) operation {
	headers := []string{"ETag", "Accept-Ranges", "Content-Disposition"}
	return operation{
		pattern: "GET " + path, id: id, tag: "Files", access: holder, summary: summary, words: words, params: rangeParams,
		answers: []answer{
			{status: http.StatusOK, media: media, headers: headers},
			{status: http.StatusPartialContent, media: append([]string{"multipart/byteranges"}, media...), headers: append([]string{"Content-Range"}, headers...)},
			unchanged,
			{status: http.StatusPreconditionFailed, words: "What `If-Match` names is no longer true."},
			{status: http.StatusRequestedRangeNotSatisfiable, words: "The file has no such bytes.", media: []string{"text/plain"}, headers: []string{"Content-Range"}},
		},
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
