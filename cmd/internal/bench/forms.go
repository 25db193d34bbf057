package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing/fstest"

	"golang.org/x/text/encoding/charmap"

	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// treeContract is a contract whose messages can be as long, as wide and as deep as one likes.
const treeContract = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:bench" targetNamespace="urn:bench" elementFormDefault="qualified">
  <xs:element name="узел" type="Узел"/>
  <xs:complexType name="Узел">
    <xs:sequence>
      <xs:element name="текст" type="xs:string" minOccurs="0"/>
      <xs:element name="число" type="xs:int" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="узел" type="Узел" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="код" type="xs:string"/>
  </xs:complexType>
</xs:schema>`

// unbounded are limits for messages that are larger than a hub would take; the depth stays what it is there.
var unbounded = codec.Options{Limits: scan.Limits{Bytes: 1 << 30, Elements: 1 << 30}}

// forms makes messages of several forms, as large as one likes, with what reads them.
type forms struct {
	poll              *wsdl.Operation
	history, cyrillic repeater // in UTF-8, in windows-1251
	tree              *codec.Message
}

func newForms() (*forms, error) {
	service, _, err := zagsService()
	if err != nil {
		return nil, err
	}
	f := &forms{}
	var ok bool
	if f.poll, ok = service.Poll.Operation.Native.(*wsdl.Operation); !ok {
		return nil, fmt.Errorf("ZAGS speaks no SOAP: %T", service.Poll.Operation.Native)
	}
	if f.history, err = newHistory(); err != nil {
		return nil, err
	}
	if f.cyrillic, err = f.history.transcoded(); err != nil {
		return nil, err
	}
	const file = "tree.xsd"
	schema, err := xsd.Load(fstest.MapFS{file: {Data: []byte(treeContract)}}, file)
	if err != nil {
		return nil, err
	}
	f.tree = codec.ForElement(schema, schema.Elements()[0])
	return f, nil
}

// transcoded is the message in windows-1251, and says so.
func (r repeater) transcoded() (repeater, error) {
	encoder := charmap.Windows1251.NewEncoder()
	head, err1 := encoder.Bytes(bytes.Replace(r.head, []byte(`encoding="UTF-8"`), []byte(`encoding="windows-1251"`), 1))
	block, err2 := encoder.Bytes(r.block)
	tail, err3 := encoder.Bytes(r.tail)
	return repeater{head, block, tail}, errors.Join(err1, err2, err3)
}

// message is one to read.
type message struct {
	form   string
	doc    []byte
	decode func() error
}

func (m message) elements() int {
	return bytes.Count(m.doc, []byte("<")) - bytes.Count(m.doc, []byte("</"))
}

// records is a SOAP envelope with as many records as make size bytes.
func (f *forms) records(size int) message { return f.reply("records", f.history.of(size)) }

// inOldCharset is the same in windows-1251, where a letter is one byte.
func (f *forms) inOldCharset(size int) message { return f.reply("windows-1251", f.cyrillic.of(size)) }

func (f *forms) reply(form string, doc []byte) message {
	return message{form, doc, func() error {
		r, err := f.poll.DecodeReplyWith(doc, unbounded)
		if err == nil && r.Tree == nil {
			err = errors.New("the reply is a fault")
		}
		return err
	}}
}

// text is one long text.
func (f *forms) text(size int) message {
	const words = "Справка о составе семьи. "
	return f.node("one text", "<текст>"+strings.Repeat(words, size/len(words))+"</текст>")
}

// small is many elements that are as small as can be.
func (f *forms) small(size int) message {
	const element = "<число>7</число>"
	return f.node("small elements", strings.Repeat(element, size/len(element)))
}

// deep is elements in one another, so many deep below the root.
func (f *forms) deep(size, depth int) message {
	const start, end = `<узел код="7">`, `</узел>`
	chain := strings.Repeat(start, depth) + strings.Repeat(end, depth)
	return f.node(fmt.Sprintf("%d deep", depth), strings.Repeat(chain, max(1, size/len(chain))))
}

func (f *forms) node(form, content string) message {
	doc := []byte(`<узел xmlns="urn:bench">` + content + `</узел>`)
	return message{form, doc, func() error { _, err := f.tree.DecodeWith(doc, unbounded); return err }}
}
