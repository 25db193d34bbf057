package wsdl

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// AppendRequest writes a whole request envelope, in UTF-8.
func (o *Operation) AppendRequest(dst []byte, message *tree.Object) ([]byte, error) {
	return o.Request.Append(dst, message)
}

// AppendReply writes a whole reply envelope, in UTF-8.
func (o *Operation) AppendReply(dst []byte, message *tree.Object) ([]byte, error) {
	return o.Reply.Append(dst, message)
}

// Append writes the whole envelope. Errors are *codec.Error.
func (m *Message) Append(dst []byte, message *tree.Object) ([]byte, error) {
	return m.AppendAttaching(dst, message, nil)
}

// AppendAttaching is Append with long binaries of the body given to attach, which says what the envelope calls them.
func (m *Message) AppendAttaching(dst []byte, message *tree.Object, attach func(content []byte) (href string)) ([]byte, error) {
	// The envelope is written where others were before, so that what is made for it has its size.
	scratch := envelopes.Get().(*[]byte)
	defer envelopes.Put(scratch)
	out, err := m.append((*scratch)[:0], message, attach)
	if cap(out) <= maxScratch {
		*scratch = out
	}
	if err != nil {
		return dst, err
	}
	return append(dst, out...), nil
}

var envelopes = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch is the largest envelope whose room is kept for others.
const maxScratch = 1 << 20

func (m *Message) append(dst []byte, message *tree.Object, attach func([]byte) string) ([]byte, error) {
	for key := range message.All() {
		if key != headerKey && !slices.ContainsFunc(m.body, func(e *xsd.Element) bool { return e.Name.Local == key }) {
			return dst, &codec.Error{Path: key, Text: "the message has no such element", Expected: names(m.body)}
		}
	}
	dst = openEnvelope(dst, m.version)
	dst, err := m.appendHeaders(dst, message)
	if err != nil {
		return dst, err
	}
	dst = append(dst, "<soap:Body>"...)
	for _, e := range m.body {
		v, ok := message.Lookup(e.Name.Local)
		if !ok {
			return dst, &codec.Error{Path: e.Name.Local, Text: "the element is missing", Contract: e.Pos.String()}
		}
		if dst, err = codec.AppendAttaching(dst, m.schema, e, v, attach); err != nil {
			return dst, err
		}
	}
	return closeEnvelope(dst), nil
}

// appendHeaders writes those of the contract's header blocks that the tree has.
func (m *Message) appendHeaders(dst []byte, message *tree.Object) ([]byte, error) {
	given, ok := message.Lookup(headerKey)
	if !ok {
		return dst, nil
	}
	headers, ok := given.(*tree.Object)
	if !ok {
		return dst, &codec.Error{Path: headerKey, Text: "the value has the wrong form", Expected: "an object"}
	}
	for key := range headers.All() {
		if !slices.ContainsFunc(m.headers, func(e *xsd.Element) bool { return e.Name.Local == key }) {
			return dst, &codec.Error{Path: headerKey + "/" + key, Text: "the message has no such header", Expected: names(m.headers)}
		}
	}
	dst = append(dst, "<soap:Header>"...)
	for _, e := range m.headers {
		v, ok := headers.Lookup(e.Name.Local)
		if !ok {
			continue
		}
		var err error
		if dst, err = codec.AppendElement(dst, m.schema, e, v); err != nil {
			var at *codec.Error
			if errors.As(err, &at) {
				at.Path = headerKey + "/" + at.Path
			}
			return dst, err
		}
	}
	return append(dst, "</soap:Header>"...), nil
}

func openEnvelope(dst []byte, v Version) []byte {
	dst = append(dst, xmlHead+`<soap:Envelope xmlns:soap="`...)
	dst = append(dst, v.URI()...)
	return append(dst, `">`...)
}

func closeEnvelope(dst []byte) []byte { return append(dst, "</soap:Body></soap:Envelope>"...) }

func names(elements []*xsd.Element) string {
	var out []string
	for _, e := range elements {
		out = append(out, e.Name.Local)
	}
	return strings.Join(out, ", ")
}

// AppendFault writes a fault envelope with the operation's typed detail.
func (o *Operation) AppendFault(dst []byte, f Fault) ([]byte, error) {
	var detail []byte
	for _, d := range o.Faults {
		v, ok := f.Detail.Lookup(d.Element.Name.Local)
		if !ok {
			continue
		}
		var err error
		if detail, err = codec.AppendElement(detail, o.schema, d.Element, v); err != nil {
			return dst, err
		}
	}
	return appendFault(dst, o.Version, f, detail), nil
}

// AppendFault writes a fault envelope without typed detail.
func AppendFault(dst []byte, v Version, f Fault) ([]byte, error) {
	return appendFault(dst, v, f, nil), nil
}

func appendFault(dst []byte, v Version, f Fault, detail []byte) []byte {
	if f.Code == "" {
		f.Code = codeServer
	}
	dst = openEnvelope(dst, v)
	dst = append(dst, "<soap:Body><soap:Fault>"...)
	element := func(name, text string) {
		dst = append(append(append(dst, '<'), name...), '>')
		dst = append(dst, escape.Replace(strings.Map(printable, text))...)
		name, _, _ = strings.Cut(name, " ")
		dst = append(append(append(dst, "</"...), name...), '>')
	}
	if v == SOAP12 {
		code := f.Code
		switch code {
		case codeClient:
			code = "Sender"
		case codeServer:
			code = "Receiver"
		}
		dst = append(dst, "<soap:Code>"...)
		element("soap:Value", "soap:"+code)
		dst = append(dst, "</soap:Code><soap:Reason>"...)
		element(`soap:Text xml:lang="en"`, f.Reason)
		dst = append(dst, "</soap:Reason>"...)
		if f.Actor != "" {
			element("soap:Role", f.Actor)
		}
		if len(detail) > 0 {
			dst = append(append(append(dst, "<soap:Detail>"...), detail...), "</soap:Detail>"...)
		}
	} else {
		element("faultcode", "soap:"+f.Code)
		element("faultstring", f.Reason)
		if f.Actor != "" {
			element("faultactor", f.Actor)
		}
		if len(detail) > 0 {
			dst = append(append(append(dst, "<detail>"...), detail...), "</detail>"...)
		}
	}
	dst = append(dst, "</soap:Fault>"...)
	return closeEnvelope(dst)
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")

// printable drops what XML 1.0 can't hold.
func printable(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}
