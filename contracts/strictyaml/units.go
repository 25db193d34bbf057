package strictyaml

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var days = regexp.MustCompile(`^(\d{1,5})d(.*)$`)

// ParseDuration reads Go's durations and days before them: 20s, 1h30m, 5d, 1d12h. Negative ones are refused.
func ParseDuration(s string) (time.Duration, error) {
	rest, sum := s, time.Duration(0)
	if m := days.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most five digits
		sum, rest = time.Duration(n)*24*time.Hour, m[2]
		if rest == "" {
			return sum, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || sum+d < sum {
		return 0, fmt.Errorf("%q is not a duration such as 20s, 1h30m or 5d", s)
	}
	return sum + d, nil
}

// Size is a number of bytes, written 512KiB, 4MiB or 1GiB.
type Size int64

var sizes = []struct {
	unit  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range sizes {
		digits, ok := strings.CutSuffix(string(text), u.unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 512KiB or 4MiB", text)
}

// DescribeYAML names the type.
func (Size) DescribeYAML() string { return "a size such as 4MiB" }

// Rate is a number a second, written 50/s, 300/m or 1000/h.
type Rate float64

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	digits, unit, _ := strings.Cut(string(text), "/")
	per := map[string]float64{"s": 1, "m": 60, "h": 3600}[strings.TrimSpace(unit)]
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || per == 0 || !(n > 0) || n > 1e6 {
		return fmt.Errorf("%q is not a rate such as 50/s or 300/m", text)
	}
	*r = Rate(n / per)
	return nil
}

// DescribeYAML names the type.
func (Rate) DescribeYAML() string { return "a rate such as 50/s or 300/m" }

// Percent is a share between 0 and 1, written 50%.
type Percent float64

// UnmarshalText reads a share.
func (p *Percent) UnmarshalText(text []byte) error {
	digits, ok := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !ok || !(n >= 0 && n <= 100) {
		return fmt.Errorf("%q is not a share such as 50%%", text)
	}
	*p = Percent(n / 100)
	return nil
}

// DescribeYAML names the type.
func (Percent) DescribeYAML() string { return "a share such as 50%" }
