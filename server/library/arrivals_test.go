package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"reelroom/models"
)

func names(events []models.Event) (out []string) {
	for _, e := range events {
		out = append(out, string(e.Name))
	}
	return out
}

func base(org, upload string, received int64) models.UploadBase {
	return models.UploadBase{OrganizationID: org, UploadID: upload, Received: received}
}

func TestArrivalsAreToldTwiceASecondAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		a := &Arrivals{Log: fakeLog{f}, Logger: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = a.Run(ctx) }()
		for i := range int64(1000) { // one second
			a.Progress(models.UploadProgress{UploadBase: base("acme", "u", i)})
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := len(f.events); n < 1 || n > 2 {
			t.Errorf("%d events in a second", n)
		}
		a.Finished(models.UploadFinished{UploadBase: base("acme", "u", 1000), VideoID: "v"})
		a.Progress(models.UploadProgress{UploadBase: base("acme", "w", 1)})
		stop()
		<-done
		if got := names(f.events); !slices.Equal(got[len(got)-2:], []string{"upload:finished", "upload:progress"}) {
			t.Errorf("told was %v", got)
		}
	})
}

func TestArrivalsOfOneOrganizationAreBounded(t *testing.T) {
	t.Parallel()
	f := newFake()
	a := &Arrivals{Log: fakeLog{f}, Logger: slog.New(slog.DiscardHandler)}
	for i := range 100 {
		a.Progress(models.UploadProgress{UploadBase: base("acme", fmt.Sprint(i), 1)})
	}
	a.Progress(models.UploadProgress{UploadBase: base("other", "0", 1)})
	told := map[string]int{}
	for _, e := range a.take() {
		told[e.OrganizationID]++
	}
	if told["acme"] != arrivalsAtOnce || told["other"] != 1 {
		t.Errorf("told at once: %v", told)
	}
	var none *Arrivals
	none.Progress(models.UploadProgress{})
	none.Cancelled(models.UploadCancelled{})
}

// While the log is away ends wait, in bounds, and progress is forgotten.
func TestArrivalsWithoutTheLog(t *testing.T) {
	t.Parallel()
	f := newFake()
	a := &Arrivals{Log: fakeLog{f}, Logger: slog.New(slog.DiscardHandler)}
	f.down["log"] = errors.New("no redis")
	for i := range arrivalsHeld + 10 {
		a.Cancelled(models.UploadCancelled{UploadBase: base("acme", fmt.Sprint(i), 1)})
	}
	a.Progress(models.UploadProgress{UploadBase: base("acme", "x", 1)})
	a.tell(t.Context())
	a.tell(t.Context())
	if len(a.ends) != arrivalsHeld || len(a.latest) != 0 || a.ends[0].ID != "upload 0 end" {
		t.Errorf("%d ends wait, %d of progress", len(a.ends), len(a.latest))
	}
	delete(f.down, "log")
	a.tell(t.Context())
	if len(f.events) != arrivalsHeld || len(a.ends) != 0 {
		t.Errorf("%d were told at last", len(f.events))
	}
}

// slowly takes its time for each piece.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(400 * time.Millisecond)
	return s.Reader.Read(p[:min(len(p), 100)])
}

func TestPlainUploadIsToldOnceItTakesLonger(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body io.Reader
		size int64
		want []string
	}{
		"slow":            {slowly{mp4(string(make([]byte, 900)))}, 1000, []string{"upload:progress", "video:queued", "upload:finished"}},
		"cut":             {io.MultiReader(slowly{mp4(string(make([]byte, 900)))}, iotest.ErrReader(io.ErrUnexpectedEOF)), 1000, []string{"upload:progress", "upload:cancelled"}},
		"quick":           {mp4("x"), 30, []string{"video:queued"}},
		"of unknown size": {slowly{mp4(string(make([]byte, 900)))}, 0, []string{"video:queued"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				l := f.library()
				l.Arrivals = &Arrivals{Log: fakeLog{f}, Logger: slog.New(slog.DiscardHandler)}
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { defer close(done); _ = l.Arrivals.Run(ctx) }()
				_, _, err := l.Upload(t.Context(), editor, Upload{FileName: "a.mp4", Body: c.body, Size: c.size})
				if (err != nil) != (name == "cut") {
					t.Error(err)
				}
				stop()
				<-done
				if got := slices.Compact(names(f.events)); !slices.Equal(got, c.want) {
					t.Errorf("told was %v, want %v", got, c.want)
				}
			})
		})
	}
}
