package rooms_test

import (
	"errors"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

// TestPolicy tries every role, organization and audience.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin, models.RoleService, "", "root"} {
		views := role != "" && role != "root"
		for _, org := range []string{"acme", "other", ""} {
			own := org == "acme"
			who := models.Identity{UserID: "u", OrganizationID: org, Role: role}
			room, err := rooms.Subscription(who, &models.Video{ID: "v", OrganizationID: "acme"})
			if allowed := own && views; allowed && (err != nil || room != rooms.Video("acme", "v")) || !allowed && (!errors.Is(err, models.ErrNotFound) || room != "") {
				t.Errorf("%s of %q subscribes to %q: %v", role, org, room, err)
			}
			for _, c := range []struct {
				event models.Event
				video string
				heard bool
			}{
				{models.Event{Audience: models.ToOrganization}, "", true},
				{models.Event{Audience: models.ToVideo, VideoID: "v"}, "v", true},
				{models.Event{Audience: models.ToVideo, VideoID: "v"}, "w", false},
				{models.Event{Audience: models.ToVideo, VideoID: "v"}, "", false},
				{models.Event{Audience: models.ToUser, UserID: "u"}, "", true},
				{models.Event{Audience: models.ToUser, UserID: "x"}, "", false},
			} {
				c.event.OrganizationID = "acme"
				if got, want := rooms.Hears(who, &c.event, c.video), c.heard && own && views; got != want {
					t.Errorf("%s of %q hears %+v: %v", role, org, c.event, got)
				}
			}
		}
	}
	joined := rooms.Joined(models.Identity{UserID: "u", OrganizationID: "acme"})
	if len(joined) != 2 || joined[0] != rooms.Org("acme") || joined[1] != rooms.User("acme", "u") {
		t.Errorf("joined %q", joined)
	}
}
