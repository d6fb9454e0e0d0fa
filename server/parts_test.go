//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// highest returns the most memory that a process had, in MiB (proc(5), VmHWM).
func highest(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10
}

// The headers of a form's parts are refused before they take much memory, one by
// one and in many uploads at once.
func TestPartHeadersTakeLittleMemory(t *testing.T) {
	t.Parallel()
	address, cmd := launchBounded(t, 4096, "MAX_BATCH_FILES=100")
	const size = 7_300_000
	token, err := auth.Mint([]byte(floodSecret), models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleEditor}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(line string) string {
		return "--x\r\n" + strings.Repeat(line, size/len(line)) + "\r\n\r\nx\r\n--x--\r\n"
	}
	bodies := map[string]string{
		"one line":   "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + strings.Repeat("a", size) + "\"\r\n\r\nx\r\n--x--\r\n",
		"many lines": lines("A: " + strings.Repeat("b", 700) + "\r\n"), "small lines": lines("a:\r\n"), "preamble": strings.Repeat("x\r\n", size/3) + lines("a:\r\n"),
		"second part": "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n" + lines("A: "+strings.Repeat("b", 700)+"\r\n"),
	}
	before := highest(t, cmd.Process.Pid)
	var all sync.WaitGroup
	for i := range 60 {
		for name, body := range bodies {
			path := []string{"/api/videos", "/batch/upload"}[i%2]
			all.Go(func() {
				r, err := http.NewRequest(http.MethodPost, "http://"+address+path, io.MultiReader(strings.NewReader(body)))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
				r.Header.Set("Authorization", "Bearer "+token)
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Errorf("%s of %s: %v", path, name, err)
					return
				}
				defer answer.Body.Close()
				text, _ := io.ReadAll(answer.Body)
				if answer.StatusCode != http.StatusBadRequest && answer.StatusCode != http.StatusTooManyRequests {
					t.Errorf("%s of %s: %d %s", path, name, answer.StatusCode, text)
				}
			})
		}
		if i%12 == 11 { // 60 at once
			all.Wait()
		}
	}
	all.Wait()
	after := highest(t, cmd.Process.Pid)
	t.Logf("%d MiB at the start, %d MiB at most", before, after)
	if after > before+100 {
		t.Errorf("the memory rose from %d MiB to %d MiB", before, after)
	}
}
