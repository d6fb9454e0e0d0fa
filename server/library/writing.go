package library

import (
	"context"

	"reelroom/models"
	"reelroom/server/capacity"
)

// begins begins the blob of a file: with the file itself where that is on this
// machine and can be taken as it is, else by writing what is read.
func (l *Library) begins(ctx context.Context, v *models.Video, u Upload) (models.BlobWriter, error) {
	if store, ok := l.Blobs.(models.BlobAdopter); ok && u.Path != "" {
		if err := store.Adopt(ctx, v.OrganizationID, v.File.Key, u.Path); err == nil {
			return &adopted{l: l, v: v}, nil
		}
	}
	blob, err := l.Blobs.Create(ctx, v.OrganizationID, v.File.Key)
	if err != nil {
		return nil, err
	}
	return &granted{blob, ctx, u.Grant}, nil
}

// adopted is a blob that is there already: what is written to it is what it holds.
type adopted struct {
	l    *Library
	v    *models.Video
	kept bool
}

func (a *adopted) Write(p []byte) (int, error) { return len(p), nil }

func (a *adopted) Commit() error {
	a.kept = true
	return nil
}

func (a *adopted) Abort() {
	if a.kept {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	a.l.discard(ctx, a.v)
}

// granted is a blob whose room is taken before each piece is written.
type granted struct {
	models.BlobWriter
	ctx   context.Context //nolint:containedctx // that of the whole writing
	grant *capacity.Grant
}

func (g *granted) Write(p []byte) (int, error) {
	if err := g.grant.Need(g.ctx, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := g.BlobWriter.Write(p)
	g.grant.Wrote(int64(n))
	return n, err
}
