package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/canonical"
)

// printer writes the story. Nothing else writes to its output.
type printer struct{ out io.Writer }

// clock is how times of day are shown: the steps of the story are fractions of a second apart.
const clock = "15:04:05.0"

func (p printer) title(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(p.out, "\n━━ %s %s\n", text, strings.Repeat("━", max(3, 96-len([]rune(text)))))
}

func (p printer) line(label, format string, args ...any) {
	fmt.Fprintf(p.out, "  %-16s %s\n", label, fmt.Sprintf(format, args...))
}

// block shows the head of a message, readably.
func (p printer) block(label, text string, most int) {
	p.line(label, "")
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		if i == most {
			fmt.Fprintf(p.out, "      … %d lines more\n", len(lines)-most)
			return
		}
		if r := []rune(l); len(r) > 110 {
			l = string(r[:109]) + "…"
		}
		fmt.Fprintf(p.out, "      %s\n", l)
	}
}

// event shows one event in a line.
func (p printer) event(e canonical.Event) {
	d := e.Data
	var more []string
	add := func(format string, args ...any) { more = append(more, fmt.Sprintf(format, args...)) }
	if d.ExternalID != "" && e.Type == canonical.EventRegistered {
		add("%s is number %s", d.PortalID, d.ExternalID)
	}
	if s := d.Status; s != nil && e.Type != canonical.EventClosed {
		add("%s", s.Code)
		if s.Raw != "" {
			add("(the agency's code %s)", s.Raw)
		}
		switch {
		case s.Officer != nil:
			add("· %s", s.Officer.Name)
		case s.Unit != nil:
			add("· %s", s.Unit.Name)
		}
		if s.Comment != "" {
			add("· %s", s.Comment)
		}
	}
	if d.Outcome != "" {
		add("outcome %s", d.Outcome)
	}
	if strings.HasPrefix(e.Type, "agency.") {
		add("%s/%s", d.Agency, d.Endpoint)
	}
	if d.Text != "" && e.Type != canonical.EventAgencyRecovered { // that one says what was wrong
		add("· %s", d.Text)
	}
	if d.NextTry != nil {
		add("· next try %s", d.NextTry.Local().Format(clock))
	}
	p.line("event", "%s %-24s %s", e.Time.Local().Format(clock), e.Type, strings.Join(more, " "))
}

// readable indents XML and JSON.
func readable(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<") {
		doc := etree.NewDocument()
		doc.ReadSettings.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // UTF-8 by now
		if doc.ReadFromString(text) == nil {
			doc.Indent(2)
			if s, err := doc.WriteToString(); err == nil {
				return s
			}
		}
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") == nil {
		return b.String()
	}
	return text
}
