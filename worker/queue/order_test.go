package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

const inProcess = "in_process"

// onEach runs a test with the Redis in process and with a real one.
func onEach(t *testing.T, test func(*testing.T, *redis.Client)) {
	t.Run(inProcess, func(t *testing.T) {
		t.Parallel()
		test(t, connect(t, miniredis.RunT(t).Addr()))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		test(t, connect(t, testenv.Redis(t)))
	})
}

func connect(t *testing.T, address string) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func task(org, video string) models.Task {
	return models.Task{OrganizationID: org, VideoID: video, Attempt: 1}
}

// nobody is a permit whose own video is not in the order.
var nobody = task("nobody", "nothing")

// modelOrder says in plain words what the order must do.
type modelOrder struct {
	lists  map[string][]taken // what waits
	turns  map[string]int     // of those that wait: the lowest is next
	served map[string]int
	clock  int
	held   []taken
}

var organizations = []string{"acme", "globex", "Ünïq:o.rg", "d"}

const neverServed = -1 << 40

func (m *modelOrder) wait(t taken, before bool) {
	org := t.task.OrganizationID
	m.clock++
	if _, waits := m.turns[org]; !waits {
		if turn, known := m.served[org]; known {
			m.turns[org] = turn
		} else {
			m.turns[org] = neverServed + m.clock
		}
	}
	if before {
		m.lists[org] = slices.Insert(m.lists[org], 0, t)
	} else {
		m.lists[org] = append(m.lists[org], t)
	}
}

func (m *modelOrder) first(org string) {
	m.clock++
	if _, waits := m.turns[org]; waits {
		m.turns[org] = 2*neverServed - m.clock
	}
}

// next is the waiting organization that was served least lately.
func (m *modelOrder) next() (org string) {
	for o, turn := range m.turns {
		if org == "" || turn < m.turns[org] {
			org = o
		}
	}
	return org
}

func (m *modelOrder) take() (taken, bool) {
	org := m.next()
	if org == "" {
		return taken{}, false
	}
	t := m.lists[org][0]
	m.lists[org] = m.lists[org][1:]
	m.clock++
	m.served[org], m.turns[org] = m.clock, m.clock
	if len(m.lists[org]) == 0 {
		delete(m.lists, org)
		delete(m.turns, org)
	}
	m.held = append(m.held, t)
	return t, true
}

