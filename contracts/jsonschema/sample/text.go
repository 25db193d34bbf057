package sample

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

// textRules are what all schemas of a place say of its text.
type textRules struct {
	min, max int // -1: without bound
	patterns []string
	formats  []*santhosh.Format
	regexps  []santhosh.Regexp
}

func rulesOf(flat []*santhosh.Schema) textRules {
	r := textRules{max: -1}
	for _, s := range flat {
		if s.MinLength != nil {
			r.min = max(r.min, *s.MinLength)
		}
		if s.MaxLength != nil && (r.max < 0 || *s.MaxLength < r.max) {
			r.max = *s.MaxLength
		}
		if s.Pattern != nil && !slices.Contains(r.patterns, s.Pattern.String()) {
			r.patterns, r.regexps = append(r.patterns, s.Pattern.String()), append(r.regexps, s.Pattern)
		}
		if s.Format != nil {
			r.formats = append(r.formats, s.Format)
		}
	}
	return r
}

func (r *textRules) allow(text string) bool {
	n := utf8.RuneCountInString(text)
	if n < r.min || r.max >= 0 && n > r.max {
		return false
	}
	for _, re := range r.regexps {
		if !re.MatchString(text) {
			return false
		}
	}
	for _, f := range r.formats {
		if f.Validate != nil && f.Validate(text) != nil {
			return false
		}
	}
	return true
}

// text makes a usual text, the shortest, the longest, and the other ways in which its format or pattern may be written.
func (g *generator) text(flat []*santhosh.Schema) any {
	if g.random != nil {
		return g.pick(g.texts(flat))
	}
	key := g.at() + g.branches + "#" + strconv.Itoa(len(flat)) // conditions may have added schemas
	texts, known := g.maker.texts[key]
	if !known {
		texts = g.texts(flat)
		g.maker.texts[key] = texts
	}
	return g.pick(texts)
}

func (g *generator) pick(texts []string) any {
	if len(texts) == 0 {
		g.fail("no text could be made that keeps to the schema's pattern, format and length")
		return "x"
	}
	return texts[g.choose("value", len(texts), 0, false)]
}

