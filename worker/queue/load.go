package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"reelroom/models"
)

// Load is what one organization has in line and with workers.
type Load struct {
	Waiting, Running int
	// Oldest is how long the video that is next has waited.
	Oldest time.Duration
}

// maxLoads bounds the organizations that are asked about at once.
const maxLoads = 1000

// loadScript answers {waiting, running, arrival in ms of the next (0: none)} of
// each organization, one after the other, and then the time. What rests, or has
// fallen silent, waits.
//
// ARGV: 2 on: organizations.
var loadScript = redis.NewScript(orderPrelude + `
local running, silent = {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', taken, digits(now), '+inf')) do
  local org = string.match(id, '^[^:]+')
  local _, _, mark = entryOf(id)
  local counts = mark == 'r' and silent or running
  counts[org] = (counts[org] or 0) + 1
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', taken, '-inf', '(' .. digits(now))) do
  local org = string.match(id, '^[^:]+')
  silent[org] = (silent[org] or 0) + 1
end
local out = {}
for i = 2, #ARGV do
  local org, oldest = ARGV[i], '0'
  local member = lowest(listOf(org))
  if member then
    local _, since = entryOf(org .. ':' .. member)
    oldest = since or '0'
  end
  out[#out + 1] = redis.call('ZCARD', listOf(org)) + (silent[org] or 0)
  out[#out + 1] = running[org] or 0
  out[#out + 1] = tonumber(oldest)
end
out[#out + 1] = now
return out
`)

// Loads returns what each of the organizations has under way, in their order.
// Only the first 1,000 are asked about.
func (c *Client) Loads(ctx context.Context, orgs ...string) ([]Load, error) {
	if orgs = orgs[:min(len(orgs), maxLoads)]; len(orgs) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	args := make([]any, len(orgs))
	for i, org := range orgs {
		args[i] = models.Segment(org)
	}
	answer, err := c.order.run(ctx, loadScript, args...).Int64Slice()
	if err != nil {
		return nil, unavailable(err)
	}
	if len(answer) != 3*len(orgs)+1 {
		return nil, unavailable(errOrder)
	}
	now := answer[len(answer)-1]
	out := make([]Load, len(orgs))
	for i := range out {
		out[i] = Load{Waiting: int(answer[3*i]), Running: int(answer[3*i+1])}
		if since := answer[3*i+2]; since > 0 {
			out[i].Oldest = max(time.Duration(now-since)*time.Millisecond, 0)
		}
	}
	return out, nil
}

// Process is a process that works on videos.
type Process struct {
	// ID is new with each start.
	ID string
	// Name begins the names of its workers, as they stand in leases.
	Name string
	// Concurrency is how many videos it works on at once, Busy how many it did a
	// few seconds ago.
	Concurrency, Busy int
}

// NameOf begins the names of the workers of a process.
func NameOf(host string, pid int) string { return fmt.Sprintf("%s.%d.", host, pid) }

// Processes lists those that run a worker, by id. One that has died is listed
// for some seconds more. Who asks while another does gets the same answer, which
// nobody may change.
func (c *Client) Processes(ctx context.Context) ([]Process, error) {
	return soon(ctx, &c.asking, "processes", c.processes)
}

// soon asks asynq, which takes no context, for no longer than an answer can do
// without. While Redis hangs, one goroutine waits for each question, however many
// ask.
func soon[T any](ctx context.Context, asking *singleflight.Group, question string, ask func() (T, error)) (answer T, err error) {
	done := asking.DoChan(question, func() (any, error) { return ask() })
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	select {
	case a := <-done:
		answer, _ = a.Val.(T)
		return answer, a.Err
	case <-ctx.Done():
		return answer, unavailable(ctx.Err())
	}
}

func (c *Client) processes() ([]Process, error) {
	servers, err := c.inspector.Servers()
	if err != nil {
		return nil, unavailable(err)
	}
	var list []Process
	for _, s := range servers {
		name := NameOf(s.Host, s.PID)
		i := slices.IndexFunc(list, func(p Process) bool { return p.Name == name })
		if i < 0 {
			list = append(list, Process{ID: s.ID, Name: name})
			i = len(list) - 1
		}
		list[i].ID = min(list[i].ID, s.ID)
		list[i].Concurrency += s.Concurrency
		list[i].Busy += len(s.ActiveWorkers)
	}
	slices.SortFunc(list, func(a, b Process) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}
