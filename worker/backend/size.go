package backend

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes in a setting: plain, or with a unit, as 500MB or
// 1.5 GiB. Units are powers of 1024, with or without the "i", in any case. Who reads
// one says whether it may be below 0.
type Size int64

// units in the order of their powers; the longer names come first.
var units = []string{"", "K", "M", "G", "T", "P"}

var errSize = errors.New("is not a number of bytes, such as 5368709120, 500MB or 5GB")

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	given := strings.ToUpper(strings.TrimSpace(string(text)))
	number := strings.TrimRight(given, "BIKMGTP ")
	unit := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(given[len(number):]), "B"), "I")
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && unit == "" {
		if strings.HasSuffix(given, "IB") || strings.HasSuffix(given, "I") {
			return errSize
		}
		*s = Size(n)
		return nil
	}
	value, err := strconv.ParseFloat(number, 64)
	for power, name := range units {
		if err != nil || name != unit || power == 0 || !decimal(number) {
			continue
		}
		if value *= math.Pow(1024, float64(power)); value >= math.MaxInt64 {
			break
		}
		*s = Size(value)
		return nil
	}
	return errSize
}

// decimal tells that a number is digits with a point at most.
func decimal(number string) bool { return strings.Trim(number, "0123456789.") == "" }
