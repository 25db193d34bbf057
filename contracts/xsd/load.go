package xsd

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// Load reads the schema files at paths of fsys, with everything that they import and include, and compiles them.
// Errors are diag.List or diag.Problem, with the contract's file and line.
func Load(fsys fs.FS, paths ...string) (*Schema, error) {
	l := NewLoader(fsys)
	for _, p := range paths {
		if err := l.File(p); err != nil {
			return nil, err
		}
	}
	return l.Compile()
}

// Loader gathers schema documents, from files and from inside WSDLs, and compiles them together.
type Loader struct {
	fsys      fs.FS
	sources   map[string]*Source
	documents []*document
	roots     []*Root
	byKey     map[documentKey]*document
	missing   []missing
	home      string // the folder of the contract
	catalogs  map[string]*catalog
	heads     map[string][]head // of the contract files in a folder
	problems  diag.List
	warnings  diag.List

	components [kinds]map[Name]component
}

// document is one schema document as one target namespace sees it: a file without a target namespace that is included
// from two namespaces (a chameleon) is two documents.
type document struct {
	source    *Source
	root      *etree.Element
	target    string
	chameleon bool // took its target namespace from the document that includes it
	inline    bool // stands inside a WSDL

	qualifiedElements   bool
	qualifiedAttributes bool
	block               derivation
	links               []link
}

// link is an import or include that led to a document.
type link struct {
	el *etree.Element
	to *document
}

type documentKey struct {
	root   *etree.Element
	target string
}

// component is a global definition or declaration, not yet compiled.
type component struct {
	el  *etree.Element
	doc *document
	// original is what a redefinition redefines, or nil.
	original *component
}

// kind is a symbol space of XML Schema.
type kind uint8

const (
	elementKind kind = iota
	typeKind
	attributeKind
	groupKind
	attributeGroupKind
	kinds
)

func (k kind) String() string {
	return [...]string{"element", "type", "attribute", "group", "attribute group"}[k]
}

// kindOf is the symbol space of a schema's children, by their local names.
var kindOf = map[string]kind{
	"element": elementKind, "complexType": typeKind, "simpleType": typeKind,
	"attribute": attributeKind, "group": groupKind, "attributeGroup": attributeGroupKind,
}

// maxDocuments bounds what imports may pull in.
const maxDocuments = 2000

// NewLoader makes a loader that reads files from fsys; nothing is ever fetched from the network.
func NewLoader(fsys fs.FS) *Loader {
	l := &Loader{fsys: fsys, sources: map[string]*Source{}, byKey: map[documentKey]*document{},
		catalogs: map[string]*catalog{}, heads: map[string][]head{}}
	for i := range l.components {
		l.components[i] = map[Name]component{}
	}
	return l
}

// File adds a schema file and everything that it imports and includes.
func (l *Loader) File(name string) error {
	src, err := l.Source(path.Clean(name))
	if err != nil {
		return err
	}
	if !isSchemaTag(src.Root, "schema") {
		return diag.Problem{Pos: src.Pos(src.Root), Code: "contract-kind", Message: fmt.Sprintf("the root element is <%s>, not a schema of XML Schema", src.Root.FullTag())}
	}
	l.add(src, src.Root, "", false)
	return nil
}

// Inline adds a schema that stands inside another file, such as a WSDL, with everything that it imports and includes.
func (l *Loader) Inline(src *Source, schema *etree.Element) { l.add(src, schema, "", true) }

// Source reads a file, once.
func (l *Loader) Source(name string) (*Source, error) {
	if src := l.sources[name]; src != nil {
		return src, nil
	}
	src, err := ReadSource(l.fsys, name)
	if err != nil {
		return nil, err
	}
	if src.Warning != "" {
		l.warnings = append(l.warnings, diag.Problem{Pos: diag.Pos{File: name}, Severity: diag.Warning, Code: "contract-charset", Message: src.Warning})
	}
	if len(l.sources) == 0 {
		l.home = path.Dir(name)
	}
	l.sources[name] = src
	return src, nil
}

func isSchemaTag(el *etree.Element, tag string) bool {
	return el.Tag == tag && el.NamespaceURI() == XSDURI
}