// texts lists texts that the schemas allow.
func (g *generator) texts(flat []*santhosh.Schema) (texts []string) {
	r := rulesOf(flat)
	var candidates []string
	for _, f := range r.formats {
		candidates = append(candidates, g.ofFormat(f)...)
	}
	for _, p := range r.patterns {
		candidates = append(candidates, g.ofPattern(p, &r)...)
	}
	if len(candidates) == 0 {
		candidates = g.free(&r)
	}
	for _, c := range candidates {
		if r.allow(c) && !slices.Contains(texts, c) {
			texts = append(texts, c)
		}
	}
	for try := 0; len(texts) == 0 && try < 200 && len(r.patterns) > 0; try++ {
		p := g.patternOf(r.patterns[try%len(r.patterns)])
		if text := p.text(chance(g.options.Seed, uint64(try)), 0, anywhere); r.allow(text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// source is where chance comes from: for the systematic instances the place, so that a place always has the same texts.
func (g *generator) source() *rand.Rand {
	if g.random != nil {
		return g.random
	}
	h := fnv.New64a()
	h.Write([]byte(g.at()))
	return chance(g.options.Seed, h.Sum64())
}

// free makes texts that nothing but a length bounds.
func (g *generator) free(r *textRules) []string {
	if g.random != nil {
		high := r.min + 40
		if r.max >= 0 {
			high = min(high, r.max)
		}
		return []string{words(g.random, r.min+g.random.IntN(high-r.min+1))}
	}
	texts := []string{fit("Текст", r), strings.Repeat("я", max(r.min, 0)), fit(`A&B <"Ё"> 'z'`, r)}
	if r.max > 0 && r.max <= longest {
		texts = append(texts, strings.Repeat("Щ", r.max))
	}
	return texts
}

// fit cuts or lengthens a text to an allowed length.
func fit(text string, r *textRules) string {
	runes := []rune(text)
	if r.max >= 0 && len(runes) > r.max {
		runes = runes[:r.max]
	}
	for len(runes) < r.min {
		runes = append(runes, 'а'+rune(len(runes)%32))
	}
	return string(runes)
}

// words are n characters as people write them: no white space at either end or twice in a row.
func words(random *rand.Rand, n int) string {
	const letters = "абвгдежзиклмнопрстуфхцчшщьыэюяАБВЁёABCabc0123456789-.,'&<\"№"
	alphabet := []rune(letters)
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[random.IntN(len(alphabet))]
		if i > 0 && i < n-1 && out[i-1] != ' ' && random.IntN(8) == 0 {
			out[i] = ' '
		}
	}
	return string(out)
}

// ofFormat lists texts of a format: a usual one first, then its bounds and its other ways of writing.
func (g *generator) ofFormat(f *santhosh.Format) []string {
	random := g.source()
	checked := func(layout string) string { return withCheckDigits(random, layout, f) }
	switch f.Name {
	case "snils":
		return []string{checked("1########??"), checked("1##-###-### ??"), "00000000100", checked("999#####0??")}
	case "inn":
		return []string{checked("77########??"), checked("77#######?"), checked("01########??"), checked("01#######?")}
	case "ogrn":
		return []string{checked("1027########?"), checked("5##########0?")}
	case "ogrnip":
		return []string{checked("30477#########?"), checked("3###########0#?")}
	case "date":
		return []string{"1985-07-15", "2000-02-29", "0001-01-01", "1899-12-31", "1900-01-01", "1999-12-31", "2024-02-29", "2099-12-31", "9999-12-31"}
	case "date-time":
		return []string{"2025-03-14T10:15:30+03:00", "2025-03-14T10:15:30Z", "2024-02-29T23:59:59.999+03:00", "2024-12-31T23:30:00-11:00",
			"0001-01-01T12:00:00Z", "1900-01-01T12:00:00Z", "2000-01-01T00:00:00.000000001Z", "2099-12-31T12:00:00Z", "9999-12-31T12:00:00Z"}
	case "time":
		return []string{"12:30:00Z", "00:00:00Z", "23:59:59.999+03:00"}
	case "duration":
		return []string{"P1D", "PT0S", "P1Y2M3DT4H5M6S"}
	case "money":
		return []string{"1520.50", "0", "0.01", "100", "7.5", "-1", "999999999999999.99", strings.Repeat("9", 27) + ".99"}
	case "decimal":
		return []string{"52.5", "0", "0.01", "100", "-1", "999999999.999", "0." + strings.Repeat("0", 26) + "1", strings.Repeat("9", 30)}
	case "uuid":
		return []string{fmt.Sprintf("6ba7b810-9dad-41d1-80b4-%012x", random.Uint64()&0xFFFFFFFFFFFF), "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF"}
	case "base64", "byte":
		return []string{base64.StdEncoding.EncodeToString([]byte("Текст")), "YQ==", "YWI=", ""}
	case "email":
		local, domain := strings.Repeat("a", 64), strings.Repeat("b", 63)+"."+strings.Repeat("c", 63)+"."+strings.Repeat("d", 61)
		return []string{"ivanov@example.org", "a@b.cc", local + "@" + domain}
	case "hostname", "idn-hostname":
		return []string{"agency.example", "a"}
	case "ipv4":
		return []string{"192.0.2.1", "255.255.255.255"}
	case "ipv6":
		return []string{"2001:db8::1", "::"}
	case "uri", "iri", "uri-reference", "iri-reference":
		return []string{"https://agency.example/a?b=1&c=2#d", "urn:a:b"}
	case "json-pointer", "relative-json-pointer":
		return []string{"/a/0", "0"}
	case "regex":
		return []string{"^a+$"}
	}
	return nil
}

// withCheckDigits fills a layout: # is any digit, ? a check digit. Which one is right the format itself says, so that
// nothing here need know how they are counted.
func withCheckDigits(random *rand.Rand, layout string, f *santhosh.Format) string {
	text := []byte(layout)
	var checks []int
	for i, c := range text {
		switch c {
		case '#':
			text[i] = '0' + byte(random.IntN(10))
		case '?':
			checks = append(checks, i)
		}
	}
	for n := range 100 {
		if len(checks) > 0 {
			text[checks[len(checks)-1]] = '0' + byte(n%10)
		}
		if len(checks) > 1 {
			text[checks[len(checks)-2]] = '0' + byte(n/10)
		}
		if f.Validate(string(text)) == nil {
			return string(text)
		}
	}
	return string(text)
}
