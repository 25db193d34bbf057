package xsd

import "strings"

// Name is an expanded XML name: a namespace URI and a local part.
type Name struct{ Space, Local string }

// String is the name as trees and messages write it: {space}local, or the local part alone when there is no namespace.
func (n Name) String() string {
	if n.Space == "" {
		return n.Local
	}
	return n.Clark()
}

// Clark is {space}local, with empty braces when there is no namespace.
func (n Name) Clark() string { return "{" + n.Space + "}" + n.Local }

// ParseName reads what String and Clark write.
func ParseName(s string) Name {
	if rest, ok := strings.CutPrefix(s, "{"); ok {
		if end := strings.LastIndexByte(rest, '}'); end >= 0 {
			return Name{Space: rest[:end], Local: rest[end+1:]}
		}
	}
	return Name{Local: s}
}