// Whatever comes, ends, is given back or dies: the organization that was served
// least lately is next, nothing is lost, and nothing is taken twice.
func TestOrderIsFair(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := connect(t, server.Addr())
	rapid.Check(t, func(t *rapid.T) {
		server.FlushAll()
		checkOrder(t, order{client}, func(o order, id string) {
			if err := client.ZAdd(context.Background(), orderKeys+"taken", redis.Z{Score: 1, Member: id}).Err(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func checkOrder(t *rapid.T, o order, die func(o order, id string)) {
	ctx := context.Background()
	m := &modelOrder{lists: map[string][]taken{}, turns: map[string]int{}, served: map[string]int{}}
	c := &Client{order: o}
	made := 0
	known := map[string]bool{}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	// end takes one of those held from the model.
	end := func(t *rapid.T) taken {
		if len(m.held) == 0 {
			t.Skip("nothing is held")
		}
		i := rapid.IntRange(0, len(m.held)-1).Draw(t, "held")
		h := m.held[i]
		m.held = slices.Delete(m.held, i, i+1)
		return h
	}
	expect := func() bool {
		want, some := m.take()
		got, waited, ok, err := o.take(ctx, nobody)
		must(err)
		if waited != some || !ok || some && got.id != want.id {
			t.Fatalf("took %v (%v), want %v (%v)", got.id, waited, want.id, some)
		}
		return some
	}
	actions := map[string]func(*rapid.T){
		"come": func(t *rapid.T) {
			org := rapid.SampledFrom(organizations).Draw(t, "organization")
			made++
			next := task(org, fmt.Sprintf("v:%d", made))
			next.Begun = rapid.IntRange(0, 4).Draw(t, "begun") == 0
			wanted, err := o.add(ctx, next)
			must(err)
			if !wanted {
				t.Fatal("a new video is not wanted")
			}
			m.wait(taken{next, entryID(next)}, next.Begun)
			known[entryID(next)] = true
		},
		"come again": func(t *rapid.T) {
			for _, list := range m.lists {
				_, err := o.add(ctx, list[0].task)
				must(err)
			}
			for _, h := range m.held {
				if wanted, err := o.add(ctx, h.task); err != nil || wanted {
					t.Fatalf("a video that is held is wanted: %v, %v", wanted, err)
				}
			}
		},
		"take": func(*rapid.T) { expect() },
		"done": func(t *rapid.T) {
			h := end(t)
			must(o.leave(ctx, h, leaveDone))
			must(o.leave(ctx, h, leaveDone)) // twice does no harm
			delete(known, h.id)
		},
		"skip": func(t *rapid.T) {
			h := end(t)
			must(o.leave(ctx, h, leaveSkip))
			m.first(h.task.OrganizationID)
			delete(known, h.id)
		},
		"give back": func(t *rapid.T) {
			h := end(t)
			must(o.leave(ctx, h, leaveBack))
			m.wait(h, true)
			m.first(h.task.OrganizationID)
		},
		"die": func(t *rapid.T) {
			h := end(t)
			die(o, h.id)
			m.wait(h, true)
			m.first(h.task.OrganizationID)
			must(o.renew(ctx, nil))
			_, _, err := o.waiting(ctx, 1) // brings it back
			must(err)
		},
		"lose the lease": func(t *rapid.T) {
			h := end(t)
			old := h
			h.task.Fence++ // another has claimed and lost it
			wanted, err := o.add(ctx, h.task)
			must(err)
			if !wanted {
				t.Fatal("a video whose lease ran out is not wanted")
			}
			must(o.leave(ctx, old, leaveDone)) // the one before comes too late
			must(o.renew(ctx, []taken{old}))
			m.wait(h, true)
			m.first(h.task.OrganizationID)
		},
		"forget": func(t *rapid.T) {
			for org, list := range m.lists {
				i := rapid.IntRange(0, len(list)-1).Draw(t, "waiting")
				gone := list[i].task
				must(c.Forget(ctx, org, &models.Video{ID: gone.VideoID, Attempt: gone.Attempt}))
				delete(known, list[i].id)
				if m.lists[org] = slices.Delete(list, i, i+1); len(list) == 1 {
					delete(m.lists, org)
					delete(m.turns, org)
				}
				return
			}
		},
		"look": func(t *rapid.T) { checkPositions(t, o, m) },
	}
	t.Repeat(actions)
	waits := 0
	for _, list := range m.lists {
		waits += len(list)
	}
	if waits+len(m.held) != len(known) {
		t.Fatalf("the model holds %d, want %d", waits+len(m.held), len(known))
	}
	if s, err := o.stats(ctx); err != nil || s.Waiting != waits || s.Running != len(m.held) || s.Organizations != len(m.lists) {
		t.Fatalf("%+v, %v; want %d waiting, %d running", s, err, waits, len(m.held))
	}
	for expect() {
	}
}

// Each waiting video's position is the number of takings until its own.
func checkPositions(t *rapid.T, o order, m *modelOrder) {
	c := &Client{order: o}
	future := &modelOrder{lists: map[string][]taken{}, turns: map[string]int{}, served: map[string]int{}, clock: m.clock}
	for org, list := range m.lists {
		future.lists[org], future.turns[org] = slices.Clone(list), m.turns[org]
	}
	want := map[string][]models.Place{}
	for n := 1; ; n++ {
		next, ok := future.take()
		if !ok {
			break
		}
		org := next.task.OrganizationID
		want[org] = append(want[org], models.Place{VideoID: next.task.VideoID, Attempt: next.task.Attempt, Position: n})
	}
	org := rapid.SampledFrom(organizations).Draw(t, "whose")
	got, err := c.First(context.Background(), org, 1000)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b models.Place) int { return cmp.Compare(a.Position, b.Position) })
	if !slices.Equal(got, want[org]) {
		t.Fatalf("%s: positions %v, want %v", org, got, want[org])
	}
}

// The scripts do on a real Redis what they do on the one in process.
func TestOrderOnEachRedis(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, client *redis.Client) {
		o, ctx := order{client}, t.Context()
		add := func(want bool, task models.Task) {
			t.Helper()
			if got, err := o.add(ctx, task); err != nil || got != want {
				t.Fatalf("wanted: %v, %v", got, err)
			}
		}
		take := func(want string) taken {
			t.Helper()
			got, waited, ok, err := o.take(ctx, nobody)
			if err != nil || got.task.VideoID != want && waited || !ok {
				t.Fatalf("took %+v, %v, %v; want %s", got, ok, err, want)
			}
			return got
		}
		for _, id := range []string{"a1", "a2", "a3"} {
			add(true, task("a", id))
		}
		a1 := take("a1")
		add(true, task("b", "b1"))
		begun := task("a", "a0")
		begun.Begun = true
		add(true, begun)
		add(false, a1.task) // a living worker has it
		c := &Client{order: o}
		places, err := c.Positions(ctx, "a", models.Video{ID: "a3", Attempt: 1}, models.Video{ID: "a1", Attempt: 1}, models.Video{ID: "a0", Attempt: 1})
		if err != nil || len(places) != 2 || places["a3"] != 4 || places["a0"] != 2 {
			t.Errorf("positions %v, %v", places, err)
		}
		b1 := take("b1")
		take("a0")
		if lacking, err := o.lacking(ctx, []models.Task{task("a", "a1"), task("a", "a2"), task("b", "x")}); err != nil || len(lacking) != 1 || lacking[0].VideoID != "x" {
			t.Errorf("lacking %v, %v", lacking, err)
		}
		if err := o.leave(ctx, b1, leaveBack); err != nil {
			t.Fatal(err)
		}
		if err := client.ZAdd(ctx, orderKeys+"taken", redis.Z{Score: 1, Member: a1.id}).Err(); err != nil { // its worker died
			t.Fatal(err)
		}
		if _, waited, ok, err := o.take(ctx, task("b", "b1")); !waited || !ok || err != nil { // a1
			t.Fatal(waited, ok, err)
		}
		b1 = take("b1")
		if s, err := o.stats(ctx); err != nil || s.Waiting != 2 || s.Running != 3 || s.Organizations != 1 || s.Oldest < 0 || s.Oldest > time.Minute {
			t.Errorf("%+v, %v", s, err)
		}
		if err := o.leave(ctx, b1, leaveRest); err != nil {
			t.Fatal(err)
		}
		take("a2")
		take("a3")
		if _, waited, ok, err := o.take(ctx, task("b", "b1")); waited || ok || err != nil { // rests
			t.Fatal(waited, ok, err)
		}
		if _, waited, ok, err := o.take(ctx, task("b", "b2")); waited || !ok || err != nil { // its own
			t.Fatal(waited, ok, err)
		}
		keys, err := client.Keys(ctx, orderKeys+"*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if life, err := client.PTTL(ctx, key).Result(); err != nil || life <= 0 {
				t.Errorf("%s lives %v, %v", key, life, err)
			}
		}
	})
}

// The order is bounded; what does not fit is carried by its permit.
func TestFullOrderTakesNoMore(t *testing.T) {
	t.Parallel()
	client := connect(t, miniredis.RunT(t).Addr())
	o, ctx := order{client}, t.Context()
	for i := range 3 {
		if n, err := o.run(ctx, addScript, entryID(task("a", fmt.Sprint(i))), 0, 0, 2).Int(); err != nil || (n == 2) != (i == 2) {
			t.Fatalf("video %d: %d, %v", i, n, err)
		}
	}
	if s, err := o.stats(ctx); err != nil || s.Waiting != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}
