package exchange

import (
	"errors"
	"fmt"
	"strings"

	"sluice/contracts/xsd/codec"
	"sluice/mappings"
)

// Describe says what is wrong with a message and where in it, without what the message holds.
func Describe(err error) string {
	var (
		c *codec.Error
		m *mappings.Error
		s []string
	)
	switch {
	case errors.As(err, &c):
		if c.Path != "" {
			s = append(s, c.Path+":")
		}
		s = append(s, c.Text)
		if c.Expected != "" {
			s = append(s, "(expected "+c.Expected+")")
		}
		text := Safe(strings.Join(s, " "))
		if c.Line > 0 {
			text += fmt.Sprintf(" at line %d, column %d", c.Line, c.Column) // which Safe would mask in a large message
		}
		return text
	case errors.As(err, &m):
		return Safe(fmt.Sprintf("%s: %s (%s)", m.Path, m.Message, m.Pos))
	}
	return Safe(err.Error())
}
