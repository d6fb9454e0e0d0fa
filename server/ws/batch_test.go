package ws

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/limits"
)

// batches are those of acme.
type batches struct {
	mu     sync.Mutex
	states map[string]models.BatchState
	reads  int
	down   error
}

func (f *batches) BatchStatus(_ context.Context, who models.Identity, id string) (models.BatchState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	s, ok := f.states[id]
	if f.down != nil {
		return models.BatchState{}, f.down
	}
	if !ok || who.OrganizationID != "acme" {
		return models.BatchState{}, models.ErrNoBatch
	}
	return s, nil
}

func (f *batches) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *batches) put(id string, change func(*models.BatchState)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.states == nil {
		f.states = map[string]models.BatchState{}
	}
	s := f.states[id]
	if s.JobID = id; s.Status == "" {
		s.Status, s.Total, s.Rejected = models.BatchProcessing, 1000, []models.Rejection{}
	}
	change(&s)
	f.states[id] = s
}

// one ends another video of a batch, and tells of it.
func (b *bench) one(batch string) {
	b.batches.put(batch, func(s *models.BatchState) { s.Processed++; s.Progress = float64(s.Processed) / 10 })
	b.set("v", models.StatusProcessing, models.EventProgress, map[string]any{"batchId": batch})
}

func (c *client) batch() (s models.BatchState) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_, raw, err := c.Read(ctx)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		c.t.Fatalf("no state: %s %v", raw, err)
	}
	return s
}

// A batch of 1,000 is told in a few messages, never backwards, and to its end.
func TestBatchFromStateToEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.batches.put("b1", func(*models.BatchState) {})
		c := b.connect("/batch/b1?" + mine[1:])
		began := time.Now()
		if s := c.batch(); s.JobID != "b1" || s.Status != models.BatchProcessing || s.Total != 1000 || s.Processed != 0 {
			t.Errorf("first %+v", s)
		}
		go func() {
			for range 1000 {
				time.Sleep(5 * time.Millisecond)
				b.one("b1")
			}
			b.batches.put("b1", func(s *models.BatchState) { s.Status, s.Progress = models.BatchComplete, 100 })
			b.set("v", models.StatusCompleted, models.EventProcessed, map[string]any{"batchId": "b1"})
		}()
		n, last := 1, models.BatchState{Status: models.BatchProcessing}
		for !last.Ended() {
			s := c.batch()
			if n++; s.Progress < last.Progress || s.Processed < last.Processed {
				t.Errorf("%v after %v", s, last)
			}
			last = s
		}
		c.closed(1000, "Job complete")
		if took := time.Since(began); last.Processed != 1000 || last.Progress != 100 || n > int(took/batchPause)+2 || n < 10 {
			t.Errorf("%d messages in %v, the last one %+v", n, took, last)
		}
		b.connect("/batch/b1?" + mine[1:]).batch() // it has ended already
	})
}

// What is not of the batch is no reason to look; what no event tells is seen all
// the same.
func TestBatchLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.batches.put("b1", func(s *models.BatchState) { s.Receiving = true })
		c := b.connect("/batch/b1?" + mine[1:])
		c.batch()
		b.batches.put("b1", func(s *models.BatchState) { // a file was refused
			s.Rejected, s.RejectedCount = make([]models.Rejection, 300), 300
		})
		if s := c.batch(); s.RejectedCount != 300 || len(s.Rejected) != batchRejected {
			t.Errorf("%d of %d refused files are named", len(s.Rejected), s.RejectedCount)
		}
		b.batches.put("b1", func(s *models.BatchState) { s.Receiving, s.Progress = false, 40 })
		if s := c.batch(); s.Receiving || s.Progress != 40 {
			t.Errorf("%+v", s)
		}
		b.batches.put("b1", func(s *models.BatchState) { s.Progress, s.Failed = 30, 1 })
		reads, asked := b.batches.count(), time.Now()
		for range 20 { // others
			b.progress("v2", 5)
			b.set("v3", models.StatusProcessing, models.EventProgress, map[string]any{"batchId": "b2", "title": `"batchId":"b1"`})
			time.Sleep(100 * time.Millisecond)
		}
		if n := b.batches.count() - reads; n != 0 {
			t.Errorf("others made it look %d times", n)
		}
		if s := c.batch(); s.Progress != 40 || s.Failed != 1 || time.Since(asked) > batchLook+time.Second {
			t.Errorf("after %v: %+v", time.Since(asked), s)
		}
		b.batches.put("b1", func(s *models.BatchState) { s.Progress = 50 })
		b.lose()
		if s := c.batch(); s.Progress != 50 {
			t.Errorf("after the log was lost: %+v", s)
		}
		b.batches.put("b1", func(s *models.BatchState) { s.Progress, s.Receiving = 0, true })
		b.one("b1")
		if s := c.batch(); s.Progress > 1 || !s.Receiving {
			t.Errorf("taken up again: %+v", s)
		}
		b.batches.mu.Lock()
		b.batches.down = models.Errorf(models.CodeUnavailable, "The database cannot be reached.")
		b.batches.mu.Unlock()
		c.closed(1013, "The database cannot be reached.")
	})
}

func TestBatchRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.batches.put("b1", func(*models.BatchState) {})
	for name, c := range map[string]struct {
		query, bearer string
		code          websocket.StatusCode
		reason        string
	}{
		"no token":         {"/batch/b1", "", 4001, "Missing jobId or token"},
		"an empty token":   {"/batch/b1?token=", "", 4001, "Missing jobId or token"},
		"no batch":         {"/batch/?token=acme/ann", "", 4001, "Missing jobId or token"},
		"a bad token":      {"/batch/b1?token=rubbish", "", 4003, "Unauthorized"},
		"an expired token": {"/batch/b1?token=acme/ann/expired", "", 4003, "Unauthorized"},
		"a revoked token":  {"/batch/b1?token=acme/ann/revoked", "", 4003, "Unauthorized"},
		"a bad bearer":     {"/batch/b1", "Bearer rubbish", 4003, "Unauthorized"},
		"a foreign batch":  {"/batch/b1?token=evil/eve", "", 4404, "Unknown job"},
		"an absent batch":  {"/batch/b2?token=evil/eve", "", 4404, "Unknown job"},
		"a longer address": {"/batch/b1/x?token=acme/ann", "", 4404, "Unknown job"},
		"in the header":    {"/batch/b1", "Bearer acme/ann", 0, ""},
	} {
		var header []string
		if c.bearer != "" {
			header = []string{"Authorization", c.bearer}
		}
		t.Log(name)
		conn := b.connect(c.query, header...)
		if c.code == 0 {
			conn.batch()
			continue
		}
		conn.closed(c.code, c.reason)
	}
	if n := b.streams.Stats().Open["ws"]; n > 1 {
		t.Errorf("%d streams are left of those refused", n)
	}
	// The token ends while the batch runs.
	c := b.connect("/batch/b1?token=acme/ann/short")
	c.batch()
	c.closed(4003, "Token expired")
}

// Who asks is never given a read that had begun before; those who ask at the
// same time share one.
func TestLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l looks
		reads := 0
		read := func() (models.BatchState, error) {
			reads++
			s := models.BatchState{Total: reads}
			time.Sleep(time.Second)
			if reads == 3 {
				panic("as a store may")
			}
			return s, nil
		}
		var group sync.WaitGroup
		ask := func(want int) {
			group.Go(func() {
				if s, err := l.at(t.Context(), "k", read); want > 0 && (err != nil || s.Total != want) || want == 0 && err == nil {
					t.Errorf("got read %d, %v; want %d", s.Total, err, want)
				}
			})
			synctest.Wait()
		}
		ask(1)
		time.Sleep(time.Millisecond)
		for range 50 {
			ask(2)
		}
		group.Wait()
		ask(0)
		group.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.at(ctx, "k", read); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if reads != 4 || len(l.keys) != 0 {
			t.Errorf("%d reads, %d keys are left", reads, len(l.keys))
		}
	})
}
