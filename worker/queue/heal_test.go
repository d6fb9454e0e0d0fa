package queue

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

func receive[T any](t *testing.T, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return got
}

// silent makes a taking one whose worker says nothing any more.
func (r *rig) silent(t *testing.T, v *models.Video) {
	t.Helper()
	n, err := r.redis.ZAddXX(t.Context(), orderKeys+"taken", redis.Z{Score: 1, Member: entryID(models.TaskOf(v))}).Result()
	if err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if _, err := r.redis.ZScore(t.Context(), orderKeys+"taken", entryID(models.TaskOf(v))).Result(); err != nil {
		t.Fatal("it was not taken")
	}
}

// killedWithPermit leaves a permit as a worker does that was killed with it:
// active, and its lease at asynq has run out.
func (r *rig) killedWithPermit(t *testing.T, task models.Task) {
	t.Helper()
	ctx, id, keys := t.Context(), taskID(task), "asynq:{"+name+"}:"
	if n, err := r.redis.LRem(ctx, keys+"pending", 1, id).Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	_, err := r.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.LPush(ctx, keys+"active", id)
		p.ZAdd(ctx, keys+"lease", redis.Z{Score: float64(time.Now().Add(-time.Second).Unix()), Member: id})
		p.HSet(ctx, keys+"t:"+id, "state", "active")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := r.inspector.GetTaskInfo(name, id); err != nil || info.State != asynq.TaskStateActive {
		t.Fatalf("%+v, %v", info, err)
	}
}

// over makes the lease run out.
func over(v *models.Video, now time.Time) error {
	v.Lease.Until = now
	return nil
}

func (r *rig) ask(t *testing.T, v *models.Video) {
	t.Helper()
	if err := r.client.Enqueue(t.Context(), "acme", models.TaskOf(v)); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) takeOne(t *testing.T) {
	t.Helper()
	if _, waited, _, err := r.client.order.take(t.Context(), nobody); err != nil || !waited {
		t.Fatal(waited, err)
	}
}

// Whatever is left behind by what died or was lost, a few passes, of several
// reconcilers at once, bring the video to a worker; it is worked on once.
func TestHealing(t *testing.T) {
	t.Parallel()
	for what, broken := range map[string]func(*testing.T, *rig){
		"never enqueued": func(t *testing.T, r *rig) { r.create(t, "v") },
		"archived at the last attempt": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			if err := r.inspector.ArchiveTask(name, taskID(models.TaskOf(&v))); err != nil {
				t.Fatal(err)
			}
		},
		"killed before it took a video": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			r.killedWithPermit(t, models.TaskOf(&v))
		},
		"killed between taking and claiming": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			r.killedWithPermit(t, models.TaskOf(&v))
			r.takeOne(t)
			r.silent(t, &v)
		},
		"killed at work": func(t *testing.T, r *rig) { // not yet known by the order
			v := r.create(t, "v")
			r.ask(t, &v)
			r.killedWithPermit(t, models.TaskOf(&v))
			r.takeOne(t)
			r.advance(t, "v", models.Claim("dead", 1), over)
		},
		"released": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			r.takeOne(t)
			v = r.advance(t, "v", models.Claim("stopped", 1))
			r.advance(t, "v", models.Release(v.Fence))
		},
		"put off until now": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			v = r.advance(t, "v", models.Claim("w", 1))
			r.advance(t, "v", models.PutOff(v.Fence, models.Failure{Code: models.CodeStorageFull}), over)
		},
		"lost by Redis": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			if err := r.redis.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		},
		"the order lost": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			for _, key := range []string{"turns", "entries"} {
				if err := r.redis.Del(t.Context(), orderKeys+key).Err(); err != nil {
					t.Fatal(err)
				}
			}
		},
		"the permits lost": func(t *testing.T, r *rig) {
			v := r.create(t, "v")
			r.ask(t, &v)
			if err := r.inspector.DeleteTask(name, taskID(models.TaskOf(&v))); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, redis *redis.Client) {
				r := newRigOn(t, redis)
				broken(t, r)
				var passes sync.WaitGroup
				for range 3 {
					passes.Go(func() {
						for range 3 {
							if err := r.Pass(t.Context(), false); err != nil {
								t.Error(err)
							}
						}
					})
				}
				passes.Wait()
				// What was just made is spared, what was not told is told first.
				r.pass(t)
				r.pass(t)
				done := make(chan models.Video, 10)
				started(t, &Worker{Client: r.client, Concurrency: 2, Logger: quiet, Handle: r.claim(done)})
				if v := receive(t, done); v.Status != models.StatusCompleted {
					t.Errorf("ended as %s", v.Status)
				}
				if s, err := r.client.Order(t.Context()); err != nil || s.Waiting != 0 {
					t.Errorf("%+v, %v", s, err)
				}
			})
		})
	}
}

// claim is a handler that does all stages at once, under the record's rules.
func (r *rig) claim(done chan<- models.Video) Handler {
	return func(ctx context.Context, t models.Task) error {
		claim := models.Claim("w", t.Attempt)
		if t.Alone {
			claim = models.ClaimAlone("w", t.Attempt)
		}
		v, err := r.Store.Advance(ctx, t.OrganizationID, t.VideoID, claim)
		if err != nil {
			return err
		}
		if v.Status.Terminal() { // as the pipeline tells it
			return models.Errorf(models.CodePoison, "Given up.")
		}
		for v.Status == models.StatusProcessing {
			if v, err = r.Store.Advance(ctx, t.OrganizationID, t.VideoID, models.FinishStage(v.Fence, v.Stage, func(*models.Video) {})); err != nil {
				return err
			}
		}
		done <- v
		return nil
	}
}

