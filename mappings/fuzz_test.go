package mappings

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/contracts/diag"
)

// FuzzParse feeds mapping files to the parser, the checker and, where they hold, the program: whatever comes, there is
// an answer with a place, never a panic.
func FuzzParse(f *testing.F) {
	f.Add(familyMapping, `{"applicant":{"lastName":"И"}}`)
	f.Add("request:\n  a: >-\n    request.payload.members | filter(.note != nil) | map(.note) | join(\", \")\n", `{"payload":{"members":[{"note":"x"}]}}`)
	f.Add("tables:\n  t: {a: [\"1\", \"2\"]}\nrequest:\n  $choice:\n    - $when: request.test\n      a: request.id | uncode(\"t\")\n    - b: {}\n", `{"test":true,"id":"3"}`)
	for _, fn := range Functions() {
		for _, e := range fn.Examples {
			f.Add("request:\n  a: >-\n    "+e.Expression+"\n", `{}`)
		}
	}
	f.Fuzz(func(t *testing.T, src, request string) {
		file, err := Parse("m.yaml", []byte(src))
		if err != nil {
			for _, p := range diag.Of(err) {
				_ = p.Text()
				if p.File != "m.yaml" || p.Message == "" {
					t.Errorf("a problem without a place or words: %#v", p)
				}
			}
			return
		}
		var in any
		_ = json.Unmarshal([]byte(request), &in)
		for _, section := range file.Sections() {
			for _, target := range []string{"agency", "open"} {
				shape := anyType
				if target == "agency" {
					shape = familyTarget()
				}
				p, problems := file.Compile(section, Sources{"request": familyRequest()}, shape)
				for _, x := range problems {
					_ = x.Text()
				}
				if (p == nil) != (problems.Err() != nil) {
					t.Fatalf("program %v, problems %v", p, problems)
				}
				if p == nil {
					continue
				}
				if _, err := p.Run(Input{Request: in}); err != nil {
					var e *Error
					if !errors.As(err, &e) || e.Pos.Line == 0 {
						t.Errorf("an error without a place: %v", err)
					}
				}
			}
		}
	})
}

// FuzzLayout reads and writes dates by any layout: an error or a date, never a panic.
func FuzzLayout(f *testing.F) {
	f.Add("dd.MM.yyyy", "1980-12-01", "01.12.1980")
	f.Add("d MMMM yyyy 'г.' HH:mm:ss.SSS XXX", "2024-02-29T23:59:59.123+05:00", "29 февраля 2024 г. 23:59:59.123 +05:00")
	f.Add("yyMMdd", "2001-02-03", "010203")
	f.Fuzz(func(t *testing.T, layout, date, text string) {
		l, err := parseLayout(layout)
		if err != nil {
			return
		}
		if at, _, err := parseISO(date, time.UTC); err == nil {
			if fast, ok := l.formatDate(date); ok && len(date) == len(isoDate) && fast != l.format(at) {
				t.Errorf("%q: %q is %q on the short way and %q on the long one", layout, date, fast, l.format(at))
			}
		}
		if at, err := l.parse(text, time.UTC); err == nil && l.hasDate() && at.IsZero() && !strings.Contains(text, "1") {
			t.Errorf("%q read %q as the zero time", layout, text)
		}
	})
}
