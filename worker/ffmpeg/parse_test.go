package ffmpeg

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestParsePacket(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want Packet
		ok   bool
	}{
		"pts_time=1.5|dts_time=1.4|duration_time=0.033333|size=49611|pos=306|flags=K_": {Packet{1500 * time.Millisecond, 33333 * time.Microsecond, 306, 49611, true}, true},
		"pts_time=N/A|dts_time=2|duration_time=N/A|size=1|pos=N/A|flags=__":            {Packet{2 * time.Second, 0, -1, 1, false}, true},
		"pts_time=-0.1|size=1|pos=0|flags=KD":                                          {Packet{-100 * time.Millisecond, 0, 0, 1, true}, true},
		"pts_time=N/A|dts_time=N/A|size=1|pos=0|flags=K_":                              {Packet{0, 0, 0, 1, true}, false},
		"pts_time=1e300": {Packet{Pos: -1}, false},
		"pts_time=NaN":   {Packet{Pos: -1}, false},
		"":               {Packet{Pos: -1}, false},
	}
	for line, want := range tests {
		if got, ok := parsePacket([]byte(line)); got != want.want || ok != want.ok {
			t.Errorf("%q: %+v %v", line, got, ok)
		}
	}
}

func TestScanSumsUp(t *testing.T) {
	t.Parallel()
	var s scanner
	for _, p := range []Packet{
		{PTS: 2 * time.Second, Duration: time.Second, Size: 1, Key: true},
		{PTS: 1 * time.Second, Duration: time.Second, Size: 1},
		{PTS: 3 * time.Second, Duration: time.Second, Size: 1},
		{PTS: 7 * time.Second, Duration: time.Second, Size: 1, Key: true},
		{PTS: 9 * time.Second, Duration: time.Second, Size: 1},
	} {
		s.add(p)
	}
	s.finish()
	if want := (Scan{Packets: 5, Keyframes: 2, Bytes: 5, First: time.Second, End: 10 * time.Second, KeyframeGap: 5 * time.Second}); s.Scan != want {
		t.Errorf("%+v", s.Scan)
	}
	report := Report{Duration: 20 * time.Second, Video: &VideoStream{}}
	if !s.Short(report) {
		t.Error("half of the claim is not short")
	}
	report.Audio = []AudioStream{{}}
	if s.Short(report) {
		t.Error("sound may outlast the picture")
	}
	report.Video.Duration = 9500 * time.Millisecond
	if s.Short(report) {
		t.Error("half a second is short")
	}
}

func TestParseShown(t *testing.T) {
	t.Parallel()
	f := newInfoFilter()
	line := string(f.prefix) + " @ 0x55a72f2a0140] n:   1 pts:  30720 pts_time:2       pos:  1868054 fmt:rgb24 sar:16/9 s:224x120 i:P iskey:1 type:I "
	if s, frame, mine := f.parse([]byte(line)); !mine || !frame || s != (shown{2 * time.Second, 224, 120}) {
		t.Errorf("%+v %v %v", s, frame, mine)
	}
	if _, frame, mine := f.parse([]byte(string(f.prefix) + " @ 0x5] color_range:pc")); !mine || frame {
		t.Error("a line without a frame")
	}
	// A tag of the file that looks like showinfo's.
	if _, _, mine := f.parse([]byte("    title : [showinfo@x @ 0x1] n: 0 pts: 1 pts_time:99 ")); mine {
		t.Error("a forged line was taken")
	}
	if a, b := newInfoFilter(), newInfoFilter(); a.name == b.name {
		t.Error("names repeat")
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]struct {
		version string
		modern  bool
	}{
		"ffmpeg version 5.1.9-0+deb12u1 Copyright (c)": {"5.1.9", true},
		"ffmpeg version n5.1.7 Copyright":              {"5.1.7", true},
		"ffprobe version 4.3.6-0 Copyright":            {"4.3.6", false},
		"ffmpeg version 7.1 Copyright":                 {"7.1", true},
		"ffmpeg version N-109741-gbbe95f7353 Copy":     {"N-109741-gbbe95f7353", true},
		"bash: ffmpeg: not found":                      {"", false},
	} {
		if v, modern := parseVersion(said); v != want.version || modern != want.modern {
			t.Errorf("%q: %q %v", said, v, modern)
		}
	}
}

