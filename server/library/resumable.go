package library

import (
	"context"

	"reelroom/models"
	"reelroom/server/capacity"
)

// What a door needs to know that receives a file over several requests, before
// it hands the whole to [Library.Upload].

// HeadBytes is how much of a file tells what it is.
const HeadBytes = sniffBytes

// CheckHead refuses a file by its first [HeadBytes], or all of it where it is
// shorter: unsupported_media.
func CheckHead(head []byte) error {
	_, err := sniff(head)
	return err
}

// Names returns the file name and the title as a video of them would have them.
func Names(fileName, title string) (name, shown string) {
	name = cleanName(fileName)
	return name, titleOf(title, name)
}

// MayUpload permits one more upload: forbidden, rate_limited, or an error of the
// store.
func (l *Library) MayUpload(ctx context.Context, who models.Identity) error {
	if err := may(who, models.ActionEdit); err != nil {
		return err
	}
	return l.admit(ctx, who.OrganizationID)
}

// Room takes the room for a file of so many bytes, 0 where that is not known:
// forbidden, disk_full, quota_exceeded, or an error of the store. The caller
// releases it.
func (l *Library) Room(ctx context.Context, who models.Identity, bytes int64) (*capacity.Grant, error) {
	if err := may(who, models.ActionEdit); err != nil {
		return nil, err
	}
	return l.Capacity.Take(ctx, who.OrganizationID, capacity.Want{Videos: 1, Bytes: bytes})
}

// May refuses an action that the role does not permit.
func (l *Library) May(who models.Identity, a models.Action) error { return may(who, a) }
