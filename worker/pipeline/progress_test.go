package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/worker/estimate"
)

// told is one report that was published.
type told struct {
	at time.Time
	r  models.Report
	to models.Audience
}

// teller publishes into a list; it takes slow for each.
func teller(t *testing.T, slow time.Duration) (g *progress, all func() []told) {
	var list []told
	p := &Pipeline{Estimator: estimate.New(nil, quiet)}
	g = newProgress(t.Context(), p, p.Estimator.Start(time.Now(), nil), func(ctx context.Context, _ *models.Video, r models.Report, to models.Audience) {
		time.Sleep(slow)
		list = append(list, told{time.Now(), r, to})
	})
	return g, func() []told { return list }
}

// At most 10 a second to those who watch the video, 2 a second to the
// organization, always the newest; and whoever falls silent has been heard.
func TestProgressIsThrottled(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]time.Duration{"a quick log": 0, "a slow log": 230 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, all := teller(t, slow)
				defer g.close()
				g.begin(models.Video{Stage: models.StageThumbnail})
				const reports = 601 // at the last one, the organization has just been told
				for i := range reports {
					g.report(models.Report{Fraction: float64(i+1) / 1000, Message: "m"})
					time.Sleep(5 * time.Millisecond)
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				list := all()
				var last, organization told
				most := 0
				for i, x := range list {
					if i > 0 && x.at.Sub(last.at) < videoEvery {
						t.Errorf("%s after the last one", x.at.Sub(last.at))
					}
					if x.r.Fraction < last.r.Fraction || x.r.Over < last.r.Over {
						t.Errorf("it fell from %+v to %+v", last.r, x.r)
					}
					if x.to == models.ToOrganization {
						if !organization.at.IsZero() && x.at.Sub(organization.at) < organizationEvery {
							t.Errorf("the organization was told again after %s", x.at.Sub(organization.at))
						}
						organization, most = x, most+1
					}
					if x.r.Eta == nil || !x.r.Eta.Fits() {
						t.Errorf("no estimate: %+v", x.r)
					}
					last = x
				}
				if last.r.Fraction != reports/1000.0 || organization.r.Fraction != reports/1000.0 {
					t.Errorf("the last word was %v, the organization's %v", last.r.Fraction, organization.r.Fraction)
				}
				if len(list) < 3000/330 || most < 3 {
					t.Errorf("only %d were told, %d to the organization", len(list), most)
				}
			})
		})
	}
}

// After the stage has ended nothing comes that was said in it.
func TestNothingIsToldAfterTheStage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, all := teller(t, 0)
		defer g.close()
		g.begin(models.Video{Stage: models.StageThumbnail})
		for i := range 3 { // the second waits for its turn, the organization for the third
			g.report(models.Report{Fraction: float64(i+1) / 10})
			time.Sleep(time.Millisecond)
		}
		g.end(true)
		synctest.Wait()
		before := len(all())
		g.report(models.Report{Fraction: 0.9}) // a straggler
		time.Sleep(time.Minute)
		synctest.Wait()
		if list := all(); before != 1 || len(list) != 1 {
			t.Errorf("told: %+v", list)
		}
		g.begin(models.Video{Stage: models.StageSensitivity})
		g.report(models.Report{Fraction: 0.05})
		synctest.Wait()
		if list := all(); len(list) != 2 || list[1].r.Fraction != 0.05 {
			t.Errorf("the next stage: %+v", list)
		}
	})
}