func TestParseReport(t *testing.T) {
	t.Parallel()
	r, err := parseReport([]byte(`{"streams":[
		{"codec_type":"video","codec_name":"mjpeg","disposition":{"attached_pic":1},"width":9,"height":9},
		{"codec_type":"video","codec_name":"hevc","profile":"2","width":1920,"height":1080,"sample_aspect_ratio":"0:1",
		 "color_transfer":"smpte2084","color_space":"unknown","avg_frame_rate":"30000/1001","r_frame_rate":"0/0",
		 "tags":{"DURATION":"00:01:02.500000000","BPS":"1234"},"side_data_list":[{"side_data_type":"x"},{"rotation":-90}]},
		{"codec_type":"audio","codec_name":"aac","profile":"1","tags":{"language":"deu"}}],
		"chapters":[{"start_time":"1.0","end_time":"2.5","tags":{"title":"One"}}],
		"format":{"format_name":"matroska,webm","format_long_name":"unknown","duration":"N/A","tags":{"TITLE":"T"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	v := r.Video
	if !r.CoverArt || v.Codec != "hevc" || v.Profile != "Main 10" || v.Width != 1080 || v.Height != 1920 || v.Rotation != 90 ||
		v.Duration != 62500*time.Millisecond || v.BitRate != 1234 || v.ColorSpace != "" || v.ColorTransfer != "smpte2084" ||
		v.FrameRate < 29.97 || v.FrameRate > 29.98 || v.NominalFrameRate != 0 {
		t.Errorf("%+v", v)
	}
	if r.FormatName != "Matroska / WebM" || r.Duration != 0 || r.Title != "T" || r.Audio[0].Profile != "LC" || r.Audio[0].Language != "deu" ||
		r.Chapters[0] != (Chapter{time.Second, 2500 * time.Millisecond, "One"}) {
		t.Errorf("%+v", r)
	}
}

func TestLinesAreBounded(t *testing.T) {
	t.Parallel()
	var got []string
	eachLine(strings.NewReader("one\r\n\ntwo\r"+strings.Repeat("x", 1<<20)+"\nlast"), 8, func(line []byte) bool {
		got = append(got, string(line))
		return true
	})
	if want := "one two xxxxxxxx last"; strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
	tail := tail{max: 100}
	for range 10_000 {
		tail.add([]byte("0123456789"))
		if cap(tail.buf) > 1000 {
			t.Fatal("the tail grows")
		}
	}
	if b := tail.bytes(); len(b) != 100 || !bytes.HasSuffix(b, []byte("6789\n")) {
		t.Errorf("%q", b)
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte("pts_time=1.5|dts_time=1.4|duration_time=0.03|size=49611|pos=306|flags=K_"))
	f.Add([]byte("pts_time=-9e8|size=-1|pos=99999999999999999999|flags="))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s scanner
		eachLine(bytes.NewReader(data), packetLine, func(line []byte) bool {
			if p, ok := parsePacket(line); ok {
				s.add(p)
			}
			return true
		})
		s.finish()
		if s.First > s.End && s.Packets > 0 || s.Duration() < 0 || s.KeyframeGap < 0 && s.Keyframes == 0 || s.Bytes < 0 {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzParseShown(f *testing.F) {
	f.Add([]byte(" @ 0x55] n:   1 pts:  30720 pts_time:2       pos:  1 fmt:rgb24 sar:16/9 s:224x120 i:P"))
	f.Add([]byte("] n: pts_time:NOPTS s:x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		eachLine(bytes.NewReader(data), stderrLine, func(line []byte) bool {
			if len(line) > stderrLine {
				t.Errorf("line of %d", len(line))
			}
			if s, ok := parseShown(line); ok && (s.width < 0 || s.height < 0 || s.pts > timeLimit || s.pts < -timeLimit) {
				t.Errorf("%+v", s)
			}
			isStatus(line)
			return true
		})
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"streams":[{"codec_type":"video","width":1,"height":1,"sample_aspect_ratio":"4:3","tags":{"DURATION":"0:0:1"}}],"format":{"duration":"1"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseReport(data)
		if err == nil && (r.Duration < 0 || r.Size < 0 || r.Video != nil && (r.Video.Duration < 0 || r.Video.Rotation%90 != 0 || r.Video.Rotation < 0)) {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzParsePPM(f *testing.F) {
	f.Add([]byte("P6\n1 2\n255\n\n\n\n\n\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := parsePPM(data); err == nil && len(s.RGB) != s.Width*s.Height*3 {
			t.Errorf("%d × %d, %d bytes", s.Width, s.Height, len(s.RGB))
		}
	})
}
