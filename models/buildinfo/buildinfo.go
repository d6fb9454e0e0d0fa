// Package buildinfo tells which version of the program runs.
package buildinfo

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
)

// version may be set by the linker: -ldflags "-X reelroom/models/buildinfo.version=v1.2.3".
var version string

// Version returns the version set by the linker, else the module version or
// commit that Go recorded in the program ("v1.2.3", "02c41ccd11a2", with
// "-modified" after it where files were changed), else "devel".
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "devel")
	}
	return cmp.Or(version, recorded(info), "devel")
})

// recorded reads the version from what Go recorded, or returns "".
func recorded(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	if revision == "" {
		if info.Main.Version == "(devel)" {
			return ""
		}
		return info.Main.Version
	}
	revision = revision[:min(len(revision), 12)]
	if settings["vcs.modified"] == "true" {
		revision += "-modified"
	}
	return revision
}

// Print writes one line for --version.
func Print(out io.Writer, program string) {
	fmt.Fprintf(out, "%s %s (%s, %s/%s)\n", program, Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
