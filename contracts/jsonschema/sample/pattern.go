package sample

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern makes texts that a regular expression matches.
type pattern struct{ tree *syntax.Regexp }

func (g *generator) patternOf(source string) *pattern {
	if p, ok := g.patterns[source]; ok {
		return p
	}
	p := &pattern{}
	if tree, err := syntax.Parse(source, syntax.Perl); err == nil {
		p.tree = tree
	}
	g.patterns[source] = p
	return p
}

// extent says how long a text is made where the pattern leaves it open.
type extent int

const (
	anywhere extent = iota
	least
	most
)

// ofPattern makes a usual text, the shortest, the longest, and one more.
func (g *generator) ofPattern(source string, r *textRules) []string {
	p := g.patternOf(source)
	random := g.source()
	shortest := p.text(random, 0, least)
	missing := max(0, r.min-utf8.RuneCountInString(shortest))
	texts := []string{p.text(random, missing, anywhere), p.text(random, missing, least)}
	if r.max >= 0 && r.max <= longest {
		texts = append(texts, p.text(random, max(0, r.max-utf8.RuneCountInString(shortest)), most))
	}
	return append(texts, p.text(random, 8, most), p.text(random, missing, anywhere))
}

// text makes one; loops without an end go extra rounds more than they must.
func (p *pattern) text(random *rand.Rand, extra int, e extent) string {
	var b strings.Builder
	if p.tree != nil {
		grow(&b, p.tree, random, extra, e)
	}
	return b.String()
}

func grow(b *strings.Builder, re *syntax.Regexp, random *rand.Rand, extra int, e extent) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(member(re.Rune, random))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune('а' + random.Int32N(32))
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			grow(b, sub, random, extra, e)
		}
	case syntax.OpAlternate:
		grow(b, alternative(re.Sub, random, extra, e), random, extra, e)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		for range rounds(re, random, extra, e) {
			grow(b, re.Sub[0], random, extra, e)
		}
	}
}

// alternative picks a branch: by chance, or the one whose text is the shortest or longest.
func alternative(subs []*syntax.Regexp, random *rand.Rand, extra int, e extent) *syntax.Regexp {
	if e == anywhere {
		return subs[random.IntN(len(subs))]
	}
	best, length := subs[0], -1
	for _, sub := range subs {
		var b strings.Builder
		grow(&b, sub, rand.New(rand.NewPCG(1, 1)), extra, e)
		if n := b.Len(); length < 0 || e == least && n < length || e == most && n > length {
			best, length = sub, n
		}
	}
	return best
}

func rounds(re *syntax.Regexp, random *rand.Rand, extra int, e extent) int {
	low, high := re.Min, re.Max
	switch re.Op {
	case syntax.OpStar:
		low, high = 0, -1
	case syntax.OpPlus:
		low, high = 1, -1
	case syntax.OpQuest:
		low, high = 0, 1
	}
	switch {
	case high < 0:
		return low + extra
	case e == least:
		return min(low+extra, high)
	case e == most:
		return high
	}
	return low + random.IntN(high-low+1)
}

// member picks a character of a class, a usual one where there is any.
func member(ranges []rune, random *rand.Rand) rune {
	for _, usual := range [...][2]rune{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {'А', 'я'}, {'!', '~'}} {
		var in []rune
		for i := 0; i+1 < len(ranges); i += 2 {
			for r := max(ranges[i], usual[0]); r <= min(ranges[i+1], usual[1]); r++ {
				in = append(in, r)
			}
		}
		if len(in) > 0 {
			return in[random.IntN(len(in))]
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if unicode.IsPrint(r) {
				return r
			}
		}
	}
	return 'x'
}
