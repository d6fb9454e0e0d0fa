package rooms

import "reelroom/models"

// Joined returns the rooms that a socket is in from its first moment.
func Joined(who models.Identity) []Room {
	return []Room{Org(who.OrganizationID), User(who.OrganizationID, who.UserID)}
}

// Subscription returns the room of a video for a member of its organization.
// The video must have been read with the member's own organization id; the
// check here is the second one. [models.ErrNotFound] for anybody else.
func Subscription(who models.Identity, v *models.Video) (Room, error) {
	if !who.May(models.ActionView) || v.OrganizationID != who.OrganizationID {
		return "", models.ErrNotFound
	}
	return Video(who.OrganizationID, v.ID), nil
}

// Hears reports whether an event may be shown to somebody who listens to the
// organization as a whole and to the given video ("" for none).
func Hears(who models.Identity, e *models.Event, videoID string) bool {
	if e.OrganizationID != who.OrganizationID || !who.May(models.ActionView) {
		return false
	}
	switch e.Audience {
	case models.ToVideo:
		return e.VideoID == videoID
	case models.ToUser:
		return e.UserID == who.UserID
	default:
		return true
	}
}
