//go:build linux

package ffmpeg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
)

// Root may work below a folder that is closed to all but another user: its
// owner's home. In a namespace of users nobody is root there.
func TestWallsLetTheJobsFilesThrough(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("skipped: only root can work in another user's folder")
	}
	testenv.Program(t, "ffmpeg")
	home := filepath.Join(t.TempDir(), "home")
	place := filepath.Join(home, "data")
	if err := os.MkdirAll(place, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	tools, err := Open(t.Context(), Options{Places: []string{place}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(tools.Describe())
	if err := tools.withoutRace(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		in, _ := os.ReadDir(filepath.Join(place, left[0].Name()))
		t.Errorf("the trial left %v %v (%v)", left, in, err)
	}
	data, err := os.ReadFile(media(t, "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	input := filepath.Join(place, "input")
	if err := os.WriteFile(input, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tools.Still(t.Context(), input, StillOptions{At: time.Second}, filepath.Join(place, "still.webp")); err != nil {
		t.Error(err)
	}
}

// A start that is killed leaves its trial; the next one removes it, and leaves
// that of one which is still alive.
func TestTrialsOfTheDeadAreRemoved(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	dead := filepath.Join(place, trialName+"dead")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "input"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	alive, lock, err := newTrial(place)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	folders, remove := trialFolders([]string{place})
	if len(folders) != 2 {
		t.Errorf("folders %v", folders)
	}
	remove()
	left, err := os.ReadDir(place)
	if err != nil || len(left) != 1 || filepath.Join(place, left[0].Name()) != alive {
		t.Errorf("left %v (%v), want %s", left, err, alive)
	}
}

// What shares its user with the server must not end it, nor lower its limits.
func TestFilterKeepsSignalsAndLimitsIn(t *testing.T) {
	t.Parallel()
	inEachCage(t, func(t *testing.T, tools *Tools) {
		if !tools.cage.Filter {
			return
		}
		if err := tools.try(t.Context(), tools.cage, trial{}, nil); err != nil {
			t.Error(err)
		}
	})
}

// A script that starts the system's ffmpeg is shut in as well as that itself.
func TestWrapperScriptKeepsItsWalls(t *testing.T) {
	t.Parallel()
	testenv.Program(t, "sh")
	testenv.Program(t, "ffmpeg")
	plain, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if plain.native == nil || !strings.HasPrefix(plain.native.ffmpeg, "/usr/bin/") || !plain.cage.rooted() {
		t.Skipf("skipped: no ffmpeg of the system in a root of its own: %s", plain.Describe())
	}
	folder := t.TempDir()
	for name, program := range map[string]string{"ffmpeg": plain.native.ffmpeg, "ffprobe": plain.native.ffprobe} {
		script := "#!/bin/sh\nexec " + program + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	wrapped, err := Open(t.Context(), Options{Path: filepath.Join(folder, "ffmpeg")})
	if err != nil {
		t.Fatal(err)
	}
	if !wrapped.cage.rooted() || wrapped.cage.Filter != plain.cage.Filter {
		t.Errorf("%s, want %s", wrapped.cage, plain.cage)
	}
}
