package xsd

import (
	"strings"

	"github.com/beevik/etree"
)

// holds says which elements of XML Schema the loader reads in which others, and what XML Schema 1.0 has.
var holds = grammar(map[string]string{
	"schema":         "import include redefine notation element complexType simpleType attribute group attributeGroup",
	"redefine":       "complexType simpleType group attributeGroup",
	"element":        "complexType simpleType key keyref unique",
	"complexType":    "simpleContent complexContent sequence choice all group attribute attributeGroup anyAttribute",
	"simpleContent":  "extension restriction",
	"complexContent": "extension restriction",
	"extension":      "sequence choice all group attribute attributeGroup anyAttribute",
	"restriction": "sequence choice all group attribute attributeGroup anyAttribute simpleType length minLength maxLength pattern enumeration" +
		" whiteSpace minInclusive maxInclusive minExclusive maxExclusive totalDigits fractionDigits",
	"simpleType":     "restriction list union",
	"list":           "simpleType",
	"union":          "simpleType",
	"attribute":      "simpleType",
	"attributeGroup": "attribute attributeGroup anyAttribute",
	"group":          "sequence choice all",
	"sequence":       "element any group sequence choice all",
	"choice":         "element any group sequence choice all",
	"all":            "element any group sequence choice all",
	"key":            "selector field",
	"keyref":         "selector field",
	"unique":         "selector field",
})

func grammar(words map[string]string) map[string]map[string]bool {
	g := make(map[string]map[string]bool, len(words))
	for parent, children := range words {
		g[parent] = map[string]bool{}
		for _, child := range strings.Fields(children) {
			g[parent][child] = true
		}
	}
	return g
}

// The words of XML Schema 1.1 that contracts of 1.0 do not have.
var (
	elements11 = map[string]bool{
		"assert": true, "assertion": true, "alternative": true, "openContent": true, "defaultOpenContent": true, "override": true, "explicitTimezone": true,
	}
	attributes11 = map[string]bool{"notNamespace": true, "notQName": true, "xpathDefaultNamespace": true, "defaultAttributes": true}
)

// versioningURI is the namespace of the attributes by which XML Schema 1.1 leaves declarations out; of the
// whole document they say nothing that matters here.
const versioningURI = "http://www.w3.org/2007/XMLSchema-versioning"

// passedOver warns of what stands below el and is not read. What stands at the top of a schema is refused elsewhere.
func (l *Loader) passedOver(d *document, el *etree.Element) {
	for _, a := range el.Attr {
		switch {
		case a.Space == "" && attributes11[a.Key], el != d.root && a.Space != "" && a.NamespaceURI() == versioningURI:
			l.warn(d, el, "xsd-1.1", "%s is XML Schema 1.1 and is not checked", a.FullKey())
		}
	}
	for _, c := range el.ChildElements() {
		switch {
		case c.NamespaceURI() == XSDURI && c.Tag == "annotation":
		case holds[el.Tag][c.Tag] && c.NamespaceURI() == XSDURI:
			l.passedOver(d, c)
		case el == d.root:
		case c.NamespaceURI() == XSDURI && elements11[c.Tag]:
			l.warn(d, c, "xsd-1.1", "<%s> is XML Schema 1.1 and is not checked", c.FullTag())
		default:
			l.warn(d, c, "misplaced", "<%s> has no place in <%s> and is passed over", c.FullTag(), el.FullTag())
		}
	}
}
