package buildinfo

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestRecordedVersion(t *testing.T) {
	t.Parallel()
	setting := func(pairs ...string) (out []debug.BuildSetting) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	const commit = "02c41ccd11a2b3c4d5e6f708192a3b4c5d6e7f80"
	for want, info := range map[string]*debug.BuildInfo{
		"":                      {Main: debug.Module{Version: "(devel)"}},
		"v1.2.3":                {Main: debug.Module{Version: "v1.2.3"}},
		"02c41ccd11a2":          {Main: debug.Module{Version: "(devel)"}, Settings: setting("vcs.revision", commit, "vcs.modified", "false")},
		"02c41ccd11a2-modified": {Settings: setting("vcs.revision", commit, "vcs.modified", "true")},
	} {
		if got := recorded(info); got != want {
			t.Errorf("%+v: %q, want %q", info, got, want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	Print(&out, "reelroom")
	if got := out.String(); !strings.HasPrefix(got, "reelroom "+Version()+" (go1.") || strings.Count(got, "\n") != 1 || Version() == "" {
		t.Errorf("got %q", got)
	}
}
