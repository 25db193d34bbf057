package strictyaml

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Name  string           `yaml:"name" required:"true" doc:"who it is"`
	Mode  string           `yaml:"mode" enum:"fast,slow" default:"fast" doc:"how it runs"`
	Wait  time.Duration    `yaml:"wait" default:"20s" doc:"how long"`
	Limit Size             `yaml:"limit" default:"4MiB" doc:"how big"`
	Rate  Rate             `yaml:"rate" doc:"how often"`
	Share Percent          `yaml:"share" default:"50%" doc:"how much"`
	Count int              `yaml:"count" default:"3" doc:"how many"`
	Open  bool             `yaml:"open" doc:"whether"`
	Tags  []string         `yaml:"tags" default:"a,b" doc:"words"`
	Inner inner            `yaml:"inner" doc:"a part"`
	Maybe *inner           `yaml:"maybe" doc:"a part that may be absent"`
	Rooms map[string]inner `yaml:"rooms" doc:"parts by name"`
	Steps []inner          `yaml:"steps" doc:"parts in order"`
}

type inner struct {
	URL  string `yaml:"url" required:"true" doc:"where"`
	Size Size   `yaml:"size" default:"1KiB" doc:"how big"`
}

func TestDecode(t *testing.T) {
	var got sample
	src := `
name: "007"
mode: slow
wait: 1d12h
limit: 512KiB
rate: 120/m
share: 12.5%
count: 7
open: true
tags: [x]
inner: { url: u }
rooms:
  first: { url: r1, size: 2KiB }
steps:
  - { url: s1 }
  - { url: s2 }
`
	if problems := Decode("a.yaml", []byte(src), &got); len(problems) > 0 {
		t.Fatal(problems)
	}
	want := sample{Name: "007", Mode: "slow", Wait: 36 * time.Hour, Limit: 512 << 10, Rate: 2, Share: 0.125, Count: 7, Open: true,
		Tags: []string{"x"}, Inner: inner{"u", 1 << 10}, Rooms: map[string]inner{"first": {"r1", 2 << 10}},
		Steps: []inner{{"s1", 1 << 10}, {"s2", 1 << 10}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDefaults(t *testing.T) {
	var got sample
	if problems := Decode("a.yaml", []byte("name: x\ninner: {url: u}\n"), &got); len(problems) > 0 {
		t.Fatal(problems)
	}
	if got.Mode != "fast" || got.Wait != 20*time.Second || got.Limit != 4<<20 || got.Share != 0.5 || got.Count != 3 ||
		!reflect.DeepEqual(got.Tags, []string{"a", "b"}) || got.Maybe != nil || got.Inner.Size != 1<<10 {
		t.Errorf("defaults: %+v", got)
	}
}

// TestProblems shows the message of everything that can be wrong; each row is one line of YAML after a good head.
func TestProblems(t *testing.T) {
	const head = "name: x\ninner: { url: u }\n"
	for _, row := range []struct{ src, want string }{
		{"modde: slow", `a.yaml:3:1: unknown key "modde" in the file; did you mean "mode"?`},
		{"zzzzzzz: 1", `a.yaml:3:1: unknown key "zzzzzzz" in the file; known here: name, mode, wait, limit, rate, share, count, open, tags, inner, maybe, rooms, steps`},
		{"mоde: slow", `a.yaml:3:1: unknown key "mоde" in the file; did you mean "mode"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"mode: quick", `a.yaml:3:7: mode: "quick" is not one of fast, slow`},
		{"mode: slwo", `a.yaml:3:7: mode: "slwo" is not one of fast, slow; did you mean "slow"?`},
		{"wait: 20", `a.yaml:3:7: wait: "20" is not a duration such as 20s, 1h30m or 5d`},
		{"wait: -5s", `a.yaml:3:7: wait: "-5s" is not a duration such as 20s, 1h30m or 5d`},
		{"limit: 4", `a.yaml:3:8: limit: "4" is not a size such as 512KiB or 4MiB`},
		{"limit: 99999999999GiB", `a.yaml:3:8: limit: "99999999999GiB" is not a size such as 512KiB or 4MiB`},
		{"rate: 0/s", `a.yaml:3:7: rate: "0/s" is not a rate such as 50/s or 300/m`},
		{"rate: 5/week", `a.yaml:3:7: rate: "5/week" is not a rate such as 50/s or 300/m`},
		{"share: 120%", `a.yaml:3:8: share: "120%" is not a share such as 50%`},
		{"share: 50", `a.yaml:3:8: share: "50" is not a share such as 50%`},
		{"count: many", `a.yaml:3:8: count must be a whole number, not the text "many"; write it without quotes`},
		{"count: 1.5", `a.yaml:3:8: count: "1.5" is not a whole number within bounds`},
		{"open: yes", `a.yaml:3:7: open must be true or false, not the text "yes"; write it without quotes`},
		{"tags: one", `a.yaml:3:7: tags must be a list, not the text "one"; write [a, b], or one item a line after "- "`},
		{"tags: [a, 5]", `a.yaml:3:11: tags[1] must be a text, not the number 5; put it in quotes`},
		{"tags: [[a]]", `a.yaml:3:8: tags[0] must be a text, not a list`},
		{"maybe: 5", `a.yaml:3:8: maybe must be a mapping with the keys url, size, not the number 5`},
		{"maybe: {}", `a.yaml:3:8: maybe lacks the key "url": where`},
		{"maybe:", `a.yaml:3:7: maybe has no value; give one, or leave the key out`},
		{"rooms: [a]", `a.yaml:3:8: rooms must be a mapping of names, not a list`},
		{"rooms: { r: { url: u, sise: 1KiB } }", `a.yaml:3:23: unknown key "sise" in rooms.r; did you mean "size"?`},
		{"rooms: { r: { url: u, and so on } }", `a.yaml:3:23: unknown key "and so on" in rooms.r; known here: url, size; if it is part of a text, put the text in quotes: within { } it ends at a comma`},
		{"steps: [{ url: u }, {}]", `a.yaml:3:21: steps[1] lacks the key "url": where`},
		{"name: y", `a.yaml:3:1: key "name" stands twice, first in line 1; keep one of them`},
		{"tags: &t [a]", `a.yaml:3:7: an anchor (&t) is not allowed; write the value out where it is needed`},
		{"maybe: !!map { url: u }", `a.yaml:3:8: a tag (!!map) is not allowed; leave it out; quote the value to make it a text`},
		{"mode: true", `a.yaml:3:7: mode must be one of fast, slow, not the boolean true`},
		{"---\nname: z", `a.yaml:3:1: a second document in the file; keep one document a file`},
		{"rooms: { r: { url: a?b } }", `a.yaml:3: not readable as YAML: did not find expected ',' or '}'; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"rooms:\n  r: { url: u }\n    size: 1KiB", `a.yaml:4: not readable as YAML: did not find expected key; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"tags:\n  - a\n b", `a.yaml:5: not readable as YAML: did not find expected key; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"mode: [", `a.yaml:3: not readable as YAML: did not find expected node content; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
	} {
		var got sample
		problems := Decode("a.yaml", []byte(head+row.src+"\n"), &got)
		text := ""
		if len(problems) > 0 {
			text = problems[0].Error()
		}
		if text != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.src, text, row.want)
		}
	}
}

// TestAll holds that every problem is reported in one go, in the file's order.
func TestAll(t *testing.T) {
	var got sample
	problems := Decode("a.yaml", []byte("mode: x\nwait: y\ninner: {sise: 1}\n"), &got)
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Code))
	}
	want := "1:1 missing-key, 1:7 wrong-value, 2:7 wrong-value, 3:8 missing-key, 3:9 unknown-key"
	if s := strings.Join(lines, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestExcerptPointsAtCyrillic(t *testing.T) {
	var got sample
	problems := Decode("a.yaml", []byte("name: Имя\ninner: { url: Адрес, ключ: 1 }\n"), &got)
	if len(problems) != 1 {
		t.Fatal(problems)
	}
	want := "a.yaml:2:22: error: unknown key \"ключ\" in inner [unknown-key]\n    inner: { url: Адрес, ключ: 1 }\n" +
		"                         ^\n    known here: url, size"
	if text := problems[0].Text(); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	var got sample
	src := "name: x\ninner: {url: u}\ntags: &a [x]\nsteps: [*a, *a]\n"
	problems := Decode("a.yaml", []byte(src), &got)
	if len(problems) != 3 || problems[0].Code != "alias" {
		t.Errorf("got %v", problems)
	}
}

func TestHostileFiles(t *testing.T) {
	for name, src := range map[string]string{
		"deep":      strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"not UTF-8": "name: \xff\xfe",
		"too large": "name: " + strings.Repeat("x", 2<<20),
		"binary":    "\x00\x01\x02",
		"a list":    "- a\n- b\n",
		"a text":    "hello",
	} {
		var got sample
		if problems := Decode("a.yaml", []byte(src), &got); problems.Err() == nil {
			t.Errorf("%s: no problem", name)
		}
	}
}

func TestProblemAt(t *testing.T) {
	f := Parse("a.yaml", []byte("name: x\nrooms:\n  first: { url: u }\nsteps: [{url: s}]\n"))
	for path, want := range map[string]string{
		"rooms/first/url":  "a.yaml:3:17",
		"rooms/first/size": "a.yaml:3:10", // the nearest that is there
		"steps/0/url":      "a.yaml:4:15",
		"nothing":          "a.yaml:1:1",
	} {
		if p := f.Problem("c", "m", "", strings.Split(path, "/")...); p.Pos.String() != want {
			t.Errorf("%s is at %s, want %s", path, p.Pos, want)
		}
	}
}

func TestSet(t *testing.T) {
	var got sample
	for path, text := range map[string]string{"name": "n", "wait": "5d", "inner.size": "2KiB", "tags": "x, y", "maybe.url": "u", "open": "true", "count": "9"} {
		if err := Set(&got, path, text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got.Name != "n" || got.Wait != 120*time.Hour || got.Inner.Size != 2<<10 || len(got.Tags) != 2 || got.Maybe.URL != "u" ||
		got.Maybe.Size != 1<<10 || !got.Open || got.Count != 9 {
		t.Errorf("got %+v", got)
	}
	for path, want := range map[string]string{
		"inner.sise": `unknown key "inner.sise"; did you mean "size"?`,
		"name.x":     "name.x: cannot be set by itself",
		"rooms":      "rooms: only a single value or a list of them can be set from a text",
	} {
		if err := Set(&got, path, "1"); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestDocument(t *testing.T) {
	doc := Document(sample{})
	for _, line := range []string{
		"| `name` | a text | *required* | who it is |",
		"| `mode` | one of fast, slow | `fast` | how it runs |",
		"| `rooms.<name>` |  |  | parts by name |",
		"| `rooms.<name>.url` | a text | *required* | where |",
		"| `steps[].size` | a size such as 4MiB | `1KiB` | how big |",
	} {
		if !strings.Contains(doc, line+"\n") {
			t.Errorf("no line %s in\n%s", line, doc)
		}
	}
	if keys := Keys(&sample{}); len(keys) != 17 || keys[0].Path != "name" || !keys[0].Need {
		t.Errorf("keys: %d %+v", len(keys), keys)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("name: x\ninner: { url: u }\nrooms: {a: {url: b}}\nsteps: [{url: c}]\nwait: 5d\n")
	f.Add("name: &a x\nmode: *a\n<<: {a: b}\n")
	f.Add("? [a]\n: b\n")
	f.Add("name: >-\n  a\n  b\ntags: [a, 'b', \"c\\n\"]\n")
	f.Fuzz(func(t *testing.T, src string) {
		var got sample
		problems := Decode("a.yaml", []byte(src), &got)
		for _, p := range problems {
			if p.Message == "" || p.Line < 0 {
				t.Errorf("a problem without words or place: %+v", p)
			}
			_ = p.Text()
		}
		if problems.Err() == nil && (got.Name == "" && !strings.Contains(src, "name") || got.Inner.URL == "" && !strings.Contains(src, "url")) {
			t.Errorf("required keys are missing and nobody said so: %+v", got)
		}
	})
}
