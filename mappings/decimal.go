package mappings

import (
	"errors"
	"math/big"
	"strings"
)

// decimal is unscaled / 10^places: money and other numbers that must not lose a digit.
type decimal struct {
	unscaled *big.Int
	places   int
}

// maxDigits bounds what one number may have, so that arithmetic stays bounded too.
const maxDigits = 200

// parseDecimal reads an xs:decimal, or a float as Go prints it. The error doesn't repeat the text: it may be personal.
func parseDecimal(s string) (decimal, error) {
	bad := errors.New("not a decimal number")
	s = strings.TrimSpace(s)
	if mantissa, exponent, ok := strings.Cut(s, "e"); ok {
		return parseFloat(mantissa, exponent)
	}
	if len(s) > maxDigits {
		return decimal{}, errors.New("the number has too many digits")
	}
	body := strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	if len(s)-len(body) > 1 {
		return decimal{}, bad
	}
	whole, fraction, _ := strings.Cut(body, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return decimal{}, bad
	}
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return decimal{}, bad
	}
	if s[0] == '-' {
		n.Neg(n)
	}
	return decimal{n, len(fraction)}, nil
}

// parseFloat reads Go's 1.5e+06, which very large and very small floats are printed as.
func parseFloat(mantissa, exponent string) (decimal, error) {
	if len(exponent) > 5 || strings.Contains(exponent, "e") {
		return decimal{}, errors.New("the number has too many digits")
	}
	d, err := parseDecimal(mantissa)
	if err != nil {
		return decimal{}, err
	}
	e, ok := new(big.Int).SetString(exponent, 10)
	if !ok || !e.IsInt64() || e.Int64() > maxDigits || e.Int64() < -maxDigits {
		return decimal{}, errors.New("not a decimal number")
	}
	d.places -= int(e.Int64())
	if d.places < 0 {
		d.unscaled.Mul(d.unscaled, power10(-d.places))
		d.places = 0
	}
	return d, nil
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// align gives both the same number of places.
func align(a, b decimal) (x, y *big.Int, places int) {
	places = max(a.places, b.places)
	x = new(big.Int).Mul(a.unscaled, power10(places-a.places))
	y = new(big.Int).Mul(b.unscaled, power10(places-b.places))
	return x, y, places
}

func (a decimal) add(b decimal) decimal {
	x, y, places := align(a, b)
	return decimal{x.Add(x, y), places}
}

func (a decimal) subtract(b decimal) decimal {
	x, y, places := align(a, b)
	return decimal{x.Sub(x, y), places}
}

func (a decimal) multiply(b decimal) decimal {
	return decimal{new(big.Int).Mul(a.unscaled, b.unscaled), a.places + b.places}
}

func (a decimal) divide(b decimal, places int) (decimal, error) {
	if b.unscaled.Sign() == 0 {
		return decimal{}, errors.New("division by zero")
	}
	x, y, _ := align(a, b)
	return decimal{halfUp(x.Mul(x, power10(places)), y), places}, nil
}

func (a decimal) compare(b decimal) int {
	x, y, _ := align(a, b)
	return x.Cmp(y)
}

func (a decimal) round(places int) decimal {
	if a.places <= places {
		return decimal{new(big.Int).Mul(a.unscaled, power10(places-a.places)), places}
	}
	return decimal{halfUp(a.unscaled, power10(a.places-places)), places}
}

// halfUp is x/y rounded to the nearest, halves away from zero.
func halfUp(x, y *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(y) >= 0 {
		q.Add(q, big.NewInt(int64(x.Sign()*y.Sign())))
	}
	return q
}

func (a decimal) int64() (any, error) {
	whole, rest := new(big.Int).QuoRem(a.unscaled, power10(a.places), new(big.Int))
	if rest.Sign() != 0 {
		return nil, errors.New("the number has a fraction")
	}
	if !whole.IsInt64() {
		return nil, errors.New("the number is too large for an integer")
	}
	return whole.Int64(), nil
}

func (a decimal) String() string { return a.format(".", "") }

// format writes the number with its own decimal mark and mark between thousands.
func (a decimal) format(mark, thousands string) string {
	s := new(big.Int).Abs(a.unscaled).String()
	if len(s) <= a.places {
		s = strings.Repeat("0", a.places-len(s)+1) + s
	}
	whole, fraction := s[:len(s)-a.places], s[len(s)-a.places:]
	var b strings.Builder
	if a.unscaled.Sign() < 0 {
		b.WriteByte('-')
	}
	for i, digit := range whole {
		if i > 0 && thousands != "" && (len(whole)-i)%3 == 0 {
			b.WriteString(thousands)
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString(mark)
		b.WriteString(fraction)
	}
	return b.String()
}
