package xsd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/beevik/etree"
	jxsd "github.com/jacoelho/xsd"
	jerrors "github.com/jacoelho/xsd/errors"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// Validator checks XML against every facet and key of a schema. It is safe for concurrent use.
type Validator struct {
	// Unchecked names what the validator can't check of this contract, such as a key over elements that do not exist.
	Unchecked []string

	engine  *jxsd.Schema
	keyrefs map[string]*Constraint
}

// Validator compiles the schema for validation, once, on first use.
func (s *Schema) Validator() (*Validator, error) { return s.validator() }

// Knows says whether documents with e at their root can be checked.
func (v *Validator) Knows(e *Element) bool { return !e.apart }

// Validate checks one document, in any supported charset. What it finds is a diag.List: each message begins with the
// path of the element, lines and columns are the document's.
func (v *Validator) Validate(doc []byte) error {
	doc, err := scan.Transcode(doc, "")
	if err != nil {
		return diag.List{{Code: "charset", Message: err.Error()}}
	}
	if doc, err = scan.Plain(doc, scan.Limits{}); err != nil {
		p := diag.Problem{Code: "syntax", Message: err.Error()}
		var at *scan.Error
		if errors.As(err, &at) {
			p.Message, p.Line, p.Column = at.Text, at.Line, at.Column
		}
		return diag.List{p}
	}
	return v.problemsOf(v.engine.Validate(bytes.NewReader(doc)), doc)
}

// undefined finds the keyref whose key no element has. The validator says so also where nothing refers to it.
var undefined = regexp.MustCompile(`^identity constraint (\S+) keyref undefined$`)

func (v *Validator) problemsOf(err error, doc []byte) error {
	var found jerrors.ValidationList
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &found):
		return diag.List{{Code: "validation", Message: err.Error()}}
	}
	found.Sort()
	var list diag.List
	for _, f := range found {
		message := f.Message
		if m := undefined.FindStringSubmatch(message); m != nil && v.keyrefs[m[1]] != nil && !v.keyrefs[m[1]].used(doc) {
			continue
		}
		if f.Path != "" {
			message = strings.TrimPrefix(f.Path, "/") + ": " + message
		}
		if f.Actual != "" {
			message += ": found " + strconv.Quote(f.Actual)
		}
		if len(f.Expected) > 0 {
			message += ", expected " + strings.Join(f.Expected, " or ")
		}
		list = append(list, diag.Problem{Pos: diag.Pos{Line: f.Line, Column: f.Column}, Code: f.Code, Message: message})
	}
	return list.Err()
}

// maxUnrolled is the largest maxOccurs that the validator is given: it unrolls them, and 20,000 cost two minutes.
// Larger ones are unbounded there; the codec counts.
const maxUnrolled = 64

// compileValidator hands the documents to github.com/jacoelho/xsd: inline schemas with the namespaces of their
// surroundings, imports by the names of the files in memory, and one umbrella schema that imports all of them, since
// schemas inside a WSDL import one another without a location.
func (s *Schema) compileValidator() (*Validator, error) {
	files, v := fstest.MapFS{}, &Validator{keyrefs: s.keyrefs}
	ambiguous := opened{}
	for _, t := range s.defined {
		if t.ambiguous {
			ambiguous.add(t)
		}
	}
	var first []Name
	for {
		err := s.writeDocuments(files, ambiguous, v.Unchecked, first)
		if err != nil {
			return nil, err
		}
		if v.engine, err = compileFiles(files); err == nil {
			v.Unchecked = append(v.Unchecked, ambiguous.names()...)
			return v, nil
		}
		if ambiguous.addRefused(err.Error(), s.defined) {
			continue
		}
		if m := circular.FindStringSubmatch(err.Error()); m != nil && !slices.Contains(first, Name{m[1], m[2]}) {
			first = append(first, Name{m[1], m[2]})
			continue
		}
		known := len(v.Unchecked)
		for _, match := range stumbled.FindAllStringSubmatch(err.Error(), -1) {
			names := []string{match[1] + match[2] + match[3]}
			if match[4] != "" {
				names = append(s.narrowed(), match[4]) // where there is one there are many, and each try costs
			}
			for _, name := range names {
				if !slices.Contains(v.Unchecked, name) {
					v.Unchecked = append(v.Unchecked, name)
				}
			}
		}
		if len(v.Unchecked) == known {
			return nil, diag.Problem{Code: "validator", Message: "the contract can't be compiled for validation: " + err.Error()}
		}
	}
}

