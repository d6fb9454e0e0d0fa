package models

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// One outcome, whatever workers, users and the clock do: a terminal status is
// left by a retry alone, which starts the next attempt; rev and fence never
// fall; each change that clients see raises rev by one; a worker writes only
// under the fence of its own claim; overall progress never falls in an attempt.
func TestOneOutcome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := &Video{ID: "v", Status: StatusQueued, Attempt: 1, Rev: 1}
		now := epochStart
		alone := 0 // runs in this stage
		fences := map[int64]bool{}
		progress := func(v *Video) int {
			return DocumentOf(v, &SignedLinks{Key: make([]byte, 32)}).Progress
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			fence := rapid.Int64Range(0, v.Fence+1).Draw(t, "fence")
			worker := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "worker")
			stage := rapid.SampledFrom(Stages).Draw(t, "stage")
			name := rapid.SampledFrom([]string{"claim", "claim alone", "survived", "heartbeat", "release", "finish", "fail", "cancel", "retry", "delete", "rename", "published", "put off"}).Draw(t, "step")
			step := map[string]Transition{
				"claim":       Claim(worker, rapid.IntRange(v.Attempt-1, v.Attempt+1).Draw(t, "attempt")),
				"claim alone": ClaimAlone(worker, v.Attempt), "survived": Survived(worker), "heartbeat": Heartbeat(fence), "release": Release(fence),
				"finish": FinishStage(fence, stage, nothing), "fail": Fail(fence, Failure{}), "cancel": Cancel(),
				"retry": Retry(rapid.Bool().Draw(t, "from start")), "delete": Delete(), "rename": Rename("x"),
				"published": Published(v.Rev), "put off": PutOff(fence, Failure{}),
			}[name]
			before := *v
			next := *v
			if err := step(&next, now); err != nil {
				continue
			}
			*v = next
			if name == "retry" || v.Stage != before.Stage {
				alone = 0
			}
			if name == "claim alone" && v.Lease.Worker == worker {
				alone++
			}
			if strings.HasPrefix(name, "claim") {
				if fences[v.Fence] {
					t.Fatalf("fence %d was given twice", v.Fence)
				}
				fences[v.Fence] = true
			}
			switch {
			case v.Rev < before.Rev || v.Rev > before.Rev+1, v.Fence < before.Fence:
				t.Fatalf("%s: rev %d to %d, fence %d to %d", name, before.Rev, v.Rev, before.Fence, v.Fence)
			case before.Status.Terminal() && v.Status != before.Status && name != "retry" && name != "delete":
				t.Fatalf("%s left %s", name, before.Status)
			case before.Status == StatusDeleted && v.Status != StatusDeleted:
				t.Fatalf("%s brought it back", name)
			case (v.Attempt != before.Attempt) != (name == "retry"):
				t.Fatalf("%s: attempt %d to %d", name, before.Attempt, v.Attempt)
			case v.Status != before.Status && v.Rev == before.Rev:
				t.Fatalf("%s: %s to %s unseen", name, before.Status, v.Status)
			case (name == "finish" || name == "fail" || name == "heartbeat" || name == "release" || name == "put off") && fence != before.Fence:
				t.Fatalf("%s passed under fence %d of %d", name, fence, before.Fence)
			case v.Status == StatusProcessing && before.Status == StatusProcessing && progress(v) < progress(&before):
				t.Fatalf("%s: progress fell from %d to %d", name, progress(&before), progress(v))
			case len(v.Lapses) >= MaxLapses && !v.Status.Terminal():
				t.Fatalf("lapses %v and still %s", v.Lapses, v.Status)
			case v.Failure != nil && v.Failure.Code == CodePoison && alone < MaxLapses-SuspectAfter:
				t.Fatalf("given up after %d runs alone", alone)
			}
		}
	})
}
