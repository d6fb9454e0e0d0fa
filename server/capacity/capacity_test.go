package capacity

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// usageStore is a store of committed use.
type usageStore struct {
	mu   sync.Mutex
	kept map[string]models.Usage
	// read, when not nil, is called before the kept use is read.
	read func()
}

func (s *usageStore) used(_ context.Context, org string) (models.Usage, error) {
	if s.read != nil {
		s.read()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[org], nil
}

func (s *usageStore) create(org string, bytes int64) func() error {
	return func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		u := s.kept[org]
		s.kept[org] = models.Usage{Videos: u.Videos + 1, Bytes: u.Bytes + bytes}
		return nil
	}
}

func (s *usageStore) capacity(t *testing.T, most models.Usage, usedFor time.Duration) *Capacity {
	s.kept = map[string]models.Usage{}
	return New(Config{Parts: t.TempDir(), Blobs: t.TempDir(), Moves: true, MinFree: 0, Most: most, Used: s.used, UsedFor: usedFor})
}

// However many come at the same time, and whether they become videos meanwhile or
// are given up, an organization never holds more than its quota, and as much as
// it may.
func TestQuotaHoldsInARace(t *testing.T) {
	t.Parallel()
	t.Run("asked each time", func(t *testing.T) { t.Parallel(); race(t, 0) })
	t.Run("remembered", func(t *testing.T) { t.Parallel(); race(t, time.Hour) })
}

func race(t *testing.T, usedFor time.Duration) {
	s, most := &usageStore{}, models.Usage{Videos: 40, Bytes: 25_000}
	asked := 0
	s.read = func() { s.mu.Lock(); asked++; s.mu.Unlock() }
	c := s.capacity(t, most, usedFor)
	var all sync.WaitGroup
	var mu sync.Mutex
	refused, made := 0, 0
	for i := range 200 {
		all.Go(func() {
			g, err := c.Take(t.Context(), "acme", Want{Videos: 1, Bytes: 1000, InParts: i%2 == 0})
			if err != nil {
				if models.CodeOf(err) != models.CodeQuota {
					t.Error(err)
				}
				mu.Lock()
				refused++
				mu.Unlock()
				return
			}
			defer g.Release()
			if i%5 == 0 {
				return // given up
			}
			if err := g.Commit(1000, s.create("acme", 1000)); err != nil {
				t.Error(err)
			}
			mu.Lock()
			made++
			mu.Unlock()
			// Others are not concerned.
			other, err := c.Take(t.Context(), "globex", Want{Videos: 1, Bytes: 1})
			if err != nil {
				t.Error(err)
			}
			other.Release()
		})
	}
	all.Wait()
	if kept := s.kept["acme"]; kept.Bytes > most.Bytes || kept.Videos != made || made < 5 {
		t.Errorf("kept %+v, %d made, %d refused", kept, made, refused)
	}
	// What is left is exactly what may still come.
	for s.kept["acme"].Bytes < most.Bytes {
		g, err := c.Take(t.Context(), "acme", Want{Videos: 1, Bytes: 1000})
		if err != nil {
			t.Fatalf("with %+v kept: %v", s.kept["acme"], err)
		}
		_ = g.Commit(1000, s.create("acme", 1000))
		g.Release()
	}
	if _, err := c.Take(t.Context(), "acme", Want{Videos: 1, Bytes: 1}); models.CodeOf(err) != models.CodeQuota {
		t.Errorf("one byte beyond it: %v", err)
	}
	before := asked
	s.kept["acme"] = models.Usage{} // deleted
	if g, err := c.Take(t.Context(), "acme", Want{Videos: 1, Bytes: 25_000}); err != nil {
		t.Errorf("after everything was deleted: %v", err)
	} else {
		g.Release()
	}
	if usedFor > 0 {
		for range 100 {
			g, err := c.Take(t.Context(), "acme", Want{Videos: 1, Bytes: 1})
			if err != nil {
				t.Fatal(err)
			}
			g.Release()
		}
		if asked > before+2 {
			t.Errorf("the store was asked %d times", asked-before)
		}
	}
	if len(c.orgs) != 0 || c.parts.reserved != 0 || c.Granted("acme") != (models.Usage{}) {
		t.Errorf("%d organizations and %d bytes are remembered for ever", len(c.orgs), c.parts.reserved)
	}
}

