package wsdl_test

import (
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/beevik/etree"

	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/sample"
	"sluice/contracts/xsd/scan"
)

// FuzzEnvelope reads anything as a request, and as a reply, to each operation. What can be read as a message can be
// written, and means the same; a fault stays a fault.
func FuzzEnvelope(f *testing.F) {
	d := desk(f)
	operations := d.Operations()
	for i, o := range operations {
		for _, m := range []*wsdl.Message{o.Request, o.Reply} {
			if m == nil {
				continue
			}
			message, _ := m.Sample(sample.Options{Everything: true})
			xml, err := m.Append(nil, message)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), xml)
		}
		fault, _ := o.SampleFault(sample.Options{Everything: true})
		xml, err := o.AppendFault(nil, fault)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), xml)
	}
	f.Add(uint8(0), soap(uri11, `<s:Header><x s:mustUnderstand="1" s:actor=""/></s:Header>`+body(`<s:Fault><faultcode>a.b</faultcode><detail>x<y/></detail></s:Fault>`)))
	f.Add(uint8(4), soap(uri12, body(`<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="ru">Нет</s:Text></s:Reason></s:Fault>`)))

	limits := codec.Options{Limits: scan.Limits{Bytes: 1 << 16, Elements: 1000}}
	f.Fuzz(func(t *testing.T, at uint8, doc []byte) {
		o := operations[int(at)%len(operations)]
		if called, err := d.Dispatch(doc, ""); err == nil && called == nil {
			t.Fatal("neither an operation nor a refusal")
		}
		if r, err := o.DecodeRequestWith(doc, limits); err == nil {
			rewrite(t, o.Request, r.Tree, doc)
		}
		r, err := o.DecodeReplyWith(doc, limits)
		switch {
		case err != nil:
		case (r.Tree == nil) == (r.Fault == nil):
			t.Fatalf("a reply with %v and %v", r.Tree, r.Fault)
		case r.Tree != nil && o.Reply != nil:
			rewrite(t, o.Reply, r.Tree, doc)
		case r.Fault != nil:
			refault(t, o, r.Fault, doc)
		}
	})
}

func rewrite(t *testing.T, m *wsdl.Message, message *tree.Object, doc []byte) {
	t.Helper()
	xml, err := m.Append(nil, message)
	if err != nil {
		t.Fatalf("%v\nof   %v\nfrom %q", err, message, doc)
	}
	again, err := m.Decode(xml)
	if err != nil || !tree.Equal(again.Tree, message) {
		t.Fatalf("got  %v, %v\nwant %v\nof   %q\nfrom %q", again.Tree, err, message, xml, doc)
	}
}

// refault writes what a fault says, but for details that the contract does not know and codes without the prefix that
// they had.
func refault(t *testing.T, o *wsdl.Operation, fault *tree.Object, doc []byte) {
	t.Helper()
	f := wsdl.Fault{Code: fault.Get("code").(string), Reason: fault.Get("reason").(string)}
	f.Actor, _ = fault.Get("actor").(string)
	f.Detail, _ = fault.Get("detail").(*tree.Object)
	xml, err := o.AppendFault(nil, f)
	if err != nil {
		t.Fatalf("%v\nof   %v\nfrom %q", err, fault, doc)
	}
	r, err := o.DecodeReply(xml)
	if err != nil || r.Fault.Get("code") != f.Code || r.Fault.Get("reason") != f.Reason {
		t.Fatalf("got  %v, %v\nwant %v\nof   %q\nfrom %q", r.Fault, err, fault, xml, doc)
	}
}

// seeds are contracts of ours and some that ask for trouble.
func seeds(f *testing.F) (all [][]byte) {
	f.Helper()
	for _, name := range []string{
		"testdata/desk.wsdl", "../xsd/codec/testdata/kinds.xsd", "../xsd/codec/testdata/other.xsd", "../agencies/pension/snils.wsdl", "../agencies/zags/registry.wsdl",
		"../agencies/zags/xsd/common.xsd", "../agencies/zags/xsd/persons.xsd", "../agencies/tax/types.xsd",
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, text)
	}
	for _, content := range []string{
		`<include schemaLocation="a.xsd"/><import namespace="u" schemaLocation="b.xsd"/><import namespace="t" schemaLocation="a.wsdl"/>`,
		`<redefine schemaLocation="a.xsd"><simpleType name="s"><restriction base="t:s"><length value="99999999999"/></restriction></simpleType></redefine><simpleType name="s"><restriction base="string"/></simpleType>`,
		`<element name="e" type="t:c"/><complexType name="c"><sequence minOccurs="9999999" maxOccurs="9999999"><element ref="t:e"/></sequence></complexType>`,
		`<element name="e"><simpleType><restriction base="string"><minLength value="2000000000"/></restriction></simpleType></element>`,
		`<element name="e"><simpleType><restriction base="string"><pattern value="((((a{1,1000}){1,1000}){1,1000})*)*"/></restriction></simpleType></element>`,
		`<element name="e"><simpleType><list><simpleType><union memberTypes="int"><simpleType><list itemType="date"/></simpleType></union></simpleType></list></simpleType></element>`,
		`<group name="g"><sequence><group ref="t:h" maxOccurs="3"/><group ref="t:h"/></sequence></group><group name="h"><choice><group ref="t:g"/></choice></group>`,
		`<element name="a" substitutionGroup="t:b"/><element name="b" substitutionGroup="t:a" abstract="true"/>`,
		`<complexType name="c"><complexContent><extension base="t:c"/></complexContent></complexType><simpleType name="s"><restriction base="t:s"/></simpleType>`,
	} {
		all = append(all, []byte(`<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:t="t" targetNamespace="t">`+content+`</schema>`))
	}
	return all
}

