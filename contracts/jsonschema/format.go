package jsonschema

import (
	"errors"
	"strings"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

// formats are the formats that are checked here: those of Russian registers, those of money, and those that every
// request is full of, where a check of our own is much faster than the library's.
var formats = map[string]func(string) bool{
	"snils":     validSNILS,
	"inn":       validINN,
	"ogrn":      func(s string) bool { return len(s) == 13 && validOGRN(s) },
	"ogrnip":    func(s string) bool { return len(s) == 15 && validOGRN(s) },
	"decimal":   func(s string) bool { return validDecimal(s, -1) },
	"money":     func(s string) bool { return validDecimal(s, 2) },
	"date":      validDate,
	"date-time": validDateTime,
	"uuid":      validUUID,
	"base64":    validBase64,
	"byte":      validBase64, // OpenAPI's name of it
}

// ownFormats hands the formats to the compiler, which keeps them beside its own.
func ownFormats() []*santhosh.Format {
	var out []*santhosh.Format
	for name, valid := range formats {
		out = append(out, &santhosh.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return errors.New("wrong")
			}
			return nil
		}})
	}
	return out
}

// validSNILS takes 123-456-789 64 and 12345678964. The sum of the digits weighted 9 to 1, modulo 101, makes the check
// digits, 100 making 00. Numbers up to 001-001-998 were given out before there were check digits.
func validSNILS(s string) bool {
	if len(s) == 14 {
		if s[3] != '-' || s[7] != '-' || s[11] != ' ' {
			return false
		}
		s = s[:3] + s[4:7] + s[8:11] + s[12:]
	}
	if len(s) != 11 || !digitsOnly(s) {
		return false
	}
	if s[:9] <= "001001998" {
		return s[:9] != "000000000"
	}
	sum := 0
	for i := range 9 {
		sum += int(s[i]-'0') * (9 - i)
	}
	return sum%101%100 == int(s[9]-'0')*10+int(s[10]-'0')
}

var innWeights = [...]int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}

// validINN takes 10 digits of an organisation (one check digit) and 12 of a person (two).
func validINN(s string) bool {
	if !digitsOnly(s) || strings.Trim(s, "0") == "" {
		return false
	}
	check := func(n int) bool { // the digit at n stands for those before it
		sum := 0
		for i, w := range innWeights[len(innWeights)-n:] {
			sum += int(s[i]-'0') * w
		}
		return sum%11%10 == int(s[n]-'0')
	}
	switch len(s) {
	case 10:
		return check(9)
	case 12:
		return check(10) && check(11)
	}
	return false
}

// validOGRN checks the last digit: the number before it modulo 11 (13 digits) or 13 (15 digits), its last digit.
func validOGRN(s string) bool {
	if !digitsOnly(s) || s[0] == '0' {
		return false
	}
	n, last := 0, len(s)-1
	for _, c := range []byte(s[:last]) {
		n = n*10 + int(c-'0')
	}
	return n%(len(s)-2)%10 == int(s[last]-'0')
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// validDecimal takes -12.50 and 7, at most 30 characters, without superfluous zeros before the point; fraction bounds the
// digits after it, -1 doesn't.
func validDecimal(s string, fraction int) bool {
	if len(s) > 30 {
		return false
	}
	whole, part, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !digitsOnly(whole) || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	return !dotted || digitsOnly(part) && (fraction < 0 || len(part) <= fraction)
}

// number reads digits at s[i:j], or -1.
func number(s string, i, j int) int {
	n := 0
	for ; i < j; i++ {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// validDate takes the full-date of RFC 3339.
func validDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	y, m, d := number(s, 0, 4), number(s, 5, 7), number(s, 8, 10)
	return y >= 0 && m >= 1 && m <= 12 && d >= 1 && d <= monthDays(y, m)
}

func monthDays(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// validDateTime takes the date-time of RFC 3339; a leap second only where one can be, at the end of a UTC day.
func validDateTime(s string) bool {
	if len(s) < 20 || s[10]|0x20 != 't' || !validDate(s[:10]) || s[13] != ':' || s[16] != ':' {
		return false
	}
	h, m, sec := number(s, 11, 13), number(s, 14, 16), number(s, 17, 19)
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 {
		return false
	}
	rest := s[19:]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		rest = rest[n:]
	}
	offset := 0
	if rest != "Z" && rest != "z" {
		if len(rest) != 6 || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
			return false
		}
		oh, om := number(rest, 1, 3), number(rest, 4, 6)
		if oh < 0 || oh > 23 || om < 0 || om > 59 {
			return false
		}
		offset = oh*60 + om
		if rest[0] == '-' {
			offset = -offset
		}
	}
	if sec == 60 {
		const day = 24 * 60
		return ((h*60+m-offset)%day+day)%day == day-1
	}
	return true
}

func validUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'f':
		default:
			return false
		}
	}
	return true
}

var base64Digit = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = true
	}
	return t
}()

// validBase64 takes RFC 4648 §4 with padding and without line breaks.
func validBase64(s string) bool {
	if len(s)%4 != 0 {
		return false
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	for i := range len(s) {
		if !base64Digit[s[i]] {
			return false
		}
	}
	return len(s)%4 != 1
}
