package library

import (
	"context"
	"time"

	"reelroom/models"
)

// Positions tells the places of waiting videos.
type Positions interface {
	// Positions returns the places of those of the videos that wait, by id.
	Positions(ctx context.Context, org string, videos ...models.Video) (map[string]int, error)
	// News returns those of the organization's first videos whose place has
	// changed since they were last returned to anybody; none when somebody has
	// asked a moment ago.
	News(ctx context.Context, org string, most int) ([]models.Place, error)
	// Forget takes a video whose work has ended out of line.
	Forget(ctx context.Context, org string, v *models.Video) error
}

const (
	// tellEvery is how often it is looked whether places have to be told. No
	// organization is told more often than the queue permits.
	tellEvery = time.Second
	// toldPlaces is how many of an organization's waiting videos are told.
	toldPlaces = 20
)

// place gives waiting videos their place, where it is known.
func (l *Library) place(ctx context.Context, org string, videos []models.Video, documents []models.Document) {
	if l.Positions == nil {
		return
	}
	var waiting []models.Video
	for i := range videos {
		if videos[i].Status == models.StatusQueued {
			waiting = append(waiting, videos[i])
		}
	}
	if len(waiting) == 0 {
		return
	}
	places, err := l.Positions.Positions(ctx, org, waiting...)
	if err != nil {
		l.complain(err)
		return
	}
	for i := range documents {
		if n, ok := places[documents[i].ID]; ok && documents[i].Status == models.StatusQueued {
			documents[i].QueuePosition = &n
		}
	}
}

// forget takes a video that was cancelled or deleted out of line.
func (l *Library) forget(ctx context.Context, v *models.Video) {
	if l.Positions == nil {
		return
	}
	if err := l.Positions.Forget(context.WithoutCancel(ctx), v.OrganizationID, v); err != nil {
		l.complain(err)
	}
}

// TellPositions tells those who watch a waiting video when its place changes,
// until ctx ends. watched returns the organizations in which somebody on this
// node follows a video; where nobody does, nothing is asked or told.
func (l *Library) TellPositions(ctx context.Context, watched func() []string) error {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for _, org := range watched() {
			if err := l.tell(ctx, org); err != nil && ctx.Err() == nil {
				l.complain(err)
				break // the others would meet the same
			}
		}
	}
}

func (l *Library) tell(ctx context.Context, org string) error {
	news, err := l.Positions.News(ctx, org, toldPlaces)
	if err != nil {
		return err
	}
	for _, p := range news {
		v, err := l.Store.Get(ctx, org, p.VideoID)
		if err != nil || v.Status != models.StatusQueued || v.Attempt != p.Attempt {
			continue // the order has not heard of it yet
		}
		if _, _, err := l.Log.Append(ctx, org, models.QueuedAgain(&v, l.now(), p.Position)); err != nil {
			return err
		}
	}
	return nil
}
