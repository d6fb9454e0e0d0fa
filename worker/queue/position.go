package queue

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
)

// positionTime bounds a look at the order that an answer can do without.
const positionTime = time.Second

// Position is a waiting video's place: 1 is the next to be worked on.
type Position struct {
	VideoID  string
	Attempt  int
	Position int
}

// Positions returns the places of those of the videos that wait, by id. It knows
// none while more than 1,000 organizations wait.
func (c *Client) Positions(ctx context.Context, org string, videos ...models.Video) (map[string]int, error) {
	if len(videos) == 0 {
		return nil, nil
	}
	members := make([]any, len(videos))
	for i := range videos {
		members[i] = member(videos[i].ID, videos[i].Attempt)
	}
	found, err := c.positions(ctx, org, 0, members...)
	if err != nil {
		return nil, err
	}
	places := make(map[string]int, len(found))
	for _, p := range found {
		places[p.VideoID] = p.Position
	}
	return places, nil
}

// First returns the places of an organization's first videos, up to most.
func (c *Client) First(ctx context.Context, org string, most int) ([]Position, error) {
	return c.positions(ctx, org, most)
}

func (c *Client) positions(ctx context.Context, org string, first int, members ...any) ([]Position, error) {
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	args := append([]any{models.Segment(org), maxOrganizations, first}, members...)
	answer, err := c.order.run(ctx, positionScript, args...).Slice()
	if err != nil {
		return nil, unavailable(err)
	}
	if len(answer) == 0 {
		return nil, nil
	}
	if len(answer) != 3 {
		return nil, unavailable(errOrder)
	}
	names, _ := answer[0].([]any)
	sizes, _ := answer[1].([]any)
	places, _ := answer[2].([]any)
	if len(names) == 0 || len(names)-1 != len(places) {
		return nil, unavailable(errOrder)
	}
	at, _ := names[0].(int64)
	all := names[1:]
	var found []Position
	for i := range all {
		name, _ := all[i].(string)
		place, _ := places[i].(int64)
		video, attempt, ok := strings.Cut(name, ":")
		id, err := url.PathUnescape(video)
		n, bad := strconv.Atoi(attempt)
		if place < 0 || !ok || err != nil || bad != nil {
			continue
		}
		found = append(found, Position{id, n, position(at, place, sizes)})
	}
	return found, nil
}

// position counts who is served before a video that stands at place (from 0) of
// its list, when each organization is served in turn: of each one with an
// earlier turn as many as up to and with its own round, of the others one fewer.
func position(at, place int64, sizes []any) int {
	before := place
	for i, s := range sizes {
		size, _ := s.(int64)
		switch {
		case int64(i) < at:
			before += min(size, place+1)
		case int64(i) > at:
			before += min(size, place)
		}
	}
	return int(before) + 1
}

// unavailable is the error of a queue that does not answer.
func unavailable(err error) error {
	return models.Errorf(models.CodeUnavailable, "The queue does not answer.").Again(5 * time.Second).Because(err)
}
