package sample

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// text makes a value of a simple type, or takes the one that the contract fixes.
func (g *generator) text(s *xsd.Simple, def *string, fixed bool) any {
	if def != nil && (fixed || g.options.Seed == 0) {
		if v, ok := codec.ParseValue(s, *def); ok {
			return v
		}
	}
	return g.simple(s)
}

func (g *generator) simple(s *xsd.Simple) any {
	switch {
	case s.Enum != nil:
		return g.lexical(s, s.Enum[g.pick(len(s.Enum))])
	case len(s.Members) > 0:
		return g.ofUnion(s)
	case s.MinLen > longest:
		g.gap("the contract asks for a value of %d characters", s.MinLen)
		return g.lexical(s, fallback(s))
	case s.Item != nil:
		list := []any{}
		for range max(1, s.MinLen) {
			list = append(list, g.word(s.Item))
		}
		return list
	}
	if text := g.usual(s); allowed(s, text) {
		return g.lexical(s, text)
	}
	if text, is := g.dated(s); is {
		return g.lexical(s, text)
	}
	for range 500 {
		if len(s.Patterns) == 0 {
			break
		}
		text, ok := g.matching(s.Patterns[g.rand.IntN(len(s.Patterns))], s)
		if ok && allowed(s, text) {
			return g.lexical(s, text)
		}
	}
	g.gap("can't make a value of the type %s%s", s, patternHint(s))
	return g.lexical(s, fallback(s))
}

// dates are written as texts by many contracts; their patterns let through days that no calendar has.
var dates = []string{"29.02.2024", "31.12.1999", "29.02.2024 12:30:00", "31.12.2099 23:59:59", "29.02.2024 12:30", "2024-02-29", "2024-02-29 12:30:00",
	"2024-02-29T12:30:00", "20240229", "20240229123000", "29/02/2024", "29.02.24", "02.2024", "12:30:00", "12:30"}

// dated is one of dates that the type lets be: where a pattern looks like one's, its sender means one.
func (g *generator) dated(s *xsd.Simple) (string, bool) {
	var fit []string
	for _, text := range dates {
		if len(s.Patterns) > 0 && s.Holds == xsd.HoldsString && allowed(s, text) {
			fit = append(fit, text)
		}
	}
	if len(fit) == 0 {
		return "", false
	}
	return fit[g.pick(len(fit))], true
}

// word makes an item of a list: white space would make it two.
func (g *generator) word(s *xsd.Simple) any {
	v := g.simple(s)
	text, ok := v.(string)
	if !ok || text != "" && !strings.ContainsAny(text, " \t\r\n") {
		return v
	}
	text = strings.Join(strings.Fields("_"+text), "_")
	if !allowed(s, text) || s.Enum != nil {
		g.gap("can't make an item of a list without white space, of the type %s", s)
	}
	return text
}

func patternHint(s *xsd.Simple) string {
	if len(s.Patterns) == 0 {
		return ""
	}
	return fmt.Sprintf(" with the pattern %q", strings.Join(s.Patterns[len(s.Patterns)-1], "|"))
}

// pick chooses one of n: the first, or by the seed.
func (g *generator) pick(n int) int {
	if g.options.Seed == 0 {
		return 0
	}
	return g.rand.IntN(n)
}

func (g *generator) ofUnion(s *xsd.Simple) any {
	v := g.simple(s.Members[g.pick(len(s.Members))])
	if s.Holds == xsd.HoldsString {
		if list, ok := v.([]any); ok {
			words := make([]string, len(list))
			for i := range list {
				words[i] = fmt.Sprint(list[i])
			}
			return strings.Join(words, " ")
		}
		return fmt.Sprint(v)
	}
	return v
}

// lexical is what a tree holds for a text of the type.
func (g *generator) lexical(s *xsd.Simple, text string) any {
	if s.Holds == xsd.HoldsQName {
		return text
	}
	v, ok := codec.ParseValue(s, text)
	if !ok {
		g.gap("the contract's own value %q is none of the type %s", text, s)
		return text
	}
	return v
}

// usual is what a value of the type usually looks like, whatever its patterns say.
func (g *generator) usual(s *xsd.Simple) string {
	switch {
	case s.Builtin >= xsd.Decimal && s.Builtin <= xsd.Double:
		return g.number(s)
	case s.Builtin == xsd.HexBinary:
		return strings.Repeat("AB", length(s, 2))
	case s.Builtin == xsd.Base64Binary:
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", length(s, 4))))
	}
	g.serial++
	switch s.Builtin {
	case xsd.Boolean:
		return "true"
	case xsd.ID:
		id := fmt.Sprintf("id%d", g.serial)
		g.keys.ids = append(g.keys.ids, id)
		return id
	case xsd.IDREF:
		return g.reference()
	case xsd.Language:
		return "ru"
	case xsd.AnyURI:
		return fit(s, fmt.Sprintf("urn:example:%d", g.serial))
	case xsd.QName, xsd.Notation:
		return "{urn:example}name"
	case xsd.NMToken, xsd.XMLName, xsd.NCName, xsd.Entity:
		return fit(s, fmt.Sprintf("n%d", g.serial))
	}
	if moment, is := moments[s.Builtin]; is {
		return g.moment(s, moment)
	}
	return fit(s, fmt.Sprintf("текст %d", g.serial))
}

