package rooms

import "reelroom/models"

// Room is the name of a set of sockets. Only this file makes one; no client
// ever sends one. Ids are written as [models.Segment], so that no id can spell
// another room's name.
type Room string

// Org is the room of every socket of an organization.
func Org(org string) Room { return Room("org:" + models.Segment(org)) }

// Video is the room of the sockets that subscribed to a video.
func Video(org, videoID string) Room {
	return Org(org) + Room(":video:"+models.Segment(videoID))
}

// User is the room of a user's sockets. The organization is part of it: two
// issuers may use the same user id.
func User(org, userID string) Room {
	return Org(org) + Room(":user:"+models.Segment(userID))
}

// Of returns the one room that hears the event.
func Of(e *models.Event) Room {
	switch e.Audience {
	case models.ToVideo:
		return Video(e.OrganizationID, e.VideoID)
	case models.ToUser:
		return User(e.OrganizationID, e.UserID)
	default:
		return Org(e.OrganizationID)
	}
}
