package queue

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// positionTime bounds a look at the order that an answer can do without.
const positionTime = time.Second

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
func (c *Client) First(ctx context.Context, org string, most int) ([]models.Place, error) {
	return c.positions(ctx, org, most)
}

// Forget takes a video whose work has ended out of line, so that nobody's place
// counts it. It may fail: then a worker passes it over.
func (c *Client) Forget(ctx context.Context, org string, v *models.Video) error {
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	t := models.Task{OrganizationID: org, VideoID: v.ID, Attempt: v.Attempt}
	if err := c.order.run(ctx, forgetScript, entryID(t)).Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

func (c *Client) positions(ctx context.Context, org string, first int, members ...any) ([]models.Place, error) {
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
	var found []models.Place
	for i := range all {
		name, _ := all[i].(string)
		place, _ := places[i].(int64)
		video, attempt, ok := strings.Cut(name, ":")
		id, err := url.PathUnescape(video)
		n, bad := strconv.Atoi(attempt)
		if place < 0 || !ok || err != nil || bad != nil {
			continue
		}
		found = append(found, models.Place{VideoID: id, Attempt: n, Position: position(at, place, sizes)})
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

const (
	// NewsEvery is how often an organization's places are told, at most.
	NewsEvery = 2 * time.Second
	// newsLife is how long it is remembered what was told.
	newsLife = time.Minute
)

// News returns those of an organization's first videos, up to most, whose place
// is not the one that was returned last. Over all processes it answers once in
// [NewsEvery], and nothing in between.
func (c *Client) News(ctx context.Context, org string, most int) ([]models.Place, error) {
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	told := orderKeys + "told:" + models.Segment(org)
	mine, err := c.redis.SetNX(ctx, told+":turn", 1, NewsEvery).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	if !mine {
		return nil, nil
	}
	now, err := c.First(ctx, org, most)
	if err != nil {
		return nil, err
	}
	before, err := c.redis.HGetAll(ctx, told).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	var news []models.Place
	fresh := make([]any, 0, 2*len(now))
	for _, p := range now {
		name, place := member(p.VideoID, p.Attempt), strconv.Itoa(p.Position)
		fresh = append(fresh, name, place)
		if before[name] != place {
			news = append(news, p)
		}
	}
	if len(fresh) == 0 && len(before) == 0 {
		return nil, nil
	}
	_, err = c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, told)
		if len(fresh) > 0 {
			p.HSet(ctx, told, fresh...)
			p.PExpire(ctx, told, newsLife)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return news, nil
}
