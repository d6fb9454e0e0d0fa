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

// open opens the file of a video that choose names, with what is to be said of
// it; [models.ErrNotFound] where that is no key.
func (l *Library) open(ctx context.Context, who models.Identity, id string, choose func(*models.Video) (key string, c Content)) (*Content, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	key, c := choose(v)
	if key == "" {
		return nil, models.ErrNotFound
	}
	if c.Blob, err = l.Blobs.Open(ctx, who.OrganizationID, key); err != nil {
		return nil, err
	}
	return &c, nil
}

// source is the uploaded file.
func source(v *models.Video) (key string, c Content) {
	return v.File.Key, Content{Name: v.File.Name, MediaType: v.File.MediaType, Tag: v.File.SHA256}
}

// OpenMedia opens the uploaded file.
func (l *Library) OpenMedia(ctx context.Context, who models.Identity, id string) (*Content, error) {
	return l.open(ctx, who, id, source)
}

// OpenPlayback opens what a browser plays: the version made for it, or the
// uploaded file where that will do; [models.ErrNotFound] where nothing does.
func (l *Library) OpenPlayback(ctx context.Context, who models.Identity, id string) (*Content, error) {
	return l.open(ctx, who, id, func(v *models.Video) (key string, c Content) {
		if r := v.Rendition; r != nil && r.Key != "" {
			return r.Key, Content{MediaType: r.MediaType, Tag: fmt.Sprintf("rendition-%d-%d", v.Attempt, r.Bytes)}
		}
		if v.SourcePlays() {
			return source(v)
		}
		return "", c
	})
}

// OpenThumbnail opens the picture; [models.ErrNotFound] while there is none.
func (l *Library) OpenThumbnail(ctx context.Context, who models.Identity, id string) (*Content, error) {
	return l.open(ctx, who, id, func(v *models.Video) (key string, c Content) {
		if v.Thumbnail == nil {
			return "", c
		}
		return v.Thumbnail.Key, Content{Tag: fmt.Sprintf("thumbnail-%d", v.Rev)}
	})
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
	return l.open(ctx, who, id, func(v *models.Video) (key string, c Content) {
		if v.Storyboard == nil {
			return "", c
		}
		return v.Storyboard.Key, Content{Tag: fmt.Sprintf("storyboard-%d", v.Rev)}
	})
}

// OpenEvidence opens the picture kept of a moment; [models.ErrNotFound] where
// none is.
func (l *Library) OpenEvidence(ctx context.Context, who models.Identity, id string, atMs int64) (*Content, error) {
	return l.open(ctx, who, id, func(v *models.Video) (key string, c Content) {
		if v.Sensitivity == nil || !slices.Contains(v.Sensitivity.EvidenceMs, atMs) {
			return "", c
		}
		return v.EvidenceKey(atMs), Content{Tag: fmt.Sprintf("evidence-%d-%d", atMs, v.Attempt)}
	})
}

// textBlob is a text that is not kept.
type textBlob struct{ *strings.Reader }

func (textBlob) Close() error       { return nil }
func (textBlob) ModTime() time.Time { return time.Time{} }