// A video that rests, or that a living worker holds, is left alone, however
// often the reconcilers look.
func TestReconcilersLeaveWhatIsWellAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rests := r.advance(t, r.create(t, "rests").ID, models.Claim("w", 1))
	r.advance(t, "rests", models.PutOff(rests.Fence, models.Failure{}), models.Published(99))
	v := r.create(t, "held")
	r.ask(t, &v)
	r.takeOne(t)
	r.advance(t, "held", models.Claim("w", 1)) // not published: the reconciler does that, and only that
	queued := r.create(t, "queued")
	for range 5 {
		r.pass(t)
	}
	_, some, err := r.client.order.waiting(t.Context(), 10)
	if err != nil || len(some) != 1 || some[0] != models.TaskOf(&queued) {
		t.Errorf("waiting: %+v, %v", some, err)
	}
	pending, err := r.inspector.ListPendingTasks(name)
	if err != nil || len(pending) != 2 { // those of "held", which was not spent, and of "queued"
		t.Errorf("%d permits, %v", len(pending), err)
	}
}

// A cancelled video does not use up the permit that meets it, nor its
// organization's turn.
func TestNothingToDoIsPassedOver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := make(chan models.Video, 10)
	w := &Worker{Client: r.client, Concurrency: 1, Logger: quiet, Handle: r.claim(done)}
	for _, id := range []string{"a", "b", "c", "d"} {
		v := r.create(t, id)
		r.ask(t, &v)
	}
	other := models.Task{OrganizationID: "other", VideoID: "x", Attempt: 1}
	if err := r.client.Enqueue(t.Context(), "other", other); err != nil {
		t.Fatal(err)
	}
	r.advance(t, "a", models.Cancel())
	r.advance(t, "b", models.Delete())
	r.advance(t, "c", models.Claim("another", 1))
	if err := w.use(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if v := receive(t, done); v.ID != "d" {
		t.Errorf("worked on %s", v.ID)
	}
	if n := r.client.Counts().Skipped; n != 3 {
		t.Errorf("skipped %d", n)
	}
	if err := w.use(t.Context(), other); err != nil { // the other's has no record
		t.Fatal(err)
	}
	if s, err := r.client.Order(t.Context()); err != nil || s != (OrderStats{}) {
		t.Errorf("%+v, %v", s, err)
	}
}

// A task that is delivered twice is worked on once.
func TestDeliveredTwiceWorksOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.create(t, "v")
	r.ask(t, &v)
	done := make(chan models.Video, 10)
	var ended sync.WaitGroup
	for range 4 {
		w := &Worker{Client: r.client, Logger: quiet, Handle: r.claim(done)}
		ended.Go(func() {
			if err := w.use(t.Context(), models.TaskOf(&v)); err != nil {
				t.Error(err)
			}
		})
	}
	ended.Wait()
	if len(done) != 1 {
		t.Errorf("worked on %d times", len(done))
	}
}

// What cannot be worked on because something does not answer comes again later,
// at the end of its line, and nobody waits for it.
func TestTroubleHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var order []string
	w := &Worker{Client: r.client, Logger: quiet, Handle: func(_ context.Context, t models.Task) error {
		order = append(order, t.VideoID)
		if t.VideoID == "bad" {
			return errors.New("the store does not answer")
		}
		return nil
	}}
	bad := r.create(t, "bad")
	for _, id := range []string{"bad", "good", "better"} {
		if err := r.client.Enqueue(t.Context(), "acme", task("acme", id)); err != nil {
			t.Fatal(err)
		}
	}
	own := models.TaskOf(&bad)
	if err := w.use(t.Context(), own); err == nil {
		t.Error("the trouble was not told")
	}
	if err := errors.Join(w.use(t.Context(), own), w.use(t.Context(), own)); err != nil {
		t.Error(err)
	}
	if err := w.use(t.Context(), own); err != nil { // it rests
		t.Error(err)
	}
	r.silent(t, &bad) // the pause is over
	if err := w.use(t.Context(), own); err == nil {
		t.Error("it did not come again")
	}
	if want := []string{"bad", "good", "better", "bad"}; !slices.Equal(order, want) {
		t.Errorf("worked on %v, want %v", order, want)
	}
}

// A video that kills its workers is given up by the next that meets it, which
// goes on with what others wait for.
func TestPoisonIsGivenUpAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.create(t, "poison")
	r.ask(t, &v)
	r.pass(t) // tells it
	for i := range models.MaxLapses {
		r.takeOne(t)
		claim := models.ClaimAlone("dies-"+strconv.Itoa(i), 1)
		v = r.advance(t, "poison", claim, over, models.Published(99))
		if i == models.MaxLapses-1 { // that was the pause before its last run
			v = r.advance(t, "poison", claim, over, models.Published(99))
		}
		r.pass(t)
	}
	other := r.create(t, "other")
	r.ask(t, &other)
	done := make(chan models.Video, 10)
	w := &Worker{Client: r.client, Logger: quiet, Handle: r.claim(done)}
	if err := w.use(t.Context(), models.TaskOf(&v)); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, done); got.ID != "other" {
		t.Errorf("worked on %s", got.ID)
	}
	v, err := r.Store.Get(t.Context(), "acme", "poison")
	if err != nil || v.Status != models.StatusFailed || v.Failure.Code != models.CodePoison || len(v.Lapses) != models.MaxLapses {
		t.Errorf("%s, %+v, lapses of %v, %v", v.Status, v.Failure, v.Lapses, err)
	}
	if n := r.client.Counts(); n.Poisoned != 1 || n.Reclaimed != models.MaxLapses {
		t.Errorf("%+v", n)
	}
}
