package mappings

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// source is the text of a mapping file, for positions and excerpts.
type source struct {
	name  string
	lines []string
}

func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return strings.TrimSuffix(s.lines[n-1], "\r")
}

// problem is a fault at a place of the file, with the line as its excerpt.
func (s *source) problem(at diag.Pos, code, message, hint string) diag.Problem {
	return diag.Problem{Pos: at, Code: code, Message: message, Hint: hint, Excerpt: excerpt(s.line(at.Line), &at)}
}

// maxExcerpt keeps the excerpt of a hostile file printable.
const maxExcerpt = 240

func excerpt(line string, at *diag.Pos) string {
	if utf8.RuneCountInString(line) <= maxExcerpt {
		return line
	}
	if at.Column > maxExcerpt {
		return ""
	}
	return string([]rune(line)[:maxExcerpt]) + "…"
}

func (s *source) pos(n *yaml.Node) diag.Pos {
	return diag.Pos{File: s.name, Line: n.Line, Column: n.Column}
}

// text is a scalar of the file with the place of each of its characters.
type text struct {
	value string
	start diag.Pos
	marks []mark // where the value does not run on along one line; sorted by offset
}

// mark says that the character at offset stands at line and column, and those after it follow on that line.
type mark struct{ offset, line, column int }

// pos is the place of the character at an offset, counted in characters.
func (t text) pos(offset int) diag.Pos {
	at := mark{0, t.start.Line, t.start.Column}
	for _, m := range t.marks {
		if m.offset > offset {
			break
		}
		at = m
	}
	return diag.Pos{File: t.start.File, Line: at.line, Column: at.column + offset - at.offset}
}

// skip is the text without its first n characters.
func (t text) skip(n int) text {
	out := text{value: string([]rune(t.value)[n:]), start: t.pos(n)}
	for _, m := range t.marks {
		if m.offset > n {
			out.marks = append(out.marks, mark{m.offset - n, m.line, m.column})
		}
	}
	return out
}

// scalar aligns the value of a plain or block scalar with the raw text, which YAML has folded:
// YAML gives the place of the scalar's first character, or of a block's header, and no other.
func (s *source) scalar(n *yaml.Node) text {
	t := text{value: n.Value, start: s.pos(n)}
	line, column := n.Line, n.Column
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line, column = line+1, 1
	} else if !strings.Contains(strings.TrimSpace(s.from(line, column)), n.Value) {
		// a plain scalar over several lines
	} else {
		return t
	}
	raw := []rune(s.line(line))
	i := column - 1
	last := mark{-1, 0, 0}
	offset := 0
	for _, r := range n.Value {
		if !unicode.IsSpace(r) {
			for line <= len(s.lines) && (i >= len(raw) || raw[i] != r) {
				if i >= len(raw) {
					line, i = line+1, 0
					raw = []rune(s.line(line))
					continue
				}
				i++
			}
			if last.offset < 0 || last.line != line || last.column+offset-last.offset != i+1 {
				last = mark{offset, line, i + 1}
				t.marks = append(t.marks, last)
			}
			i++
		}
		offset++
	}
	if len(t.marks) > 0 {
		t.marks[0].offset, t.marks[0].column = 0, t.marks[0].column-t.marks[0].offset
		t.start = t.pos(0)
	}
	return t
}

func (s *source) from(line, column int) string {
	raw := []rune(s.line(line))
	if column < 1 || column-1 > len(raw) {
		return ""
	}
	return string(raw[column-1:])
}

func quote(s string) string {
	if utf8.RuneCountInString(s) > 80 {
		s = string([]rune(s)[:80]) + "…"
	}
	return strconv.Quote(s)
}
