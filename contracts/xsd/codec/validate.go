package codec

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/tree"
)

// Validate holds a tree against every facet and key of the schema, by a validator that shares nothing with the codec.
// Errors are *Error where the tree can't be written, else a diag.List whose messages begin with the path of the place,
// names without their namespaces, an attribute as @name.
func (m *Message) Validate(message *tree.Object) error {
	v, err := m.schema.Validator()
	if err != nil {
		return err
	}
	doc, err := m.Append(nil, message)
	if err != nil {
		return err
	}
	err = v.Validate(doc)
	var list diag.List
	if !errors.As(err, &list) {
		return err
	}
	list = slices.Clone(list)
	for i, p := range list {
		path, text, found := strings.Cut(p.Message, ": ")
		if !found {
			path, text = "", p.Message
		}
		path = spaces.ReplaceAllString(path, "")
		if tag, at := startTag(doc, p); tag != nil {
			path = strings.TrimPrefix(path+"/"+localName(tag), "/")
			// The validator names no attribute: the one is meant without which it says something else.
			for _, a := range attributes.FindAllSubmatchIndex(tag, -1) {
				name := string(tag[a[2]:a[3]])
				if name == "xmlns" || strings.HasPrefix(name, "xmlns:") {
					continue
				}
				without := slices.Concat(doc[:at+a[0]], doc[at+a[1]:])
				if others := diag.Of(v.Validate(without)); len(others) == 0 || others[0].Code != list[0].Code || others[0].Line != list[0].Line || others[0].Column != list[0].Column {
					path += "/@" + name[strings.IndexByte(name, ':')+1:]
					break
				}
			}
		}
		list[i].Message = path + ": " + text
	}
	return list
}

var (
	spaces     = regexp.MustCompile(`\{[^}]*\}`)
	attributes = regexp.MustCompile(`\s([^\s="]+)="[^"]*"`)
	wholeTag   = regexp.MustCompile(`^<[^\s/>]+(?:\s+[^\s="]+="[^"]*")*\s*/?>`)
)

// startTag is the start tag where the validator stopped: it speaks of the tag itself, and gives the path of its parent.
func startTag(doc []byte, p diag.Problem) (tag []byte, at int) {
	for line := 1; line < p.Line; line++ {
		at += bytes.IndexByte(doc[at:], '\n') + 1
	}
	at += p.Column - 1
	if at < 0 || at >= len(doc) {
		return nil, 0
	}
	return wholeTag.Find(doc[at:]), at
}

func localName(tag []byte) string {
	name := string(tag[1 : 1+bytes.IndexAny(tag[1:], " \t\r\n/>")])
	return name[strings.IndexByte(name, ':')+1:]
}
