package ffmpeg

import "strconv"

// profiles are the names that ffprobe gives to profile numbers. The embedded
// one was built small and says numbers only.
var profiles = map[string]map[int]string{
	"h264": {
		66: "Baseline", 578: "Constrained Baseline", 77: "Main", 88: "Extended",
		100: "High", 110: "High 10", 2158: "High 10 Intra", 122: "High 4:2:2",
		2170: "High 4:2:2 Intra", 244: "High 4:4:4 Predictive", 2292: "High 4:4:4 Intra", 44: "CAVLC 4:4:4",
	},
	"hevc":       {1: "Main", 2: "Main 10", 3: "Main Still Picture", 4: "Rext"},
	"av1":        {0: "Main", 1: "High", 2: "Professional"},
	"vp9":        {0: "Profile 0", 1: "Profile 1", 2: "Profile 2", 3: "Profile 3"},
	"mpeg4":      {0: "Simple Profile", 15: "Advanced Simple Profile"},
	"mpeg2video": {0: "4:2:2", 1: "High", 2: "Spatially Scalable", 3: "SNR Scalable", 4: "Main", 5: "Simple"},
	"vc1":        {0: "Simple", 1: "Main", 2: "Complex", 3: "Advanced"},
	"prores":     {0: "Proxy", 1: "LT", 2: "Standard", 3: "HQ", 4: "4444", 5: "XQ"},
	"mjpeg":      {0xc0: "Baseline", 0xc1: "Sequential DCT", 0xc2: "Progressive", 0xc3: "Lossless"},
	"aac":        {0: "Main", 1: "LC", 2: "SSR", 3: "LTP", 4: "HE-AAC", 28: "HE-AACv2", 22: "LD", 38: "ELD"},
}

// profileName gives said a name where it is a number.
func profileName(codec, said string) string {
	n, err := strconv.Atoi(said)
	if err != nil {
		return known(said)
	}
	if name := profiles[codec][n]; name != "" {
		return name
	}
	return ""
}

// formats are long names of the containers in use, for the same reason.
var formats = map[string]string{
	"mov,mp4,m4a,3gp,3g2,mj2": "QuickTime / MOV",
	"matroska,webm":           "Matroska / WebM",
	"avi":                     "AVI (Audio Video Interleaved)",
	"flv":                     "FLV (Flash Video)",
	"mpegts":                  "MPEG-TS (MPEG-2 Transport Stream)",
	"mpeg":                    "MPEG-PS (MPEG-2 Program Stream)",
	"ogg":                     "Ogg",
	"asf":                     "ASF (Advanced / Active Streaming Format)",
	"mxf":                     "MXF (Material eXchange Format)",
}

func formatName(short, said string) string {
	if known(said) != "" {
		return said
	}
	return formats[short]
}
