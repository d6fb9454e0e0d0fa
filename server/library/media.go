package library

import (
	"context"
	"fmt"

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
