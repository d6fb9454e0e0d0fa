package library

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"reelroom/models"
)

// Content is a file of a video, open for reading. The caller closes it.
type Content struct {
	models.Blob
	// Name is what the uploader called the file: text, never a path.
	Name string
	// MediaType is empty where only the bytes can tell.
	MediaType string
	// Tag changes whenever the bytes do.
	Tag string
}

// OpenMedia opens the uploaded file.
func (l *Library) OpenMedia(ctx context.Context, who models.Identity, id string) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	blob, err := l.Blobs.Open(ctx, who.OrganizationID, v.File.Key)
	if err != nil {
		return nil, err
	}
	return &Content{blob, v.File.Name, v.File.MediaType, v.File.SHA256}, nil
}

// OpenPlayback opens what a browser plays: the version made for it, or the
// uploaded file where that will do; [models.ErrNotFound] where nothing does.
func (l *Library) OpenPlayback(ctx context.Context, who models.Identity, id string) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	key, name, mediaType, tag := v.File.Key, v.File.Name, v.File.MediaType, v.File.SHA256
	if r := v.Rendition; r != nil && r.Key != "" {
		key, name, mediaType, tag = r.Key, "", r.MediaType, fmt.Sprintf("rendition-%d-%d", v.Attempt, r.Bytes)
	} else if !v.SourcePlays() {
		return nil, models.ErrNotFound
	}
	blob, err := l.Blobs.Open(ctx, who.OrganizationID, key)
	if err != nil {
		return nil, err
	}
	return &Content{blob, name, mediaType, tag}, nil
}

// OpenThumbnail opens the picture; [models.ErrNotFound] while there is none.
func (l *Library) OpenThumbnail(ctx context.Context, who models.Identity, id string) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	if v.Thumbnail == nil {
		return nil, models.ErrNotFound
	}
	blob, err := l.Blobs.Open(ctx, who.OrganizationID, v.Thumbnail.Key)
	if err != nil {
		return nil, err
	}
	return &Content{blob, "", "", fmt.Sprintf("thumbnail-%d", v.Rev)}, nil
}

// OpenStoryboard opens the WebVTT file for scrubbing; [models.ErrNotFound]
// while there is none. It is written anew each time: the URL in it expires.
func (l *Library) OpenStoryboard(ctx context.Context, who models.Identity, id string) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	if v.Storyboard == nil {
		return nil, models.ErrNotFound
	}
	var durationMs int64
	if v.Metadata != nil {
		durationMs = int64(v.Metadata.DurationSeconds * 1000)
	}
	text := v.Storyboard.WebVTT(durationMs, l.Links.StoryboardPicture(who.OrganizationID, v.ID))
	return &Content{textBlob{strings.NewReader(text)}, "", "text/vtt; charset=utf-8", fmt.Sprintf("vtt-%08x", crc32.ChecksumIEEE([]byte(text)))}, nil
}

// OpenStoryboardPicture opens the sheet of small pictures.
func (l *Library) OpenStoryboardPicture(ctx context.Context, who models.Identity, id string) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	if v.Storyboard == nil {
		return nil, models.ErrNotFound
	}
	blob, err := l.Blobs.Open(ctx, who.OrganizationID, v.Storyboard.Key)
	if err != nil {
		return nil, err
	}
	return &Content{blob, "", "", fmt.Sprintf("storyboard-%d", v.Rev)}, nil
}

// OpenEvidence opens the picture kept of a moment; [models.ErrNotFound] where
// none is.
func (l *Library) OpenEvidence(ctx context.Context, who models.Identity, id string, atMs int64) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	if v.Sensitivity == nil || !slices.Contains(v.Sensitivity.EvidenceMs, atMs) {
		return nil, models.ErrNotFound
	}
	blob, err := l.Blobs.Open(ctx, who.OrganizationID, v.EvidenceKey(atMs))
	if err != nil {
		return nil, err
	}
	return &Content{blob, "", "", fmt.Sprintf("evidence-%d-%d", atMs, v.Attempt)}, nil
}

// textBlob is a text that is not kept.
type textBlob struct{ *strings.Reader }

func (textBlob) Close() error       { return nil }
func (textBlob) ModTime() time.Time { return time.Time{} }
