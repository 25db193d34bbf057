package sample

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"

	"sluice/contracts/xsd"
)

// compiled patterns are the same for every sample.
var compiled sync.Map // pattern of XML Schema -> *pattern

type pattern struct {
	re   *regexp.Regexp // anchored; nil where Go's language has no words for it
	tree *syntax.Regexp
}

func compile(p string) *pattern {
	if c, ok := compiled.Load(p); ok {
		return c.(*pattern)
	}
	c := &pattern{}
	if source, ok := translate(p); ok {
		if re, err := regexp.Compile(`\A(?:` + source + `)\z`); err == nil {
			tree, _ := syntax.Parse(source, syntax.Perl)
			c = &pattern{re, tree.Simplify()}
		}
	}
	compiled.Store(p, c)
	return c
}

// matches says whether text matches one of the patterns; those that can't be compiled are taken to match.
func matches(group []string, text string) bool {
	for _, p := range group {
		if c := compile(p); c.re == nil || c.re.MatchString(text) {
			return true
		}
	}
	return false
}

// matching makes a text that matches one of the patterns, of a length that s allows where that can be had.
func (g *generator) matching(group []string, s *xsd.Simple) (string, bool) {
	c := compile(group[g.pick(len(group))])
	if c.tree == nil {
		return "", false
	}
	var b strings.Builder
	g.grow(&b, c.tree, s)
	return b.String(), true
}

// grow writes a text that the expression matches.
func (g *generator) grow(b *strings.Builder, re *syntax.Regexp, s *xsd.Simple) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(g.member(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune('а' + g.rand.Int32N(32))
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			g.grow(b, sub, s)
		}
	case syntax.OpAlternate:
		g.grow(b, re.Sub[g.rand.IntN(len(re.Sub))], s)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		low, high := bounds(re)
		most := 3
		if s.MinLen > 3 {
			most = s.MinLen + 2
		}
		if high < 0 || high > low+most {
			high = low + most
		}
		for range low + g.rand.IntN(high-low+1) {
			g.grow(b, re.Sub[0], s)
		}
	}
}

func bounds(re *syntax.Regexp) (low, high int) {
	switch re.Op {
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		return 1, -1
	case syntax.OpQuest:
		return 0, 1
	}
	return re.Min, re.Max
}

