package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models/contractgen/source"
)

const committed = "../../frontend/packages/react/src/contract.ts"

func TestCommittedContractIsFresh(t *testing.T) {
	t.Parallel()
	if err := run("..", committed, true); err != nil {
		t.Fatal(err)
	}
}

func TestCheckTellsAnOldFile(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "contract.ts")
	if err := os.WriteFile(old, []byte("// old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("..", old, true); err == nil || !strings.Contains(err.Error(), "out of date") {
		t.Fatalf("an old file passed the check: %v", err)
	}
	if err := run("..", old, false); err != nil {
		t.Fatal(err)
	}
	if err := run("..", old, true); err != nil {
		t.Fatalf("a fresh file failed the check: %v", err)
	}
}

func TestEveryEventAndCodeIsInTheContract(t *testing.T) {
	t.Parallel()
	src, err := source.Read("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"EventName", "Code", "Status", "Stage", "Verdict"} {
		for _, c := range src.Constants[kind] {
			if !strings.Contains(string(text), `"`+c.Value+`"`) {
				t.Errorf("%s %q is missing", kind, c.Value)
			}
		}
	}
}
