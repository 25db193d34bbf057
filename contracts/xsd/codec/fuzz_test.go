package codec_test

import (
	"reflect"
	"testing"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/sample"
	"sluice/contracts/xsd/scan"
)

// FuzzReader reads anything as any element of testdata/kinds.xsd. What can be read can be written, and means the same.
func FuzzReader(f *testing.F) {
	s, err := kinds()
	if err != nil {
		f.Fatal(err)
	}
	elements := s.Elements()
	for i, e := range elements {
		if e.Abstract {
			continue
		}
		m := codec.ForElement(s, e)
		for _, o := range []sample.Options{{}, {Everything: true}, {Everything: true, Seed: 7}} {
			message, _ := sample.Element(s, e, o)
			xml, err := m.Append(nil, message)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), xml)
		}
	}
	for _, doc := range []string{
		`<open xmlns="urn:kinds" xmlns:o="urn:o" o:a="&lt;"><o:x p="o:y"><!-- c --><![CDATA[<]]></o:x></open>`,
		`<values xmlns="urn:kinds"><string>&#x10FFFF;</string><qname xmlns:q="u&amp;v">q:x</qname><any a="b">c</any><float>1e39</float></values>`,
		`<frame xmlns="urn:kinds" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><of i:type="square" i:nil="false"><side>1</side></of></frame>`,
		`<maybe xmlns="urn:kinds" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1" why=""/>`,
		`<text xmlns="urn:kinds"> a <b>c</b>` + "\r\n" + `<d/> e </text>`,
	} {
		for i := range elements {
			f.Add(uint8(i), []byte(doc))
		}
	}
	f.Fuzz(func(t *testing.T, at uint8, doc []byte) {
		m := codec.ForElement(s, elements[int(at)%len(elements)])
		limits := codec.Options{Limits: scan.Limits{Bytes: 1 << 16, Elements: 1000}}
		read, err := m.DecodeWith(doc, limits)
		if err != nil {
			return
		}
		written, err := m.Append(nil, read.Tree)
		if err != nil {
			t.Fatalf("%v\nof %q\nread from %q", err, read.Tree, doc)
		}
		again, err := m.DecodeWith(written, codec.Options{Strict: len(read.Drift) == 0})
		if err != nil {
			t.Fatalf("%v\nof %q\nwritten from %q\nread from %q", err, written, read.Tree, doc)
		}
		if !same(again.Tree, read.Tree) {
			t.Fatalf("got  %v\nwant %v\nof   %q\nfrom %q", again.Tree, read.Tree, written, doc)
		}
	})
}

// same compares trees; raw XML that was read twice may have gained declarations, which mean nothing.
func same(a, b any) bool {
	switch a := a.(type) {
	case *tree.Object:
		b, ok := b.(*tree.Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for key := range a.All() {
			if key != xsd.KeyAny && !same(a.Get(key), b.Get(key)) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || a != a && b != b)
	}
	return reflect.DeepEqual(a, b)
}
