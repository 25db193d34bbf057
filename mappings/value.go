package mappings

import (
	"regexp"
	"strings"
	"time"

	"sluice/contracts/shape"
)

// value is what the checker knows of an expression before any message is there.
type value struct {
	shape   *shape.Type
	absent  bool   // there may be no value
	gap     bool   // there may be none although every ?. on the way has found something
	path    string // its name among the facts, where it is a path
	root    string // the root or loop variable that it hangs on, where it is a path or made of one
	chained bool   // it is written with ?., so that its author knows that it may be absent
	literal any    // of a constant
	items   *fact  // what filter() has proved of each item, by paths that start with itemPath
	broken  bool   // its fault is reported: say nothing more
}

// itemPath stands for an item of a list in what filter() has proved.
const itemPath = "#"

// fact is one thing proved at a place of the file: a path is present, or absent. Facts are a list that grows inwards.
type fact struct {
	up      *fact
	path    string
	present bool
}

// holds tells whether the facts prove that path is present.
func (f *fact) holds(path string) bool {
	for ; f != nil; f = f.up {
		if f.present && (f.path == path || strings.HasPrefix(f.path, path+".")) {
			return true
		}
	}
	return false
}

// rules out tells whether the facts prove that path is absent.
func (f *fact) rulesOut(path string) bool {
	for ; f != nil; f = f.up {
		if !f.present && (f.path == path || strings.HasPrefix(path, f.path+".")) {
			return true
		}
	}
	return false
}

// renamed is the facts about from and what is below it, told of to.
func (f *fact) renamed(from, to string, onto *fact) *fact {
	for ; f != nil; f = f.up {
		if f.path == from || strings.HasPrefix(f.path, from+".") {
			onto = &fact{onto, to + f.path[len(from):], f.present}
		}
	}
	return onto
}

// chosen tells whether field must be present because the other branches of a required choice are ruled out.
func (f *fact) chosen(object *shape.Type, path, field string) bool {
	for _, c := range object.Choices {
		if !c.Required {
			continue
		}
		mine := false
		others := true
		for _, b := range c.Branches {
			if len(b) == 1 && b[0] == field {
				mine = true
				continue
			}
			out := false
			for _, name := range b {
				out = out || f.rulesOut(path+"."+name)
			}
			others = others && out
		}
		if mine && others {
			return true
		}
	}
	return false
}

// accepts tells whether a value is of one of the kinds in a. A literal counts as a date or number where it reads as one.
func accepts(a accept, v value) bool {
	t := v.shape
	switch t.Kind {
	case shape.Any:
		return true
	case shape.Int:
		return a&acceptInt != 0
	case shape.Number:
		return a&acceptNumber != 0
	case shape.Bool:
		return a&acceptBool != 0
	case shape.List:
		return a&acceptList != 0
	case shape.Object:
		return a&acceptObject != 0
	}
	if a&acceptText != 0 {
		return true
	}
	formats := map[accept]shape.Format{acceptDate: shape.Date, acceptDateTime: shape.DateTime, acceptDecimal: shape.Decimal, acceptBase64: shape.Base64}
	for bit, format := range formats {
		if a&bit == 0 {
			continue
		}
		if t.Format == format {
			return true
		}
		if s, ok := v.literal.(string); ok && hasFormat(s, format) {
			return true
		}
	}
	return false
}

var (
	uuidForm    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	decimalForm = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	base64Form  = regexp.MustCompile(`^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`)
	timeForm    = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
)

// hasFormat tells whether a constant reads as the format wants it.
func hasFormat(s string, f shape.Format) bool {
	switch f {
	case shape.Date, shape.DateTime:
		_, hasTime, err := parseISO(s, time.UTC)
		return err == nil && hasTime == (f == shape.DateTime)
	case shape.Time:
		return timeForm.MatchString(s)
	case shape.Decimal:
		return decimalForm.MatchString(s)
	case shape.Base64:
		return base64Form.MatchString(s)
	case shape.UUID:
		return uuidForm.MatchString(s)
	}
	return true
}

// describe names a type for a message.
func describe(t *shape.Type) string {
	if t.Kind != shape.String || t.Format == shape.Text {
		if t.Kind == shape.String {
			return "a text"
		}
		return t.Kind.String()
	}
	switch t.Format {
	case shape.Date:
		return "a date"
	case shape.DateTime:
		return "a date and time"
	case shape.Time:
		return "a time"
	case shape.Decimal:
		return "a decimal"
	case shape.Base64:
		return "base64"
	case shape.UUID:
		return "a UUID"
	case shape.XML:
		return "a raw XML element"
	}
	return "a text"
}