// FuzzLoad loads anything as a WSDL and as a schema beside it that may import itself and the WSDL: an error or a model,
// in a bounded time. What a model says can be sampled, and the sample goes there and back.
func FuzzLoad(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(tryLoad)
}

// FuzzLoadEdited is FuzzLoad of contracts that are well-formed but make no sense: each three bytes are an edit of a seed.
func FuzzLoadEdited(f *testing.F) {
	all := seeds(f)
	for i := range all {
		f.Add(uint8(i), []byte{0, 1, 2, 1, 3, 4, 2, 5, 6, 3, 7, 8, 4, 9, 10})
	}
	f.Fuzz(func(t *testing.T, at uint8, edits []byte) {
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(all[int(at)%len(all)]); err != nil {
			t.Fatal(err)
		}
		for ; len(edits) >= 3; edits = edits[3:] {
			edit(doc.Root(), edits[0], int(edits[1]), int(edits[2]))
		}
		text, err := doc.WriteToBytes()
		if err != nil {
			t.Fatal(err)
		}
		tryLoad(t, text)
	})
}

// edit changes the element of number i, often by what the element of number j is.
func edit(root *etree.Element, how byte, i, j int) {
	elements := root.FindElements(".//*")
	if len(elements) == 0 || len(elements) > 1000 {
		return
	}
	a, b := elements[i%len(elements)], elements[j%len(elements)]
	switch how % 6 {
	case 0:
		a.Parent().RemoveChild(a)
	case 1:
		a.AddChild(b.Copy())
	case 2:
		a.Parent().AddChild(b.Copy())
	case 3:
		a.Tag = b.Tag
	case 4:
		for _, attr := range b.Attr {
			a.CreateAttr(attr.FullKey(), attr.Value)
		}
	case 5:
		values := []string{"0", "1", "2", "unbounded", "4294967296", "true", "t:e", "xs:anyType", "xs:QName", "##any", "##other ##local", "qualified", "extension", ""}
		keys := []string{"minOccurs", "maxOccurs", "name", "ref", "type", "base", "abstract", "nillable", "mixed", "default", "fixed", "value", "namespace", "substitutionGroup", "form", "use"}
		a.CreateAttr(keys[j%len(keys)], values[j/len(keys)%len(values)])
	}
}

func tryLoad(t *testing.T, text []byte) {
	if len(text) > 1<<15 {
		return
	}
	late := time.AfterFunc(20*time.Second, func() { panic("loading takes for ever") })
	defer late.Stop()
	files := fstest.MapFS{"a.wsdl": {Data: text}, "a.xsd": {Data: text}, "xsd/common.xsd": {Data: text}}
	if s, err := xsd.Load(files, "a.xsd"); err == nil {
		trySchema(t, s)
	}
	if d, err := wsdl.Load(files, "a.wsdl"); err == nil {
		trySchema(t, d.Schema())
	}
}

// trySchema makes samples of a schema's elements. What was made without a gap can be written and read.
func trySchema(t *testing.T, s *xsd.Schema) {
	t.Helper()
	for i, e := range s.Elements() {
		if i == 10 {
			return
		}
		e.Shape()
		for _, o := range []sample.Options{{}, {Everything: true, Seed: 1}} {
			message, gaps := sample.Element(s, e, o)
			if len(gaps) > 0 {
				continue
			}
			m := codec.ForElement(s, e)
			xml, err := m.Append(nil, message)
			if err != nil {
				t.Fatalf("%s: %v\nof %v", e.Name, err, message)
			}
			r, err := m.DecodeWith(xml, codec.Options{Strict: true})
			if err != nil || !tree.Equal(r.Tree, message) {
				t.Fatalf("%s: %v\ngot  %v\nwant %v\nof   %s", e.Name, err, r.Tree, message, xml)
			}
		}
	}
}