// member picks a character of a class, a printable and usual one where there is any.
func (g *generator) member(ranges []rune) rune {
	for _, usual := range [...][2]rune{{'0', '9'}, {'А', 'я'}, {'A', 'Z'}, {'a', 'z'}, {'!', '~'}} {
		var in [][2]rune
		total := int32(0)
		for i := 0; i+1 < len(ranges); i += 2 {
			low, high := max(ranges[i], usual[0]), min(ranges[i+1], usual[1])
			if low <= high {
				in = append(in, [2]rune{low, high})
				total += high - low + 1
			}
		}
		if total == 0 {
			continue
		}
		n := g.rand.Int32N(total)
		for _, r := range in {
			if size := r[1] - r[0] + 1; n < size {
				return r[0] + n
			} else {
				n -= size
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if unicode.IsPrint(r) {
				return r
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}

// translate turns a pattern of XML Schema (part 2, appendix F) into Go's language: anchors are plain characters there,
// \i and \c are the characters of names, classes can be subtracted, and Unicode blocks have names.
func translate(p string) (string, bool) {
	t := translator{in: []rune(p)}
	for t.at < len(t.in) && t.ok() {
		switch c := t.next(); c {
		case '[':
			t.out.WriteString(t.class())
		case '\\':
			t.out.WriteString(t.escape(false))
		case '^', '$':
			t.out.WriteString(`\` + string(c))
		case '(':
			t.out.WriteString("(?:")
		case '.':
			t.out.WriteString(`[^\n\r]`)
		default:
			t.out.WriteRune(c)
		}
	}
	return t.out.String(), !t.failed
}

type translator struct {
	in     []rune
	at     int
	out    strings.Builder
	failed bool
}

func (t *translator) ok() bool { return !t.failed }

func (t *translator) next() rune {
	if t.at >= len(t.in) {
		t.failed = true
		return 0
	}
	t.at++
	return t.in[t.at-1]
}

func (t *translator) peek() rune {
	if t.at >= len(t.in) {
		return 0
	}
	return t.in[t.at]
}

const (
	nameStart = `A-Za-z_:\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}`
	nameChars = nameStart + `0-9.\-\x{B7}`
)

// escape translates what stands behind a backslash.
func (t *translator) escape(inClass bool) string {
	wrap := func(set string) string {
		if inClass {
			return set
		}
		return "[" + set + "]"
	}
	switch c := t.next(); c {
	case 'i':
		return wrap(nameStart)
	case 'c':
		return wrap(nameChars)
	case 'I', 'C', 'W', 'S', 'D':
		if inClass && (c == 'I' || c == 'C') {
			t.failed = true
			return ""
		}
		switch c {
		case 'I':
			return "[^" + nameStart + "]"
		case 'C':
			return "[^" + nameChars + "]"
		case 'W':
			return wrap(`\pP\pZ\pC`)
		}
		return `\` + string(c)
	case 'w':
		return wrap(`\pL\pM\pN\pS`)
	case 'd', 's', 'n', 'r', 't':
		return `\` + string(c)
	case 'p', 'P':
		return t.property(c, inClass)
	case '-':
		return `\-`
	default:
		return regexp.QuoteMeta(string(c))
	}
}

// property translates \p{L} and \p{IsCyrillic}.
func (t *translator) property(kind rune, inClass bool) string {
	if t.next() != '{' {
		t.failed = true
		return ""
	}
	name := ""
	for c := t.next(); c != '}' && t.ok(); c = t.next() {
		name += string(c)
	}
	block, isBlock := strings.CutPrefix(name, "Is")
	if !isBlock {
		return `\` + string(kind) + "{" + name + "}"
	}
	set, known := blocks[block]
	if !known || inClass && kind == 'P' {
		t.failed = true
		return ""
	}
	switch {
	case inClass:
		return set
	case kind == 'P':
		return "[^" + set + "]"
	}
	return "[" + set + "]"
}

var blocks = map[string]string{
	"BasicLatin": `\x{0}-\x{7F}`, "Latin-1Supplement": `\x{80}-\x{FF}`, "LatinExtended-A": `\x{100}-\x{17F}`,
	"LatinExtended-B": `\x{180}-\x{24F}`, "Greek": `\x{370}-\x{3FF}`, "Cyrillic": `\x{400}-\x{4FF}`,
	"GeneralPunctuation": `\x{2000}-\x{206F}`, "LetterlikeSymbols": `\x{2100}-\x{214F}`, "NumberForms": `\x{2150}-\x{218F}`,
}

// class translates [...], with a subtraction [...-[...]] where it has one.
func (t *translator) class() string {
	var set strings.Builder
	negated := false
	if t.peek() == '^' {
		t.next()
		negated = true
	}
	subtracted := ""
	first := true
	for t.ok() {
		c := t.next()
		switch {
		case c == ']' && !first:
			return t.closed(set.String(), negated, subtracted)
		case c == '-' && t.peek() == '[':
			t.next()
			subtracted = t.class()
		case c == '\\':
			set.WriteString(t.escape(true))
		case c == '[' || c == '^' || c == '&' || c == '~':
			set.WriteString(`\` + string(c))
		case c == '-' && (first || t.peek() == ']'):
			set.WriteString(`\-`)
		default:
			set.WriteRune(c)
		}
		first = false
	}
	return ""
}

// closed writes a class. Go has no subtraction, so the ranges are computed.
func (t *translator) closed(set string, negated bool, subtracted string) string {
	open := "["
	if negated {
		open = "[^"
	}
	whole := open + set + "]"
	if subtracted == "" {
		return whole
	}
	a, errA := syntax.Parse(whole, syntax.Perl)
	b, errB := syntax.Parse(subtracted, syntax.Perl)
	if errA != nil || errB != nil {
		t.failed = true
		return ""
	}
	var out strings.Builder
	for i := 0; i+1 < len(a.Rune); i += 2 {
		for r := a.Rune[i]; r <= min(a.Rune[i+1], 0xFFFF); r++ {
			if !inRanges(b.Rune, r) {
				out.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
	}
	return "[" + strings.ReplaceAll(out.String(), "-", `\-`) + "]"
}

func inRanges(ranges []rune, r rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if r >= ranges[i] && r <= ranges[i+1] {
			return true
		}
	}
	return false
}
