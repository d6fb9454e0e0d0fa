//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tools lists the living processes that run the world's own ffmpeg or ffprobe,
// whoever is their parent by now, and whatever name space they are in.
func (w *world) tools() (found []string) {
	var own []os.FileInfo
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if info, err := os.Stat(filepath.Join(filepath.Dir(w.ffmpeg), name)); err == nil {
			own = append(own, info)
		}
	}
	return processes(own...)
}

// processes lists the living processes that run one of the files.
func processes(files ...os.FileInfo) (found []string) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		running, err := os.Stat(filepath.Join("/proc", e.Name(), "exe")) // of a dead one, which nobody has waited for, there is none
		if err != nil {
			continue
		}
		for _, file := range files {
			if os.SameFile(running, file) {
				line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
				found = append(found, fmt.Sprintf("%s (%s)", e.Name(), strings.ReplaceAll(string(line), "\x00", " ")))
			}
		}
	}
	return found
}