// moment takes a bound where there is one. Patterns ask for or forbid time zones and fractions of seconds.
func (g *generator) moment(s *xsd.Simple, usual string) string {
	switch {
	case s.MinInclusive != nil:
		return strings.TrimSpace(*s.MinInclusive)
	case s.MaxInclusive != nil:
		return strings.TrimSpace(*s.MaxInclusive)
	}
	bare, _, _ := strings.Cut(usual, "+")
	for _, m := range [...]string{usual, bare, bare + "Z", bare + "+03:00", bare + ".000", bare + ".000+03:00", bare + ".000Z"} {
		if allowed(s, m) {
			return m
		}
	}
	return usual
}

var moments = map[xsd.Builtin]string{
	xsd.Duration: "P1D", xsd.DateTime: "2024-02-29T12:30:00+03:00", xsd.Time: "12:30:00", xsd.Date: "2024-02-29",
	xsd.GYearMonth: "2024-02", xsd.GYear: "2024", xsd.GMonthDay: "--02-29", xsd.GDay: "---29", xsd.GMonth: "--02",
}

// length is an allowed length, as near to the wish as the facets let it be.
func length(s *xsd.Simple, wish int) int {
	n := max(wish, s.MinLen)
	if s.MaxLen != xsd.Unbounded {
		n = min(n, s.MaxLen)
	}
	return n
}

// fit lengthens or shortens a text to an allowed length.
func fit(s *xsd.Simple, text string) string {
	runes := []rune(text)
	n := length(s, len(runes))
	for len(runes) < n {
		runes = append(runes, 'а'+rune(len(runes)%32))
		if s.Builtin > xsd.Token {
			runes[len(runes)-1] = 'a' + rune(len(runes)%26)
		}
	}
	if n < len(runes) {
		runes = runes[len(runes)-n:]
	}
	return strings.TrimSpace(string(runes)) + strings.Repeat("а", len(runes)-len([]rune(strings.TrimSpace(string(runes)))))
}

// number makes a number within the bounds and digits of the type.
func (g *generator) number(s *xsd.Simple) string {
	candidates := []string{"1", "0", "-1", "0.5", "100", "1000000"}
	step := big.NewRat(1, 1)
	if s.FractionDigits > 0 {
		step.SetFrac64(1, 10)
	}
	bound := func(text *string, move int64) {
		if text == nil {
			return
		}
		if r, ok := new(big.Rat).SetString(strings.TrimSpace(*text)); ok {
			r.Add(r, new(big.Rat).Mul(step, big.NewRat(move, 1)))
			candidates = append(candidates, strings.TrimSuffix(strings.TrimRight(r.FloatString(max(s.FractionDigits, 1)), "0"), "."))
		}
	}
	if s.MinInclusive != nil {
		candidates = append(candidates, strings.TrimSpace(*s.MinInclusive))
	}
	if s.MaxInclusive != nil {
		candidates = append(candidates, strings.TrimSpace(*s.MaxInclusive))
	}
	bound(s.MinExclusive, 1)
	bound(s.MaxExclusive, -1)
	if g.options.Seed > 0 {
		candidates = append([]string{fmt.Sprint(g.rand.IntN(1000))}, candidates...)
	}
	for _, c := range candidates {
		if allowed(s, c) {
			return c
		}
	}
	return candidates[0]
}

// fallback is a value to go on with where none could be made.
func fallback(s *xsd.Simple) string {
	switch s.Holds {
	case xsd.HoldsBool:
		return "true"
	case xsd.HoldsInt, xsd.HoldsFloat, xsd.HoldsDecimal:
		return "1"
	case xsd.HoldsBase64:
		return "AAAA"
	}
	return "x"
}

// allowed checks a text against the facets that are cheap to check.
func allowed(s *xsd.Simple, text string) bool {
	if s.Holds != xsd.HoldsQName {
		if _, ok := codec.ParseValue(s, text); !ok {
			return false
		}
	}
	switch n := utf8.RuneCountInString(text); s.Builtin {
	case xsd.HexBinary, xsd.Base64Binary:
	default:
		if n < s.MinLen || s.MaxLen != xsd.Unbounded && n > s.MaxLen {
			return false
		}
	}
	if s.Builtin >= xsd.Decimal && s.Builtin <= xsd.Double && !inBounds(s, text) {
		return false
	}
	for _, group := range s.Patterns {
		if !matches(group, text) {
			return false
		}
	}
	return true
}

func inBounds(s *xsd.Simple, text string) bool {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return false
	}
	compare := func(bound *string, good func(int) bool) bool {
		if bound == nil {
			return true
		}
		b, ok := new(big.Rat).SetString(strings.TrimSpace(*bound))
		return !ok || good(n.Cmp(b))
	}
	if !compare(s.MinInclusive, func(c int) bool { return c >= 0 }) || !compare(s.MaxInclusive, func(c int) bool { return c <= 0 }) ||
		!compare(s.MinExclusive, func(c int) bool { return c > 0 }) || !compare(s.MaxExclusive, func(c int) bool { return c < 0 }) {
		return false
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	return (s.TotalDigits == 0 || len(whole)+len(fraction) <= s.TotalDigits) &&
		(s.FractionDigits == xsd.Unbounded || len(fraction) <= s.FractionDigits)
}
