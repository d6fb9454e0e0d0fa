package library

import (
	"context"
	"fmt"
	"hash/crc32"
	"path"
	"slices"
	"strings"
	"time"

	"reelroom/models"
)

// File is a file of a video, with what is to be said of it. It is not open yet:
// who has it already is told so without a look at it.
type File struct {
	// Name is what a copy of it may be called, made of what the uploader called
	// the file: text, never a path.
	Name string
	// MediaType is empty where only the bytes can tell.
	MediaType string
	// Tag changes whenever the bytes do.
	Tag string
	// Open opens it for reading, as [models.Blobs.Open] does. The caller closes it.
	Open func(ctx context.Context) (models.Blob, error)
}

// file finds the file of a video that choose names, with what is to be said of
// it; [models.ErrNotFound] where that is no key.
func (l *Library) file(ctx context.Context, who models.Identity, id string, choose func(*models.Video) (key string, f File)) (*File, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return nil, err
	}
	key, f := choose(v)
	if key == "" {
		return nil, models.ErrNotFound
	}
	f.Open = func(ctx context.Context) (models.Blob, error) { return l.Blobs.Open(ctx, who.OrganizationID, key) }
	return &f, nil
}

// source is the uploaded file.
func source(v *models.Video) (key string, f File) {
	return v.File.Key, File{Name: v.File.Name, MediaType: v.File.MediaType, Tag: v.File.SHA256}
}

// named is the name of what was made of the uploaded file.
func named(v *models.Video, ending string) string {
	if v.File.Name == "" {
		return ""
	}
	return strings.TrimSuffix(v.File.Name, path.Ext(v.File.Name)) + ending
}

// Media is the uploaded file.
func (l *Library) Media(ctx context.Context, who models.Identity, id string) (*File, error) {
	return l.file(ctx, who, id, source)
}

// Playback is what a browser plays: the version made for it, or the uploaded
// file where that will do; [models.ErrNotFound] where nothing does.
func (l *Library) Playback(ctx context.Context, who models.Identity, id string) (*File, error) {
	return l.file(ctx, who, id, func(v *models.Video) (key string, f File) {
		if r := v.Rendition; r != nil && r.Key != "" {
			ending := "." + strings.TrimPrefix(r.MediaType, "video/") // mp4 or webm
			return r.Key, File{Name: named(v, ending), MediaType: r.MediaType, Tag: fmt.Sprintf("rendition-%d-%d", v.Attempt, r.Bytes)}
		}
		if v.SourcePlays() {
			return source(v)
		}
		return "", f
	})
}

// Thumbnail is the picture; [models.ErrNotFound] while there is none.
func (l *Library) Thumbnail(ctx context.Context, who models.Identity, id string) (*File, error) {
	return l.file(ctx, who, id, func(v *models.Video) (key string, f File) {
		if v.Thumbnail == nil {
			return "", f
		}
		return v.Thumbnail.Key, File{Name: named(v, path.Ext(v.Thumbnail.Key)), Tag: fmt.Sprintf("thumbnail-%d", v.Rev)}
	})
}

// Storyboard is the WebVTT file for scrubbing; [models.ErrNotFound] while there
// is none. It is written anew each time: the URL in it expires.
func (l *Library) Storyboard(ctx context.Context, who models.Identity, id string) (*File, error) {
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
	return &File{
		Name: named(v, ".vtt"), MediaType: "text/vtt; charset=utf-8", Tag: fmt.Sprintf("vtt-%08x", crc32.ChecksumIEEE([]byte(text))),
		Open: func(context.Context) (models.Blob, error) { return textBlob{strings.NewReader(text)}, nil },
	}, nil
}

// StoryboardPicture is the sheet of small pictures.
func (l *Library) StoryboardPicture(ctx context.Context, who models.Identity, id string) (*File, error) {
	return l.file(ctx, who, id, func(v *models.Video) (key string, f File) {
		if v.Storyboard == nil {
			return "", f
		}
		return v.Storyboard.Key, File{Name: named(v, path.Ext(v.Storyboard.Key)), Tag: fmt.Sprintf("storyboard-%d", v.Rev)}
	})
}

// Evidence is the picture kept of a moment; [models.ErrNotFound] where none is.
func (l *Library) Evidence(ctx context.Context, who models.Identity, id string, atMs int64) (*File, error) {
	return l.file(ctx, who, id, func(v *models.Video) (key string, f File) {
		if v.Sensitivity == nil || !slices.Contains(v.Sensitivity.EvidenceMs, atMs) {
			return "", f
		}
		key = v.EvidenceKey(atMs)
		return key, File{Name: named(v, fmt.Sprintf("-%d%s", atMs, path.Ext(key))), Tag: fmt.Sprintf("evidence-%d-%d", atMs, v.Attempt)}
	})
}

// textBlob is a text that is not kept.
type textBlob struct{ *strings.Reader }

func (textBlob) Close() error       { return nil }
func (textBlob) ModTime() time.Time { return time.Time{} }
