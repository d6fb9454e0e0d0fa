// Package backend opens what both programs stand on: the store, Redis, the
// blobs and ffmpeg; the real services where the configuration names them, the
// embedded ones elsewhere.
package backend
