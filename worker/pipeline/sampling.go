package pipeline

import (
	"context"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

const (
	// keyframesSuffice is the largest gap between two samples, where an encoder
	// sets its keyframes by the clock. To decode what lies between keyframes
	// costs 30 times as much as the keyframes.
	keyframesSuffice = 4 * time.Second
	// shotsSuffice is that gap where it sets them at cuts, too: then a long gap
	// is one shot, and each shot is seen. It is the default of the commonest
	// encoder, 250 frames, at 24 a second.
	shotsSuffice = 10500 * time.Millisecond
	// sampleEvery is the least distance between two samples; maxSamples
	// widens it for long videos, minSamples narrows it for short ones.
	sampleEvery = time.Second
	maxSamples  = 900
	minSamples  = 8
	// fewKeyframes are too few for any video, and fewer than minSamples where
	// they lie further apart than clipSuffices.
	fewKeyframes = 4
	clipSuffices = 2100 * time.Millisecond
	// shortFile is how long a video with few keyframes may be to be decoded
	// whole at once; in a longer one the keyframes are looked at first.
	shortFile = 2 * time.Minute
	// seekFrom is how many keyframes there must be for each that is wanted to
	// seek from one to the next instead of decoding them all: in a file of
	// nothing but keyframes. A seek costs as much as some 20 of them.
	seekFrom = 32
	// rangeApart is how far apart two parts must be to be decoded one by one: to
	// start costs as much as to decode that. maxRanges bounds how many.
	rangeApart = 2 * time.Second
	maxRanges  = 64
)

// How the frames of a video are found.
type sampling int

const (
	byKeyframes sampling = iota // all keyframes, and nothing between them
	bySeeking                   // some of very many keyframes
	byInterval                  // the whole file is decoded
)

// samplingOf chooses by what the packets of the file said.
func samplingOf(m *models.Metadata) sampling {
	duration, keyframes := seconds(m.DurationSeconds), m.Video.Keyframes
	wanted := int64(1 + duration/seekEvery(duration))
	switch {
	case duration <= 0 || duration <= shortFile && (keyframes < fewKeyframes ||
		keyframes < minSamples && seconds(m.Video.KeyframeGapSeconds) > clipSuffices):
		return byInterval
	case wanted >= minSamples && keyframes > seekFrom*wanted:
		return bySeeking
	}
	return byKeyframes
}

// interval is the distance between samples for a video of that duration.
func interval(duration time.Duration) time.Duration {
	every := max(sampleEvery, duration/maxSamples)
	if duration > 0 {
		every = min(every, max(duration/minSamples, 100*time.Millisecond))
	}
	return every
}

// seekEvery is the distance between frames that are sought one by one: a little
// less than what suffices, as each is found a little late.
func seekEvery(duration time.Duration) time.Duration {
	return max(keyframesSuffice, interval(duration)) * 7 / 8
}

// look is the one pass over a video: it gives the frames that can be had
// cheaply, and where they do not suffice [Pipeline.lookBetween] gives more. seen is
// told the moment that was reached; it may be nil.
func (p *Pipeline) look(ctx context.Context, j *job, seen func(time.Duration)) (*samples, error) {
	s, err := newSamples(j.dir)
	if err != nil {
		return nil, errNoRoom.Because(err)
	}
	duration := seconds(j.video.Metadata.DurationSeconds)
	keep := func(f ffmpeg.Frame) error {
		_, _, err := s.add(f)
		if seen != nil {
			seen(f.PTS)
		}
		return err
	}
	options := ffmpeg.FrameOptions{Width: classifier.Size, Height: classifier.Size, Every: interval(duration), Max: heldSamples}
	way := samplingOf(j.video.Metadata)
	s.keyframes = way != byInterval
	if way == bySeeking {
		if err = p.seek(ctx, j, duration, keep); err != nil || s.len() < minSamples {
			way = byKeyframes // the file leads elsewhere
		}
	}
	if way == byKeyframes {
		options.Keyframes = true
		options.Every = options.Every * 2 / 3 // of keyframes a little closer, none is left out
		if err = p.Tools.Frames(ctx, j.source, options, keep); models.CodeOf(err) == models.CodeCorrupt && ctx.Err() == nil {
			way = byInterval // what is marked as a keyframe is none
		}
	}
	if way == byInterval {
		options.Keyframes, options.Every, s.keyframes = false, interval(duration), false
		err = p.Tools.Frames(ctx, j.source, options, keep)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// seek gives single keyframes, evenly over the file. It tells the code
// [models.CodeCorrupt] where there is none.
func (p *Pipeline) seek(ctx context.Context, j *job, duration time.Duration, each func(ffmpeg.Frame) error) error {
	for at := time.Duration(0); at < duration; at += seekEvery(duration) {
		err := p.Tools.Frames(ctx, j.source, ffmpeg.FrameOptions{
			Width: classifier.Size, Height: classifier.Size, Keyframes: true, From: at, Max: 1,
		}, each)
		if err != nil {
			return err
		}
	}
	return nil
}

// part is a part of a video of which more frames are wanted, one every so often.
type part struct{ from, to, every time.Duration }

// gaps are the parts where the samples lie too far apart to suffice.
func gaps(s *samples, duration time.Duration) []part {
	if !s.keyframes || duration <= 0 {
		return nil
	}
	at := slices.Clone(s.at)
	slices.Sort(at)
	at = append(at, max(duration, at[len(at)-1]))
	largest := max(accepted(at), interval(duration))
	var out []part
	last := time.Duration(0)
	for _, t := range at {
		if gap := t - last; gap > largest {
			n := (gap + keyframesSuffice - 1) / keyframesSuffice
			every := max(gap/n, interval(duration))
			out = append(out, part{last, t - every/2, every}) // the last one stands before
		}
		last = t
	}
	return merge(out)
}

// accepted is the gap that suffices: a longer one where keyframes lie so
// unevenly that they must be at cuts.
func accepted(at []time.Duration) time.Duration {
	largest := time.Duration(0)
	for i := 1; i < len(at); i++ {
		largest = max(largest, at[i]-at[i-1])
	}
	uneven := 0
	for i := 1; i < len(at)-1; i++ { // the last one ends with the file
		if at[i]-at[i-1] < largest*3/4 {
			uneven++
		}
	}
	if len(at) > minSamples && uneven*4 >= len(at)-2 {
		return shotsSuffice
	}
	return keyframesSuffice
}

// merge makes one of parts that lie close together, and no more than maxRanges.
// The parts are in order.
func merge(parts []part) []part {
	for apart := rangeApart; ; apart *= 2 {
		var out []part
		for _, p := range parts {
			if n := len(out); n > 0 && p.from-out[n-1].to < apart {
				out[n-1].to = max(out[n-1].to, p.to)
				out[n-1].every = min(out[n-1].every, p.every)
				continue
			}
			out = append(out, p)
		}
		if len(out) <= maxRanges {
			return out
		}
	}
}

// lookBetween gives frames of the parts, other than those that are there. Damage
// in the middle of a file leaves its frames out.
func (p *Pipeline) lookBetween(ctx context.Context, j *job, s *samples, parts []part, each func(place int) error) error {
	for _, part := range parts {
		err := p.Tools.Frames(ctx, j.source, ffmpeg.FrameOptions{
			Width: classifier.Size, Height: classifier.Size, Every: part.every,
			From: part.from, Length: part.to - part.from, Max: heldSamples,
		}, func(f ffmpeg.Frame) error {
			if f.PTS > part.to || s.near(f.PTS, part.every/4) {
				return nil
			}
			place, added, err := s.add(f)
			if err != nil || !added {
				return err
			}
			return each(place)
		})
		if err != nil && (ctx.Err() != nil || models.CodeOf(err) != models.CodeCorrupt) {
			return err
		}
	}
	return nil
}

// near tells whether there is a frame so close to a moment.
func (s *samples) near(at, distance time.Duration) bool {
	return slices.ContainsFunc(s.at, func(t time.Duration) bool { return (t - at).Abs() < distance })
}