// circular finds a type that derives from one whose content holds it. The validator takes that for a circle when it
// comes upon the base first, so the type is put before everything else.
var circular = regexp.MustCompile(`type (?:\{([^}]*)\})?(\S+): circular reference detected`)

// umbrellaURI is the namespace of the umbrella. The validator goes through types by namespace: this one comes first.
const umbrellaURI = "!umbrella"

// stumbled finds the names of what the validator refuses although XML Schema allows it: identity constraints whose
// paths lead nowhere or whose keys it does not find, fixed values of some unions, and patterns that not all of the
// inherited enumeration matches; a type without a name is called by its patterns. They are left out, and listed as
// unchecked.
var stumbled = regexp.MustCompile(`(?:identity|keyref) constraint '([^']+)'|attribute use (\S+) (?:fixed|default): primitive type not found|type (?:\{[^}]*\})?(\S+): does not match|type : does not match [^']*('.*')`)

// writeDocuments writes the schema's documents, without what is unchecked, and the umbrella over them, which begins with
// the types named first.
func (s *Schema) writeDocuments(files fstest.MapFS, ambiguous opened, unchecked []string, first []Name) error {
	clear(files)
	names := map[*etree.Element]string{}
	spaces := map[string][]string{} // the files of each namespace
	var order []string
	for _, d := range s.documents {
		if names[d.root] == "" {
			names[d.root] = fmt.Sprintf("s%d.xsd", len(names))
		}
		if !slices.Contains(order, d.target) {
			order = append(order, d.target)
		}
		if name := names[d.root]; !d.chameleon && !slices.Contains(spaces[d.target], name) {
			spaces[d.target] = append(spaces[d.target], name)
		}
	}
	for _, d := range s.documents {
		text, err := s.forValidation(d, names, order, ambiguous, unchecked)
		if err != nil {
			return err
		}
		files[names[d.root]] = &fstest.MapFile{Data: text}
	}
	umbrella := `<xs:schema xmlns:xs="` + XSDURI + `" targetNamespace="` + umbrellaURI + `">`
	for i, space := range order {
		if len(spaces[space]) == 0 {
			continue
		}
		location := spaces[space][0]
		if len(spaces[space]) > 1 {
			location = fmt.Sprintf("n%d.xsd", i)
			files[location] = &fstest.MapFile{Data: []byte(including(space, spaces[space]))}
		}
		umbrella += "<xs:import" + attribute("namespace", space) + attribute("schemaLocation", location) + "/>"
	}
	for i, n := range first {
		umbrella += fmt.Sprintf(`<xs:complexType name="t%d"><xs:sequence><xs:element name="e"%s type="t:%s"/></xs:sequence></xs:complexType>`, i, attribute("xmlns:t", n.Space), n.Local)
	}
	files["umbrella.xsd"] = &fstest.MapFile{Data: []byte(umbrella + "</xs:schema>")}
	return nil
}

func compileFiles(files fs.FS) (*jxsd.Schema, error) {
	limits := jxsd.NewRuntimeOptions().WithInstanceMaxDepth(500).WithInstanceMaxTokenSize(64 << 20)
	return jxsd.LoadWithOptions(files, "umbrella.xsd", jxsd.NewLoadOptions().
		WithAllowMissingImportLocations(true).WithRuntimeOptions(limits).WithSchemaMaxDepth(500))
}

func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(value) + `"`
}

func including(space string, files []string) string {
	text := `<xs:schema xmlns:xs="` + XSDURI + `"` + attribute("targetNamespace", space) + ">"
	for _, f := range files {
		text += "<xs:include" + attribute("schemaLocation", f) + "/>"
	}
	return text + "</xs:schema>"
}

