package backend

import (
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "5368709120": 5 << 30, "5GB": 5 << 30, "5gb": 5 << 30, "5G": 5 << 30, "5GiB": 5 << 30, "5 GB": 5 << 30, " 500MB ": 500 << 20,
		"500M": 500 << 20, "1.5GB": 3 << 29, "10KB": 10 << 10, "2TB": 2 << 40, "100B": 100, "100 b": 100,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || int64(s) != want {
			t.Errorf("%q is %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "GB", "five", "-5GB", "5XB", "5GBB", "5GG", "5IB", "1e3GB", "0x10", "5.5", "1.2.3GB", "9223372036854775808", "9000PB", "NaN", "InfGB", "5 GB x", "1_000"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, s)
		}
	}
}

// A size that cannot be read is told with the name of its variable, beside the
// other mistakes.
func TestSizesAreNamed(t *testing.T) {
	t.Parallel()
	var c struct {
		Config
		Most Size `env:"MOST"`
	}
	wrong := Read(map[string]string{"MOST": "5XB", "BLOB_CACHE_BYTES": "ten", "PORT": "x"}, &c)
	if len(wrong) != 3 {
		t.Fatalf("%v", wrong)
	}
	all := strings.Join([]string{wrong[0].Error(), wrong[1].Error(), wrong[2].Error()}, "\n")
	for _, want := range []string{`MOST="5XB" is not a number of bytes`, `BLOB_CACHE_BYTES="ten" is not a number of bytes`, `PORT="x" is not a whole number`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s\nlacks %s", all, want)
		}
	}
}
