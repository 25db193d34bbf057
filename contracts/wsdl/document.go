package wsdl

import (
	"net/url"
	"path"
	"strings"

	"github.com/beevik/etree"
)

// Document returns the WSDL ("" is its name) and the files that it imports ("?xsd=NAME" or "?wsdl=NAME" in the links),
// with every soap:address replaced by address.
func (d *Definitions) Document(address string) map[string][]byte {
	out := make(map[string][]byte, len(d.sources))
	for file, src := range d.sources {
		doc := etree.NewDocument()
		doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
		root := src.Root.Copy()
		doc.AddChild(root)
		relink(root, path.Dir(file), d.main, address)
		name := file
		if file == d.main {
			name = ""
		}
		text, err := doc.WriteToBytes()
		if err != nil {
			continue // a bytes.Buffer takes everything
		}
		out[name] = text
	}
	return out
}

// relink points imports and addresses to where the hub serves them.
func relink(el *etree.Element, dir, main, address string) {
	for i := range el.Attr {
		a := &el.Attr[i]
		switch {
		case a.Key == "schemaLocation" && a.Space == "" || a.Key == "location" && el.Tag == "import":
			if u, err := url.Parse(a.Value); err != nil || u.Scheme != "" {
				continue
			}
			kind := "xsd"
			if el.Tag == "import" && a.Key == "location" && !strings.HasSuffix(a.Value, ".xsd") {
				kind = "wsdl"
			}
			name := path.Join(dir, a.Value)
			if name == main {
				name = ""
			}
			a.Value = address + "?" + kind + "=" + url.QueryEscape(name)
		case a.Key == "location" && el.Tag == "address":
			a.Value = address
		}
	}
	for _, c := range el.ChildElements() {
		relink(c, dir, main, address)
	}
}