// forValidation writes the document as the validator can take it. Every document imports every namespace, since the
// validator loses track of who imported what when imports are nested.
func (s *Schema) forValidation(d *document, names map[*etree.Element]string, spaces []string, ambiguous opened, unchecked []string) ([]byte, error) {
	root := d.root.Copy()
	for outer := d.root.Parent(); outer != nil; outer = outer.Parent() {
		for _, a := range outer.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declares && root.SelectAttr(a.FullKey()) == nil {
				root.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	ambiguous.open(d.root, root)
	copies := root.ChildElements()
	prefix := ""
	if root.Space != "" {
		prefix = root.Space + ":"
	}
	imported := map[string]bool{d.target: true}
	for i, el := range d.root.ChildElements() {
		switch el.Tag {
		case "import", "include", "redefine":
		default:
			continue
		}
		at := slices.IndexFunc(d.links, func(l link) bool { return l.el == el })
		if at < 0 {
			root.RemoveChild(copies[i]) // what it names was not loaded, and nothing needs it
			continue
		}
		to := d.links[at].to
		copies[i].CreateAttr("schemaLocation", names[to.root])
		switch {
		case el.Tag == "import":
			imported[el.SelectAttrValue("namespace", "")] = true
		case to.target != d.target: // an include that is taken for an import
			copies[i].Tag = "import"
			copies[i].CreateAttr("namespace", to.target)
			imported[to.target] = true
		}
	}
	for _, space := range spaces {
		if !imported[space] {
			el := etree.NewElement(prefix + "import")
			if space != "" {
				el.CreateAttr("namespace", space)
			}
			root.InsertChildAt(0, el)
		}
	}
	loosen(root, unchecked)
	s.simplify(d, root)
	doc := etree.NewDocumentWithRoot(root)
	doc.WriteSettings.CanonicalAttrVal = true
	text, err := doc.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("writing %s for validation: %w", d.source.File, err)
	}
	return text, nil
}

// loosen makes large occurrences unbounded and leaves out what is unchecked.
func loosen(el *etree.Element, unchecked []string) {
	if a := el.SelectAttr("maxOccurs"); a != nil && a.Value != "unbounded" {
		if n, err := strconv.Atoi(strings.TrimSpace(a.Value)); err != nil || n > maxUnrolled {
			a.Value = "unbounded"
		}
	}
	if a := el.SelectAttr("minOccurs"); a != nil {
		if n, err := strconv.Atoi(strings.TrimSpace(a.Value)); err == nil && n > maxUnrolled {
			a.Value = strconv.Itoa(maxUnrolled)
		}
	}
	if slices.Contains(unchecked, patternsOf(el)) {
		removePatterns(el)
	}
	for _, c := range el.ChildElements() {
		if name := c.SelectAttrValue("name", ""); name != "" && slices.Contains(unchecked, name) {
			switch c.Tag {
			case "key", "keyref", "unique":
				el.RemoveChild(c)
			case "attribute":
				c.RemoveAttr("fixed")
				c.RemoveAttr("default")
			case "simpleType":
				removePatterns(c)
			}
		}
		loosen(c, unchecked)
	}
}

// narrowed lists the patterns of all types that narrow an enumeration by them.
func (s *Schema) narrowed() (all []string) {
	var walk func(d *document, el *etree.Element)
	walk = func(d *document, el *etree.Element) {
		if el.Tag == "restriction" && patternsOf(el) != "" {
			n, _ := resolveName(el, el.SelectAttrValue("base", ""))
			if n.Space == "" && d.chameleon {
				n.Space = d.target
			}
			if base := s.Type(n); base != nil && base.Value != nil && base.Value.Enum != nil {
				all = append(all, patternsOf(el))
			}
		}
		for _, c := range el.ChildElements() {
			walk(d, c)
		}
	}
	for _, d := range s.documents {
		walk(d, d.root)
	}
	return all
}

// patternsOf lists the patterns inside el as the validator does.
func patternsOf(el *etree.Element) string {
	var patterns []string
	for _, c := range el.ChildElements() {
		if c.Tag == "pattern" {
			patterns = append(patterns, "'"+c.SelectAttrValue("value", "")+"'")
		}
	}
	return strings.Join(patterns, ", ")
}

// simplify writes an extension of simple content by attributes alone as what it is, where the contract calls its content
// complex (see complexContent).
func (s *Schema) simplify(d *document, el *etree.Element) {
	if el.Tag == "complexContent" {
		if x := childOf(el, "extension"); x != nil && childOf(x, "sequence", "choice", "all", "group") == nil {
			n, _ := resolveName(x, x.SelectAttrValue("base", ""))
			if n.Space == "" && d.chameleon {
				n.Space = d.target
			}
			if base := s.Type(n); base != nil && base.complex && base.Value != nil {
				el.Tag = "simpleContent"
				el.RemoveAttr("mixed")
			}
		}
	}
	for _, c := range el.ChildElements() {
		s.simplify(d, c)
	}
}

func removePatterns(el *etree.Element) {
	for _, c := range el.ChildElements() {
		if c.Tag == "pattern" {
			el.RemoveChild(c)
			continue
		}
		removePatterns(c)
	}
}
