package ffmpeg

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"time"
)

const (
	scanLimit   = 30 * time.Minute
	packetLimit = 5_000_000 // 23 hours at 60 frames a second
	packetLine  = 512       // bytes of a line; ffprobe writes about 90
)

// Packet is one coded picture of the video.
type Packet struct {
	PTS      time.Duration // presentation time; the decoding time where there is none
	Duration time.Duration // 0: not said
	Pos      int64         // byte offset in the file; -1: not said
	Size     int           // bytes
	Key      bool          // decodable on its own
}

// Scan sums up the video's packets.
type Scan struct {
	Packets, Keyframes int64
	Bytes              int64
	// First and End are the earliest and the latest moment shown; what lies
	// between is the duration, also where the container says none.
	First, End time.Duration
	// KeyframeGap is the largest distance from one keyframe to the next, or
	// from the last one to the end.
	KeyframeGap time.Duration
	// Capped tells that the scan stopped at 5 million packets.
	Capped bool
}

// Duration is how long the packets last.
func (s Scan) Duration() time.Duration { return s.End - s.First }

// Short tells that the file ends before the moment that its own header gives,
// by more than a second and 2 %: it was cut off. ffmpeg calls such a file good.
func (s Scan) Short(r Report) bool {
	claim := time.Duration(0)
	if r.Video != nil {
		claim = r.Video.Duration
	}
	if claim == 0 && len(r.Audio) == 0 { // sound may outlast the picture
		claim = r.Duration
	}
	missing := claim - s.Duration()
	return !s.Capped && missing > time.Second && missing > claim/50
}

// ScanPackets reads the whole file without decoding it and gives each video
// packet in the file's order. An error of each ends the scan and is returned.
// The last packet's Pos over the file's size is true progress. A file without
// one video packet is [models.CodeCorrupt].
func (t *Tools) ScanPackets(ctx context.Context, path string, each func(Packet) error) (Scan, error) {
	path, _, err := source(path)
	if err != nil {
		return Scan{}, err
	}
	var s scanner
	err = t.run(ctx, command{
		tool: "ffprobe", input: path, wall: scanLimit, maxStdout: packetLimit * packetLine,
		args: slices.Concat([]string{
			"-v", "error",
			"-select_streams", "V:0", // the first video that is not cover art
			"-show_entries", "packet=pts_time,dts_time,duration_time,size,pos,flags",
			"-of", "compact=p=0", // one line a packet, key=value|key=value
		}, t.inputArgs(path)),
		stdout: func(r io.Reader) (err error) {
			eachLine(r, packetLine, func(line []byte) bool {
				p, ok := parsePacket(line)
				if !ok {
					return true
				}
				if s.Packets == packetLimit {
					s.Capped, err = true, errEnough
					return false
				}
				s.add(p)
				if each != nil {
					err = each(p)
				}
				return err == nil
			})
			return err
		},
	})
	if err != nil {
		return s.Scan, err
	}
	if s.Packets == 0 {
		return s.Scan, errCorrupt.Because(io.ErrUnexpectedEOF)
	}
	s.finish()
	return s.Scan, nil
}

// scanner adds up packets.
type scanner struct {
	Scan
	key time.Duration // the latest keyframe
}

func (s *scanner) add(p Packet) {
	end := p.PTS + p.Duration
	if s.Packets == 0 {
		s.First, s.End = p.PTS, end
	}
	s.Packets++
	s.Bytes += int64(p.Size)
	s.First, s.End = min(s.First, p.PTS), max(s.End, end)
	if !p.Key {
		return
	}
	if s.Keyframes > 0 {
		s.KeyframeGap = max(s.KeyframeGap, p.PTS-s.key)
	} else {
		s.KeyframeGap = p.PTS - s.First
	}
	s.key = p.PTS
	s.Keyframes++
}

func (s *scanner) finish() {
	if s.Keyframes == 0 {
		s.key = s.First
	}
	s.KeyframeGap = max(s.KeyframeGap, s.End-s.key)
}

// timeLimit bounds time stamps, so that sums of two stay within a Duration.
const timeLimit = 100 * 365 * 24 * time.Hour

// parsePacket reads one line of ffprobe's compact form. A packet without any
// time stamp is none: nothing can be said of when it is shown.
func parsePacket(line []byte) (p Packet, ok bool) {
	p.Pos = -1
	var dts time.Duration
	var hasPTS, hasDTS bool
	for field := range bytes.SplitSeq(line, []byte{'|'}) {
		key, value, found := bytes.Cut(field, []byte{'='})
		if !found {
			continue
		}
		switch v := string(value); string(key) {
		case "pts_time":
			p.PTS, hasPTS = stamp(v)
		case "dts_time":
			dts, hasDTS = stamp(v)
		case "duration_time":
			if d, ok := stamp(v); ok && d > 0 {
				p.Duration = d
			}
		case "size":
			n, err := strconv.Atoi(v)
			if err == nil && n > 0 {
				p.Size = n
			}
		case "pos":
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
				p.Pos = n
			}
		case "flags":
			p.Key = len(v) > 0 && v[0] == 'K'
		}
	}
	if !hasPTS {
		p.PTS = dts
	}
	return p, hasPTS || hasDTS
}

// stamp reads a time stamp in seconds.
func stamp(s string) (time.Duration, bool) {
	d, ok := parseSeconds(s)
	if !ok || d > timeLimit || d < -timeLimit {
		return 0, false
	}
	return d, true
}
