package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommittedDocumentsAreFresh(t *testing.T) {
	t.Parallel()
	if err := run("../../..", "..", true); err != nil {
		t.Fatal(err)
	}
}

func TestCheckTellsAnOldFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"openapi.json", "asyncapi.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("../../..", dir, true); err == nil || !strings.Contains(err.Error(), "out of date") {
		t.Fatalf("old files passed the check: %v", err)
	}
	if err := run("../../..", dir, false); err != nil {
		t.Fatal(err)
	}
	if err := run("../../..", dir, true); err != nil {
		t.Fatalf("fresh files failed the check: %v", err)
	}
}

func TestEveryComponentHasWords(t *testing.T) {
	t.Parallel()
	for _, build := range []func(string) (object, error){openAPI, asyncAPI} {
		document, err := build("../../..")
		if err != nil {
			t.Fatal(err)
		}
		components := document.get("components").(object).get("schemas").(object)
		if len(components) < 10 {
			t.Errorf("only %d components", len(components))
		}
		for _, c := range components {
			if words, _ := c.value.(object).get("description").(string); words == "" {
				t.Errorf("%s has no words: give its Go type a doc comment", c.name)
			}
		}
	}
}

func (o object) get(name string) any {
	for _, f := range o {
		if f.name == name {
			return f.value
		}
	}
	return nil
}
