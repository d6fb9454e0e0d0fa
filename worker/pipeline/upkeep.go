package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// upkeepEvery is the pause between two passes; a quarter of it is random.
	upkeepEvery = 4 * time.Second
	// lookAgain is when the videos of an organization are looked for though all
	// were up with its policy: one may have been finished under an older one.
	lookAgain = time.Minute
	// missingAgain is added to that where scores were not found.
	missingAgain = time.Hour
	// reassessEvery is the least time between two videos of one process.
	reassessEvery = 20 * time.Millisecond
	// failingTime is how long videos of one organization may meet services that
	// do not answer before the others are left for the next pass.
	failingTime = 5 * time.Second
	// reassessBatch is how many are read at a time.
	reassessBatch = 100
	// trimEvery is how often the audit trails are cut to what is kept.
	trimEvery = time.Hour
	// maxSeen bounds how many organizations are remembered.
	maxSeen = 50_000
)

// Upkeep does to finished videos what nobody has to ask for: those that an
// older policy of their organization assessed are assessed again, from their
// stored scores and without decoding. It also completes the audit trails, and
// cuts them, and brings batches to their end. It runs in every process; doing its work twice changes nothing, and
// after a crash the next pass finds what is left by the records themselves.
type Upkeep struct {
	Store interface {
		models.Videos
		models.Policies
		models.Audit
		models.Batches
	}
	Blobs     models.Blobs
	Publisher *rooms.Publisher
	Logger    *slog.Logger

	seen    map[string]seen
	trimmed time.Time
}

// seen is under which version no outdated video was found, and when.
type seen struct {
	version int
	at      time.Time
}

// Run makes a first pass at once, and goes on until ctx ends.
func (u *Upkeep) Run(ctx context.Context) error {
	for quiet := false; ; {
		err := u.Pass(ctx)
		if err == nil {
			err = u.trim(ctx)
		}
		err = errors.Join(err, u.batches(ctx))
		if err != nil && ctx.Err() == nil && !quiet {
			u.Logger.Warn("not all finished videos and batches could be kept up; it will be tried again", "error", err)
		}
		quiet = err != nil
		if !sleep(ctx, upkeepEvery*3/4+rand.N(upkeepEvery/2)) {
			return nil
		}
	}
}

// sleep tells whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Pass looks at every policy that was ever chosen. It goes on after an
// organization whose videos could not all be assessed and returns the first such
// error: what cannot be read of one organization says nothing of the others.
func (u *Upkeep) Pass(ctx context.Context) error {
	var first error
	for after := ""; ctx.Err() == nil; {
		chosen, err := u.Store.ChosenPolicies(ctx, after, reassessBatch)
		if err != nil {
			return err
		}
		for _, r := range chosen {
			after = r.OrganizationID
			err := models.SettlePolicy(ctx, u.Store, u.Store, r)
			if err == nil {
				err = u.organization(ctx, r)
			}
			if ctx.Err() != nil {
				return err
			}
			if err != nil && first == nil {
				first = err
			}
		}
		if len(chosen) < reassessBatch {
			break
		}
	}
	return first
}

// organization assesses its outdated videos again, unless there were none a
// moment ago.
func (u *Upkeep) organization(ctx context.Context, r models.PolicyRecord) error {
	org, policy, now := r.OrganizationID, r.Policy, time.Now()
	if s, ok := u.seen[org]; ok && s.version == policy.Version && now.Sub(s.at) < lookAgain {
		return nil
	}
	var first error
	missing, failing := 0, time.Duration(0)
	for after := (models.AssessedRef{}); ; {
		videos, err := u.Store.Outdated(ctx, org, policy.Version, after, reassessBatch)
		if err != nil {
			return err
		}
		if len(videos) > 0 {
			after = videos[len(videos)-1].AssessedRef()
		}
		// Processes that see the same videos begin at different ones.
		rand.Shuffle(len(videos), func(i, j int) { videos[i], videos[j] = videos[j], videos[i] })
		for i := range videos {
			began := time.Now()
			err := u.reassess(ctx, &videos[i], policy)
			if models.CodeOf(err) == models.CodeUnavailable {
				failing += time.Since(began)
			}
			if failing >= failingTime || ctx.Err() != nil {
				return err
			}
			if errors.Is(err, models.ErrNotFound) {
				missing++
			} else if err != nil && first == nil {
				first = err
			}
			if !sleep(ctx, reassessEvery) {
				return ctx.Err()
			}
		}
		if len(videos) < reassessBatch {
			break
		}
	}
	if missing > 0 { // the blobs may be elsewhere, for a while: nothing is given up
		u.Logger.Warn("scores of videos are not where they should be; they stay as they were assessed",
			"organization", org, "videos", missing)
		now = now.Add(missingAgain)
	}
	if first == nil {
		if u.seen == nil || len(u.seen) >= maxSeen {
			u.seen = map[string]seen{}
		}
		u.seen[org] = seen{policy.Version, now}
	}
	return first
}

// reassess applies the policy to the stored scores of one video. What somebody
// else has done meanwhile is done. [models.ErrNotFound] is about the scores.
func (u *Upkeep) reassess(ctx context.Context, v *models.Video, p models.Policy) error {
	org, key := v.OrganizationID, v.Sensitivity.ScoresKey
	_, frames, err := models.ReadScores(ctx, u.Blobs, org, key)
	var change models.Transition
	switch {
	case err == nil:
		change = models.Audited(models.Reassess(key, p, models.Assess(frames, v.DurationMs(), p)), models.AuditEntry{
			ID: models.DerivedID("reassessed", v.ID, key, strconv.Itoa(p.Version)), Action: models.AuditReassess,
		})
	case errors.Is(err, models.ErrScoresDamaged):
		u.Logger.Warn("a video's scores are damaged; it stays as it was assessed", "organization", org, "video", v.ID, "error", err)
		change = models.ScoresLost(key)
	case errors.Is(err, models.ErrNotFound):
		if _, gone := u.Publisher.Videos.Get(ctx, org, v.ID); errors.Is(gone, models.ErrNotFound) {
			return nil // deleted meanwhile
		}
		return err
	default:
		return err
	}
	_, err = u.Publisher.Advance(ctx, org, v.ID, change)
	if errors.Is(err, models.ErrConflict) || errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return err
}

// trim cuts the audit trails now and then.
func (u *Upkeep) trim(ctx context.Context) error {
	now := time.Now()
	if now.Sub(u.trimmed) < trimEvery {
		return nil
	}
	removed, err := u.Store.TrimAudit(ctx, now.Add(-models.AuditTime), models.AuditKept)
	if err != nil {
		return err
	}
	if err := u.trimBatches(ctx, now); err != nil {
		return err
	}
	u.trimmed = now
	if removed > 0 {
		u.Logger.Info("old audit entries were removed", "entries", removed)
	}
	return nil
}
