package mappings

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const isoDate = "yyyy-MM-dd"

// layout is a date layout as agencies write it, cut into its parts.
type layout struct{ parts []layoutPart }

type layoutPart struct {
	field   string // one of layoutFields, or "" for a literal
	literal string
}

// layoutFields are the fields of a layout, longest first, with the digits each takes; 0 is without a fixed number.
var layoutFields = []struct {
	name   string
	digits int
}{{"yyyy", 4}, {"MMMM", 0}, {"SSS", 3}, {"XXX", 0}, {"yy", 2}, {"MM", 2}, {"dd", 2}, {"HH", 2}, {"mm", 2}, {"ss", 2}, {"M", 0}, {"d", 0}}

var months = [...]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"}

// parseLayout reads a layout such as dd.MM.yyyy HH:mm:ss; letters that are no field stand in apostrophes.
func parseLayout(s string) (*layout, error) {
	l := &layout{}
	literal := ""
	flush := func() {
		if literal != "" {
			l.parts = append(l.parts, layoutPart{literal: literal})
			literal = ""
		}
	}
next:
	for s != "" {
		if s[0] == '\'' {
			text, rest, ok := strings.Cut(s[1:], "'")
			if !ok {
				return nil, errors.New("an apostrophe in the layout is not closed")
			}
			literal += text
			s = rest
			continue
		}
		for _, f := range layoutFields {
			if rest, ok := strings.CutPrefix(s, f.name); ok {
				if len(rest) > 0 && rest[0] == f.name[0] {
					return nil, fmt.Errorf("the layout has too many %c in a row", f.name[0])
				}
				flush()
				l.parts = append(l.parts, layoutPart{field: f.name})
				s = rest
				continue next
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return nil, fmt.Errorf("unknown letter %c in the layout: it knows dd d MM M MMMM yyyy yy HH mm ss SSS XXX, and text in apostrophes", r)
		}
		literal += s[:size]
		s = s[size:]
	}
	flush()
	if len(l.parts) == 0 {
		return nil, errors.New("the layout is empty")
	}
	return l, nil
}

func (l *layout) has(fields ...string) bool {
	for _, p := range l.parts {
		for _, f := range fields {
			if p.field == f {
				return true
			}
		}
	}
	return false
}

func (l *layout) hasDate() bool {
	return l.has("yyyy", "yy") && l.has("MM", "M", "MMMM") && l.has("dd", "d")
}

func (l *layout) hasTime() bool { return l.has("HH", "mm", "ss", "SSS", "XXX") }

// formatDate writes an ISO date without making a time of it; ok is false where the long way is needed.
func (l *layout) formatDate(s string) (out string, ok bool) {
	if !isDate(s) {
		return "", false
	}
	b := make([]byte, 0, 32)
	for _, p := range l.parts {
		switch p.field {
		case "":
			b = append(b, p.literal...)
		case "yyyy":
			b = append(b, s[:4]...)
		case "yy":
			b = append(b, s[2:4]...)
		case "MM":
			b = append(b, s[5:7]...)
		case "dd":
			b = append(b, s[8:10]...)
		default:
			return "", false
		}
	}
	return string(b), true
}

// isDate tells whether s is a day of the calendar, yyyy-MM-dd.
func isDate(s string) bool {
	if len(s) != len(isoDate) || s[4] != '-' || s[7] != '-' {
		return false
	}
	year, ok1 := twoDigits(s[2:])
	century, ok2 := twoDigits(s)
	month, ok3 := twoDigits(s[5:])
	day, ok4 := twoDigits(s[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year != 0 || century%4 == 0) {
		last = 29
	}
	return day <= last
}

func twoDigits(s string) (n int, ok bool) {
	tens, ones := s[0]-'0', s[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

func (l *layout) format(t time.Time) string {
	b := make([]byte, 0, 32)
	for _, p := range l.parts {
		switch p.field {
		case "":
			b = append(b, p.literal...)
		case "yyyy":
			b = number(b, t.Year(), 4)
		case "yy":
			b = number(b, t.Year()%100, 2)
		case "MMMM":
			b = append(b, months[t.Month()-1]...)
		case "MM":
			b = number(b, int(t.Month()), 2)
		case "M":
			b = number(b, int(t.Month()), 1)
		case "dd":
			b = number(b, t.Day(), 2)
		case "d":
			b = number(b, t.Day(), 1)
		case "HH":
			b = number(b, t.Hour(), 2)
		case "mm":
			b = number(b, t.Minute(), 2)
		case "ss":
			b = number(b, t.Second(), 2)
		case "SSS":
			b = number(b, t.Nanosecond()/1e6, 3)
		case "XXX":
			b = t.AppendFormat(b, "Z07:00")
		}
	}
	return string(b)
}

func number(b []byte, n, width int) []byte { return fmt.Appendf(b, "%0*d", width, n) }

// parse reads what an agency wrote; zone holds where the layout has no XXX. Errors don't repeat the text: it may be personal.
func (l *layout) parse(s string, zone *time.Location) (time.Time, error) {
	year, month, day, hour, minute, second, milli := 0, 1, 1, 0, 0, 0, 0
	bad := func(p layoutPart) error {
		what := p.field
		if what == "" {
			what = p.literal
		}
		return fmt.Errorf("not in the layout %s: %s is missing or wrong", l, what)
	}
	for _, p := range l.parts {
		var n int
		var ok bool
		switch p.field {
		case "":
			s, ok = strings.CutPrefix(s, p.literal)
		case "MMMM":
			n, s, ok = cutMonth(s)
			month = n
		case "XXX":
			zone, s, ok = cutZone(s)
		default:
			n, s, ok = cutNumber(s, p.field)
			switch p.field {
			case "yyyy":
				year = n
			case "yy":
				year = 2000 + n
				if n >= 70 {
					year = 1900 + n
				}
			case "MM", "M":
				month = n
			case "dd", "d":
				day = n
			case "HH":
				hour = n
			case "mm":
				minute = n
			case "ss":
				second = n
			case "SSS":
				milli = n
			}
		}
		if !ok {
			return time.Time{}, bad(p)
		}
	}
	if s != "" {
		return time.Time{}, fmt.Errorf("not in the layout %s: more text follows", l)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, milli*1e6, zone)
	if int(t.Month()) != month || t.Day() != day || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, errors.New("there is no such date or time")
	}
	return t, nil
}

func (l *layout) String() string {
	var b strings.Builder
	for _, p := range l.parts {
		b.WriteString(p.field + p.literal)
	}
	return b.String()
}

func cutNumber(s, field string) (n int, rest string, ok bool) {
	least, most := len(field), len(field)
	if most == 1 {
		most = 2
	}
	i := 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= least
}

func cutMonth(s string) (n int, rest string, ok bool) {
	for i, name := range months {
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			return i + 1, s[len(name):], true
		}
	}
	return 0, s, false
}

func cutZone(s string) (*time.Location, string, bool) {
	if rest, ok := strings.CutPrefix(s, "Z"); ok {
		return time.UTC, rest, true
	}
	if len(s) < 6 {
		return nil, s, false
	}
	t, err := time.Parse("-07:00", s[:6])
	if err != nil {
		return nil, s, false
	}
	return t.Location(), s[6:], true
}

// parseISO reads a date or a date and time as trees hold them: ISO 8601, in XML with or without a zone.
func parseISO(s string, zone *time.Location) (t time.Time, hasTime bool, err error) {
	s = strings.TrimSpace(s)
	if rest, ok := midnight(s); ok {
		t, hasTime, err := parseISO(rest, zone)
		return t.AddDate(0, 0, 1), hasTime, err
	}
	for _, f := range isoForms {
		if len(s) >= f.least && (len(s) > 10 && s[10] == 'T') == f.hasTime {
			if t, err := time.ParseInLocation(f.layout, s, zone); err == nil {
				return t, f.hasTime, nil
			}
		}
	}
	return time.Time{}, false, errors.New("not a date in ISO 8601")
}

// midnight rewrites the end of a day, which XML Schema lets be written as 24:00:00, as its beginning.
func midnight(s string) (string, bool) {
	if len(s) < 19 || s[10:19] != "T24:00:00" {
		return s, false
	}
	rest := s[19:]
	if strings.HasPrefix(rest, ".") {
		rest = strings.TrimLeft(rest[1:], "0")
	}
	return s[:11] + "00" + s[13:19] + rest, true
}

var isoForms = []struct {
	layout  string
	least   int
	hasTime bool
}{
	{time.DateOnly, 10, false},
	{time.RFC3339, 20, true},
	{"2006-01-02T15:04:05", 19, true},
	{"2006-01-02Z07:00", 11, false},
}
