package jsonschema

// Violation is one way in which a tree breaks its schema.
type Violation struct {
	Pointer string // RFC 6901, to the offending place; for a missing member, where it should be; "" is the whole tree
	Code    string // the schema keyword that is broken, or the name of the format; stable
	RU, EN  string // what is wrong, for a person; holds no value of the tree beyond a member's name
}

// Text is the violation in the language: "ru", or English for any other.
func (v Violation) Text(lang string) string {
	if lang == "ru" {
		return v.RU
	}
	return v.EN
}

// Under returns the violations with prefix put before each pointer.
func Under(prefix string, vs []Violation) []Violation {
	for i := range vs {
		vs[i].Pointer = prefix + vs[i].Pointer
	}
	return vs
}