// A record that is being made counts for a moment as granted and as kept; nobody
// is refused for that.
func TestNobodyIsRefusedForARecordThatCountsTwice(t *testing.T) {
	t.Parallel()
	s := &usageStore{}
	c := s.capacity(t, models.Usage{Videos: 2}, 0)
	first, err := c.Take(t.Context(), "acme", Want{Videos: 1})
	if err != nil {
		t.Fatal(err)
	}
	written, looked := make(chan struct{}), make(chan struct{})
	var once sync.Once
	done := make(chan error)
	go func() {
		done <- first.Commit(0, func() error {
			_ = s.create("acme", 0)()
			close(written)
			<-looked
			return nil
		})
	}()
	<-written
	s.read = func() { once.Do(func() { close(looked) }) }
	second, err := c.Take(t.Context(), "acme", Want{Videos: 1})
	if err != nil {
		t.Errorf("the second of two: %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := c.Take(t.Context(), "acme", Want{Videos: 1}); models.CodeOf(err) != models.CodeQuota {
		t.Errorf("the third of two: %v", err)
	}
	first.Release()
	second.Release()
}

// A slow store keeps the organization waiting that asks, and no other.
func TestOrganizationsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	c := New(Config{Parts: t.TempDir(), Most: models.Usage{Videos: 9}, Used: func(ctx context.Context, org string) (models.Usage, error) {
		if org == "acme" {
			asked <- struct{}{}
			<-answer
		}
		return models.Usage{}, nil
	}})
	done := make(chan error)
	go func() {
		g, err := c.Take(t.Context(), "acme", Want{Videos: 1})
		g.Release()
		done <- err
	}()
	<-asked
	if g, err := c.Take(t.Context(), "globex", Want{Videos: 1}); err != nil {
		t.Error(err)
	} else {
		g.Release()
	}
	close(answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The disk is reserved by what was announced, until it is written or given up; a
// file that does not come lets it go, and takes it again where there is some.
func TestDiskIsReserved(t *testing.T) {
	t.Parallel()
	const disk, floor = 4 << 20, 1 << 20
	dir, ok := modelstest.SmallDisk(t, disk)
	if !ok {
		testenv.Missing(t, "right to mount a small disk")
	}
	s := &usageStore{kept: map[string]models.Usage{}}
	c := New(Config{Parts: dir, Blobs: dir, Moves: true, MinFree: floor, Used: s.used})
	take := func(org string, bytes int64, want models.Code) *Grant {
		t.Helper()
		g, err := c.Take(t.Context(), org, Want{Videos: 1, Bytes: bytes, InParts: true})
		if err != nil && models.CodeOf(err) != want || err == nil && want != "" {
			t.Errorf("%d bytes: %v, want %q", bytes, err, want)
		}
		return g
	}
	take("acme", 3<<20+1, models.CodeDiskFull)
	take("acme", 1<<62, models.CodeDiskFull)
	first := take("acme", 2<<20, "")
	take("globex", 1<<20+1, models.CodeDiskFull)
	second := take("globex", 1<<20, "")
	if states := c.States(); len(states) != 1 || !states[0].Full || states[0].FreeBytes != disk || states[0].ReservedBytes != 3<<20 || states[0].FloorBytes != floor {
		t.Errorf("%+v", states)
	}
	first.Idle()
	third := take("globex", 2<<20, "")
	if err := first.Resume(2 << 20); models.CodeOf(err) != models.CodeDiskFull {
		t.Errorf("it comes again where others have its room: %v", err)
	}
	third.Release()
	if err := first.Resume(2 << 20); err != nil {
		t.Errorf("it comes again: %v", err)
	}
	first.Received(1 << 20)
	first.Received(5 << 20) // more than was announced counts no less
	second.Release()
	second.Release()
	if c.parts.reserved != 0 {
		t.Errorf("%d bytes are reserved", c.parts.reserved)
	}
	// A file of unknown size is stopped where the room ends, and not before.
	unknown, err := c.Take(t.Context(), "acme", Want{Videos: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if err := unknown.Need(t.Context(), 256<<10); err != nil {
			t.Errorf("piece %d: %v", i, err)
		}
		unknown.mu.Lock()
		unknown.written += 256 << 10 // as if it was written elsewhere: the room stays reserved
		unknown.mu.Unlock()
	}
	if err := unknown.Need(t.Context(), 1); models.CodeOf(err) != models.CodeDiskFull {
		t.Errorf("beyond the room: %v", err)
	}
	unknown.Release()
	first.Release()
	restored := c.Restore("acme", 8<<20, 7<<20)
	if restored.Arrived(7<<20 + 1); c.parts.reserved != 1<<20-1 {
		t.Errorf("%d bytes are reserved for the rest of a file", c.parts.reserved)
	}
	restored.Release()
}
