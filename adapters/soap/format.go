package soap

import (
	"encoding/base64"
	"fmt"
	"slices"

	"sluice/adapters"
	"sluice/contracts/mtom"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// format is how a manifest wants messages to be written and read.
type format struct {
	attachments string // inline, mtom or swa
	reading     string // strict, tolerant or lenient
	addressing  bool
}

func newFormat(m *adapters.Manifest) format {
	return format{attachments: m.Attachments, reading: m.Reading, addressing: m.Addressing == "2005-08"}
}

// attachmentsKey is where a tree holds what is attached to the envelope.
const attachmentsKey = "_attachments"

// shape is a message's shape with what may be attached.
func (f format) shape(m *wsdl.Message) *shape.Type {
	if f.attachments == "inline" {
		return m.Shape()
	}
	text := &shape.Type{Kind: shape.String}
	t := *m.Shape()
	t.Fields = append(slices.Clip(t.Fields), shape.Field{Name: attachmentsKey, Doc: "what is attached to the envelope", Type: &shape.Type{Kind: shape.List, Elem: &shape.Type{
		Kind: shape.Object, Name: "attachment", Fields: []shape.Field{
			{Name: "id", Required: true, Type: text, Doc: "the Content-ID; the envelope refers to it by cid:"},
			{Name: "type", Required: true, Type: text, Doc: "the media type"},
			{Name: "content", Required: true, Type: &shape.Type{Kind: shape.String, Format: shape.Base64}},
		}}}})
	return &t
}

// detach takes what is to be attached out of a tree.
func detach(message *tree.Object) (rest *tree.Object, parts []mtom.Part, err error) {
	given, ok := message.Lookup(attachmentsKey)
	if !ok {
		return message, nil, nil
	}
	rest = tree.Sized(message.Len())
	for key, value := range message.All() {
		if key != attachmentsKey {
			rest.Set(key, value)
		}
	}
	list, ok := given.([]any)
	if !ok && given != nil {
		return nil, nil, &codec.Error{Path: attachmentsKey, Text: "the value has the wrong form", Expected: "a list"}
	}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", attachmentsKey, i+1)
		entry, _ := item.(*tree.Object)
		id, _ := entry.Get("id").(string)
		mediaType, _ := entry.Get("type").(string)
		content, _ := entry.Get("content").(string)
		body, err := base64.StdEncoding.DecodeString(content)
		switch {
		case err != nil:
			return nil, nil, &codec.Error{Path: at + "/content", Text: "the value is no base64"}
		case !plain(id) || !plain(mediaType):
			return nil, nil, &codec.Error{Path: at, Text: "an attachment needs an id and a type that can stand in a header", Expected: "visible ASCII characters"}
		}
		parts = append(parts, mtom.Part{ID: id, Type: mediaType, Body: body})
	}
	return rest, parts, nil
}

// plain says whether a text can stand in a header as it is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return s != ""
}

// write makes an envelope and what is attached to it.
func (f format) write(m *wsdl.Message, message *tree.Object) (envelope []byte, parts []mtom.Part, err error) {
	message, parts, err = detach(message)
	if err != nil {
		return nil, nil, err
	}
	if f.attachments != "mtom" {
		envelope, err = m.Append(nil, message)
		return envelope, parts, err
	}
	attach := func(content []byte) string {
		id := fmt.Sprintf("%d@sluice", len(parts)+1)
		parts = append(parts, mtom.Part{ID: id, Type: "application/octet-stream", Body: content})
		return "cid:" + id
	}
	envelope, err = m.AppendAttaching(nil, message, attach)
	return envelope, parts, err
}

// wrap puts an envelope and its attachments into the body of an HTTP message.
func (f format) wrap(op *wsdl.Operation, envelope []byte, parts []mtom.Part) (body []byte, contentType string) {
	if f.attachments != "mtom" && len(parts) == 0 {
		return envelope, op.ContentType()
	}
	root, action := mtom.Part{Type: "text/xml", Body: envelope}, ""
	if op.Version == wsdl.SOAP12 {
		root.Type, action = "application/soap+xml", op.Action
	}
	return mtom.Package(root, action, f.attachments == "mtom", parts)
}

// options are how an envelope is read that came with attachments.
func (f format) options(m *mtom.Message, limits scan.Limits) codec.Options {
	return codec.Options{Charset: m.Charset(), Limits: limits, Strict: f.reading == "strict", Lenient: f.reading == "lenient", Attachment: m.Attachment}
}

// attached adds to a tree what came with its envelope and the envelope has not taken in.
func (f format) attached(message *tree.Object, m *mtom.Message) {
	if f.attachments == "inline" || message == nil {
		return
	}
	var list []any
	for _, p := range m.Rest() {
		list = append(list, tree.Of("id", p.ID, "type", p.Type, "content", base64.StdEncoding.EncodeToString(p.Body)))
	}
	if list != nil {
		message.Set(attachmentsKey, list)
	}
}
