package ffmpeg

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reelroom/models/modelstest/testenv"
)

// Of two processes that want the same processor each waits for the other; one
// that was stopped waits for none.
func TestStarvationIsTold(t *testing.T) {
	t.Parallel()
	shell := testenv.Program(t, "sh")
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if allowed.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	var pids []int
	for range 3 {
		cmd := exec.Command(shell, "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		if err := unix.SchedSetaffinity(cmd.Process.Pid, &one); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, cmd.Process.Pid)
	}
	starved := starvation(pids[0])
	for deadline, sum := time.Now().Add(time.Minute), time.Duration(0); sum < 200*time.Millisecond; time.Sleep(20 * time.Millisecond) {
		if sum += starved(); time.Now().After(deadline) {
			t.Fatalf("it waited for %v", sum)
		}
	}
	if err := unix.Kill(pids[0], unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); starved() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it waits although it is stopped")
		}
	}
}
