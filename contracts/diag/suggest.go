package diag

import (
	"strings"
	"unicode/utf8"
)

// lookalikes maps Latin letters to the Cyrillic ones that no eye can tell apart.
var lookalikes = strings.NewReplacer(
	"A", "А", "B", "В", "C", "С", "E", "Е", "H", "Н", "K", "К", "M", "М", "O", "О", "P", "Р", "T", "Т", "X", "Х", "Y", "У",
	"a", "а", "c", "с", "e", "е", "o", "о", "p", "р", "x", "х", "y", "у",
)

// Suggest returns a hint such as `did you mean "Фамилия"?` when one of the candidates is close to name, else "".
// A name that differs only by Latin letters among Cyrillic ones, or the other way round, is said to do so.
func Suggest(name string, candidates []string) string {
	best, lookalike := Closest(name, candidates)
	switch {
	case best == "":
		return ""
	case lookalike:
		return `did you mean "` + best + `"? a Latin letter stands among Cyrillic ones, or the other way round`
	}
	return `did you mean "` + best + `"?`
}

// Closest returns the candidate that name was probably meant to be, or "". It is a lookalike when only Latin letters
// among Cyrillic ones, or the other way round, tell the two apart.
func Closest(name string, candidates []string) (best string, lookalike bool) {
	plain := lookalikes.Replace(name)
	bestDistance := utf8.RuneCountInString(name)/3 + 1
	for _, c := range candidates {
		if c == name {
			continue
		}
		if lookalikes.Replace(c) == plain {
			return c, true
		}
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	return best, false
}

// distance counts the single-character edits, swaps of neighbours included, that turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}
