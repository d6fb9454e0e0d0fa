package modelstest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

// childVariable holds the address of the database, in the process that writes
// until it is killed.
const childVariable = "REELROOM_TEST_STORE"

// A process that writes is killed at a random point. What it had been told was
// written is there afterwards, and nothing is there by half.
func killed(t *testing.T, s Stores) {
	address := s.Fresh(t)
	told := map[string]int64{} // id to the last revision acknowledged
	for round := range 3 {
		before := len(told)
		killAfter(t, address, 30+rand.IntN(150), told)
		if len(told) == before {
			t.Fatal("the process had written nothing")
		}
		store, err := s.Open(within(t), address)
		if err != nil {
			t.Fatalf("round %d: open after a kill: %v", round, err)
		}
		for id, rev := range told {
			v, err := store.Get(within(t), acme, id)
			if err != nil || v.Rev < rev {
				t.Errorf("round %d: %s: rev %d was acknowledged, the store has %d, %v", round, id, rev, v.Rev, err)
			}
			if v.Version != v.Rev || v.Title != fmt.Sprint(v.Rev) || len(v.Warnings) != int(v.Rev)-1 {
				t.Errorf("round %d: %s is there by half: %+v", round, id, v)
			}
		}
		if err := store.Close(within(t)); err != nil {
			t.Error(err)
		}
	}
}

// killAfter starts the writer, kills it after so many acknowledged writes, and
// notes all that it printed.
func killAfter(t *testing.T, address string, writes int, told map[string]int64) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+name+"$", "-test.v=false")
	cmd.Env = append(os.Environ(), childVariable+"="+address)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // the child ends when this process does
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		var id string
		var rev int64
		// The last line may have been cut by the kill: it names a lower rev then.
		if _, err := fmt.Sscanf(lines.Text(), "wrote %s %d.", &id, &rev); err == nil && strings.HasSuffix(lines.Text(), ".") {
			told[id] = max(told[id], rev)
		}
		if n == writes {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // "signal: killed" is what is wanted
}

// writeUntilKilled is the child: four writers, each line an acknowledged write.
func writeUntilKilled(t *testing.T, s Stores, address string) {
	ctx := within(t)
	store, err := s.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				v, err := store.Create(ctx, acme, models.Video{ID: models.NewID(time.Now()), Title: "1"})
				for err == nil {
					fmt.Printf("wrote %s %d.\n", v.ID, v.Rev)
					if v.Rev == 10 {
						break
					}
					v, err = store.Advance(ctx, acme, v.ID, grow)
				}
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

// grow changes several parts of the record that must stay in step.
func grow(v *models.Video, now time.Time) error {
	if err := Edit(fmt.Sprint(v.Rev+1))(v, now); err != nil {
		return err
	}
	v.Warnings = append(v.Warnings, models.Warning{Code: v.Title, Message: strings.Repeat("x", 500)})
	return nil
}
