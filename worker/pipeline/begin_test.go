package pipeline

import (
	"context"
	"fmt"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// heldBlobs hands out no file before it may.
type heldBlobs struct {
	models.Blobs
	may chan struct{}
}

func (b *heldBlobs) Local(ctx context.Context, org, key string) (string, func(), error) {
	select {
	case <-b.may:
	case <-ctx.Done():
	}
	return b.Blobs.Local(ctx, org, key)
}

// listen returns the events that reach the listeners of a node.
func (p *Pipeline) listen(t testing.TB) <-chan models.Event {
	t.Helper()
	heard := make(chan models.Event, 10_000)
	_, leave, err := p.Hub.Subscribe(t.Context(), "acme", func(_ rooms.Cursor, events []models.Event) {
		for _, e := range events {
			heard <- e
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leave)
	return heard
}

// The first progress of a video is heard before anything slow begins: the file
// is not even fetched, and no tool was asked.
func TestFirstEventStandsBeforeTheWork(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	held := &heldBlobs{p.Blobs, make(chan struct{})}
	p.Blobs = held
	heard := p.listen(t)
	v, err := p.Videos.Get(t.Context(), "acme", "v")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Process(t.Context(), models.TaskOf(&v)) }()
	for waiting := true; waiting; {
		select {
		case e := <-heard:
			waiting = e.Name != models.EventProgress
		case <-time.After(30 * time.Second):
			t.Fatal("nothing is heard while the file is fetched")
		}
	}
	close(held.may)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// From the moment that a worker has the task to the event at the listeners of a
// node. The mark is 100 ms.
func BenchmarkFirstEvent(b *testing.B) {
	p := newPipeline(b)
	heard := p.listen(b)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		v, err := p.Publisher.Create(b.Context(), "acme", models.Video{ID: fmt.Sprint("b", i), OrganizationID: "acme"})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		done := make(chan error, 1)
		go func() { done <- p.Process(b.Context(), models.TaskOf(&v)) }()
		for e := range heard {
			if e.Name == models.EventProgress && e.VideoID == v.ID {
				break
			}
		}
		b.StopTimer()
		if err := <-done; err != nil { // it fails: there is no file
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
