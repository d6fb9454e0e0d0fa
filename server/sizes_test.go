package main

import (
	"strings"
	"testing"
)

// Sizes and the floor of free disk are read from the environment, and mistakes
// are told by the names of their variables, all at once.
func TestSettingsOfDisks(t *testing.T) {
	t.Parallel()
	c, err := readConfig(map[string]string{"MAX_UPLOAD_BYTES": "5GB", "MIN_FREE_MB": "0", "LIMIT_ORG_STORED_MB": "10", "LIMIT_ORG_VIDEOS": "0"})
	if err != nil || c.MaxUpload != 5<<30 || c.MinFreeMB == nil || *c.MinFreeMB != 0 || c.Limits.OrgStoredMB != 10 || c.Limits.OrgVideos != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := readConfig(map[string]string{}); err != nil || c.MaxUpload != 5<<30 || c.MinFreeMB != nil {
		t.Errorf("by default: %+v, %v", c, err)
	}
	_, err = readConfig(map[string]string{"MAX_UPLOAD_BYTES": "lots", "MIN_FREE_MB": "5GB", "LIMIT_ORG_STORED_MB": "-1", "LIMIT_ORG_VIDEOS": "many"})
	for _, want := range []string{`MAX_UPLOAD_BYTES="lots" is not a number of bytes`, `MIN_FREE_MB="5GB" is not a whole number`, "LIMIT_ORG_STORED_MB=-1", `LIMIT_ORG_VIDEOS="many"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	if _, err := readConfig(map[string]string{"MAX_UPLOAD_BYTES": "0", "MIN_FREE_MB": "-1"}); err == nil ||
		!strings.Contains(err.Error(), "MAX_UPLOAD_BYTES=0") || !strings.Contains(err.Error(), "MIN_FREE_MB=-1") {
		t.Errorf("%v", err)
	}
}