// add registers a schema document; target is that of the including document, "" when it is not included.
func (l *Loader) add(src *Source, root *etree.Element, target string, inline bool) *document {
	own := root.SelectAttrValue("targetNamespace", "")
	d := &document{source: src, root: root, target: own, inline: inline}
	if own == "" && target != "" {
		d.target, d.chameleon = target, true
	}
	key := documentKey{root, d.target}
	if known := l.byKey[key]; known != nil {
		return known
	}
	l.byKey[key] = d
	l.documents = append(l.documents, d)
	if len(l.documents) > maxDocuments {
		l.fail(d, root, "contract-size", "the contract pulls in more than %d schema documents", maxDocuments)
		return d
	}
	d.qualifiedElements = root.SelectAttrValue("elementFormDefault", "") == "qualified"
	d.qualifiedAttributes = root.SelectAttrValue("attributeFormDefault", "") == "qualified"
	d.block = parseDerivation(root.SelectAttrValue("blockDefault", ""))
	for _, el := range root.ChildElements() {
		if el.NamespaceURI() != XSDURI {
			l.fail(d, el, "contract-kind", "<%s> is no part of XML Schema", el.FullTag())
			continue
		}
		switch el.Tag {
		case "import":
			l.follow(d, el, el.SelectAttrValue("namespace", ""), "")
		case "include":
			l.follow(d, el, d.target, d.target)
		case "redefine":
			if to := l.follow(d, el, d.target, d.target); to != nil {
				l.redefine(d, el)
			}
		case "annotation", "notation":
		default:
			k, ok := kindOf[el.Tag]
			if !ok {
				l.fail(d, el, "contract-kind", "<%s> can't stand at the top of a schema", el.FullTag())
				continue
			}
			l.register(d, el, k, nil)
		}
	}
	return d
}

// register makes a component known by its name.
func (l *Loader) register(d *document, el *etree.Element, k kind, original *component) {
	local, ok := l.declaredName(d, el)
	if !ok {
		return
	}
	n := Name{d.target, local}
	old, exists := l.components[k][n]
	if exists && original == nil && old.el != el && !sameMeaning(old.el, el) {
		l.fail(d, el, "declared-twice", "the %s %s is declared a second time, and differently; the first is at %s", k, n, old.doc.source.Pos(old.el))
		return
	}
	if !exists || original != nil {
		l.components[k][n] = component{el: el, doc: d, original: original}
	}
}

// declaredName is the name of a component, element or attribute.
func (l *Loader) declaredName(d *document, el *etree.Element) (local string, ok bool) {
	local = el.SelectAttrValue("name", "")
	switch {
	case local == "":
		l.fail(d, el, "nameless", "<%s> without a name", el.FullTag())
	case !scan.IsNCName(local):
		l.fail(d, el, "nameless", "<%s> is called %q, which is no name in XML", el.FullTag(), local)
	}
	return local, scan.IsNCName(local)
}

// redefine puts the definitions inside xs:redefine in the place of those that they extend.
func (l *Loader) redefine(d *document, el *etree.Element) {
	for _, child := range el.ChildElements() {
		k, ok := kindOf[child.Tag]
		if !ok {
			continue
		}
		n := Name{d.target, child.SelectAttrValue("name", "")}
		original, found := l.components[k][n]
		if !found {
			l.fail(d, child, "unknown-name", "xs:redefine of the %s %s, which the redefined schema does not have", k, n)
			continue
		}
		l.register(d, child, k, &original)
	}
}

// sameMeaning says whether two declarations are written alike, so that either will do.
func sameMeaning(a, b *etree.Element) bool { return elementText(a) == elementText(b) }

func elementText(el *etree.Element) string {
	doc := etree.NewDocumentWithRoot(el.Copy())
	doc.Unindent()
	text, err := doc.WriteToString()
	if err != nil {
		return fmt.Sprintf("%p", el)
	}
	return text
}

func (l *Loader) fail(d *document, el *etree.Element, code, format string, args ...any) {
	l.problems = append(l.problems, diag.Problem{Pos: d.source.Pos(el), Code: code, Message: fmt.Sprintf(format, args...)})
}

func (l *Loader) warn(d *document, el *etree.Element, code, format string, args ...any) {
	l.warnAt(d.source.Pos(el), code, format, args...)
}

func (l *Loader) warnAt(pos diag.Pos, code, format string, args ...any) {
	l.warnings = append(l.warnings, diag.Problem{Pos: pos, Severity: diag.Warning, Code: code, Message: fmt.Sprintf(format, args...)})
}

// missingHint tells who asked for a namespace whose document was not found.
func (l *Loader) missingHint(space string) string {
	for _, m := range l.missing {
		if m.namespace == space {
			return m.String()
		}
	}
	for _, d := range l.documents {
		if d.target == space {
			return ""
		}
	}
	return fmt.Sprintf("no schema of the namespace %q was loaded", space)
}

func parseDerivation(s string) (d derivation) {
	for _, word := range strings.Fields(s) {
		switch word {
		case "#all":
			d |= byExtension | byRestriction | bySubstitution | byList | byUnion
		case "extension":
			d |= byExtension
		case "restriction":
			d |= byRestriction
		case "substitution":
			d |= bySubstitution
		}
	}
	return d
}

// spaceNumbers numbers every namespace that a name of the schema may have.
func (l *Loader) spaceNumbers() *scan.Spaces {
	spaces := scan.NewSpaces(XSDURI)
	for _, d := range l.documents {
		spaces.Add(d.target)
	}
	for _, r := range l.roots {
		spaces.Add(r.doc.target)
	}
	return spaces
}

// Sources are the files that were read so far, by their path.
func (l *Loader) Sources() map[string]*Source { return l.sources }

// ResolveName finds the namespace of a qualified name as it stands in an attribute of el.
func ResolveName(el *etree.Element, qname string) (Name, bool) { return resolveName(el, qname) }
