package codec

import "sluice/contracts/xsd"

// validMoment checks the lexical form of dates, times and durations (XML Schema part 2, §3.2.6 to §3.2.14).
func validMoment(b xsd.Builtin, text []byte) bool {
	c := cursor{text: text, ok: true}
	switch b {
	case xsd.DateTime:
		c.date()
		c.literal('T')
		c.time()
	case xsd.Date:
		c.date()
	case xsd.Time:
		c.time()
	case xsd.GYearMonth:
		c.year()
		c.literal('-')
		c.number(1, 12)
	case xsd.GYear:
		c.year()
	case xsd.GMonthDay:
		c.literal('-')
		c.literal('-')
		month := c.number(1, 12)
		c.literal('-')
		c.number(1, daysIn(2000, month))
	case xsd.GDay:
		c.literal('-')
		c.literal('-')
		c.literal('-')
		c.number(1, 31)
	case xsd.GMonth:
		c.literal('-')
		c.literal('-')
		c.number(1, 12)
	case xsd.Duration:
		return validDuration(text)
	default:
		return true
	}
	c.zone()
	return c.ok && len(c.text) == 0
}

// cursor eats a text from the front; ok turns false at the first thing that is not as it should be.
type cursor struct {
	text []byte
	ok   bool
}

func (c *cursor) literal(want byte) {
	if len(c.text) == 0 || c.text[0] != want {
		c.ok = false
		return
	}
	c.text = c.text[1:]
}

// number eats two digits.
func (c *cursor) number(low, high int) int {
	if len(c.text) < 2 || !digit(c.text[0]) || !digit(c.text[1]) {
		c.ok = false
		return low
	}
	n := int(c.text[0]-'0')*10 + int(c.text[1]-'0')
	c.text = c.text[2:]
	c.ok = c.ok && n >= low && n <= high
	return n
}

// year eats at least four digits, more without a leading zero; there is no year 0000.
func (c *cursor) year() int {
	if len(c.text) > 0 && c.text[0] == '-' {
		c.text = c.text[1:]
	}
	n, year := 0, 0
	for n < len(c.text) && digit(c.text[n]) {
		year = (year*10 + int(c.text[n]-'0')) % 400_000 // keeps what leap years depend on
		n++
	}
	zero := true
	for _, d := range c.text[:n] {
		zero = zero && d == '0'
	}
	if n < 4 || n > 4 && c.text[0] == '0' || zero {
		c.ok = false
	}
	c.text = c.text[n:]
	return year
}

func (c *cursor) date() {
	year := c.year()
	c.literal('-')
	month := c.number(1, 12)
	c.literal('-')
	c.number(1, daysIn(year, month))
}

// time eats hh:mm:ss and a fraction; 24:00:00 is the end of the day.
func (c *cursor) time() {
	start := c.text
	hour := c.number(0, 24)
	c.literal(':')
	c.number(0, 59)
	c.literal(':')
	c.number(0, 59)
	if len(c.text) > 0 && c.text[0] == '.' {
		n := 1
		for n < len(c.text) && digit(c.text[n]) {
			n++
		}
		c.ok = c.ok && n > 1
		c.text = c.text[n:]
	}
	if hour == 24 {
		for _, d := range start[2 : len(start)-len(c.text)] {
			c.ok = c.ok && (d == '0' || d == ':' || d == '.')
		}
	}
}

// zone eats Z or an offset of up to fourteen hours, if there is one.
func (c *cursor) zone() {
	if len(c.text) == 0 {
		return
	}
	switch c.text[0] {
	case 'Z':
		c.text = c.text[1:]
	case '+', '-':
		c.text = c.text[1:]
		hours := c.number(0, 14)
		c.literal(':')
		if minutes := c.number(0, 59); hours == 14 && minutes > 0 {
			c.ok = false
		}
	}
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// validDuration checks PnYnMnDTnHnMnS: at least one part, in this order, and a T only before parts of a day.
func validDuration(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	if len(text) < 2 || text[0] != 'P' {
		return false
	}
	text = text[1:]
	units, inTime := "YMD", false
	for len(text) > 0 {
		if text[0] == 'T' && !inTime {
			units, inTime, text = "HMS", true, text[1:]
			if len(text) == 0 {
				return false
			}
		}
		n, points := 0, 0
		for n < len(text) && (digit(text[n]) || text[n] == '.' && n > 0 && points == 0) {
			if text[n] == '.' {
				points++
			}
			n++
		}
		if n == 0 || n == len(text) || text[n-1] == '.' || points > 0 && text[n] != 'S' {
			return false
		}
		for len(units) > 0 && units[0] != text[n] {
			units = units[1:]
		}
		if units == "" {
			return false
		}
		units, text = units[1:], text[n+1:]
	}
	return true
}

func validHex(text []byte) bool {
	for _, c := range text {
		if !digit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return len(text)%2 == 0
}
