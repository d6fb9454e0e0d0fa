package ffmpeg

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// starvation returns a function that tells how long a process waited for a
// processor since the call before, or since its start: the longest wait of its
// threads. It is 0 where the kernel does not tell (CONFIG_SCHED_INFO).
func starvation(pid int) func() time.Duration {
	waited := map[string]time.Duration{} // by thread
	return func() (longest time.Duration) {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		now := make(map[string]time.Duration, len(threads))
		for _, path := range threads {
			text, err := os.ReadFile(path)
			var ran, ready time.Duration // in ns
			if _, bad := fmt.Sscan(string(text), &ran, &ready); err != nil || bad != nil {
				continue
			}
			now[path] = ready
			longest = max(longest, ready-waited[path])
		}
		waited = now
		return longest
	}
}
