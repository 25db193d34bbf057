package xsd

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// missing is a document that was asked for and not found.
type missing struct {
	doc       *document
	el        *etree.Element
	namespace string
	location  string // "" where none was given
	reason    string
}

func (m *missing) String() string {
	by := m.doc.source.Pos(m.el)
	if m.location == "" {
		return fmt.Sprintf("%s imports it without a location, and %s", by, m.reason)
	}
	return fmt.Sprintf("%s imports it from %q: %s", by, m.location, m.reason)
}

// follow loads what an import, include or redefine points at. The target is "" for an import.
func (l *Loader) follow(d *document, el *etree.Element, namespace, target string) *document {
	location := strings.TrimSpace(el.SelectAttrValue("schemaLocation", ""))
	file, reason := l.Locate(d.source, location, namespace)
	var to *document
	if reason == "" {
		to, reason = l.open(file, target)
	}
	if to == nil {
		l.missing = append(l.missing, missing{d, el, namespace, location, reason})
		return nil
	}
	switch {
	case el.Tag == "import" && to.target != namespace:
		l.warn(d, el, "import-namespace", "imports %q for the namespace %q, but its target namespace is %q", location, namespace, to.target)
	case el.Tag == "include" && d.target == "" && to.target != "":
		l.warn(d, el, "include-namespace", "includes %q, whose target namespace is %q, into a schema without one: it is taken for an import", location, to.target)
	case el.Tag != "import" && to.target != d.target:
		l.fail(d, el, "include-namespace", "includes %q, whose target namespace is %q and not %q: import it instead", location, to.target, d.target)
	}
	d.links = append(d.links, link{el, to})
	return to
}

// Locate finds the file that a location means in a file, or that the catalog has for the location or the namespace; the
// reason says why there is none. Whether the file is there is for Source to say.
func (l *Loader) Locate(from *Source, location, namespace string) (file, reason string) {
	c := l.catalogFor(from.File)
	for _, uri := range []string{location, namespace} {
		if file, ok := c.resolve(uri); ok {
			return file, ""
		}
	}
	u, err := url.Parse(strings.ReplaceAll(location, `\`, "/"))
	switch {
	case err != nil:
		return "", "the location is no URI"
	case u.Scheme != "" && u.Scheme != "file":
		return "", "contracts are never fetched from the network: save the file beside the contract and let schemaLocation or " + CatalogFile + " name it"
	case u.Path == "":
		return "", "no file beside it has that namespace"
	}
	return path.Join(path.Dir(from.File), u.Path), ""
}

// open adds the schema in a file; nil comes with the reason why not.
func (l *Loader) open(name, target string) (to *document, reason string) {
	src, err := l.Source(name)
	switch {
	case missingFile(err):
		return nil, name + " is not there"
	case err != nil:
		p := asProblem(err)
		l.problems = append(l.problems, p)
		return nil, p.Message
	case !isSchemaTag(src.Root, "schema"):
		return nil, name + " is not a schema"
	}
	return l.add(src, src.Root, target, false), ""
}

func missingFile(err error) bool {
	var p diag.Problem
	return errors.As(err, &p) && p.Code == "contract-missing"
}

func asProblem(err error) diag.Problem { return diag.Of(err)[0] }

// supply looks beside the documents for the namespaces that they use and did not find where they imported them from.
func (l *Loader) supply() {
	tried := map[string]bool{}
	for i := 0; i < len(l.missing); i++ { // what is found may miss more
		m := l.missing[i]
		if m.el.Tag != "import" || tried[m.namespace] || l.has(m.namespace) || !l.uses(m.namespace) {
			continue
		}
		tried[m.namespace] = true
		switch found := l.Beside(m.doc.source, m.location, m.namespace, "schema"); len(found) {
		case 0:
		case 1:
			if to, reason := l.open(found[0], ""); to != nil {
				m.doc.links = append(m.doc.links, link{m.el, to})
				if m.location != "" {
					l.warn(m.doc, m.el, "import-missing", "%q is not there: %s has that namespace and is taken", m.location, found[0])
				}
			} else {
				l.missing[i].reason = reason
			}
		default:
			l.missing[i].reason = "several files beside it have that namespace: " + strings.Join(found, ", ")
		}
	}
	l.supplyEncodings()
	l.missing = slices.DeleteFunc(l.missing, func(m missing) bool {
		return m.el.Tag == "import" && (m.location == "" || slices.ContainsFunc(m.doc.links, func(k link) bool { return k.el == m.el })) && l.has(m.namespace)
	})
}

// has says whether a document of the namespace was loaded, or need not be.
func (l *Loader) has(namespace string) bool {
	return namespace == XSDURI || namespace == scan.XMLURI || slices.ContainsFunc(l.documents, func(d *document) bool { return d.target == namespace })
}

// uses says whether a name of the namespace is referred to anywhere.
func (l *Loader) uses(namespace string) bool {
	var walk func(el *etree.Element) bool
	walk = func(el *etree.Element) bool {
		for _, key := range [...]string{"type", "ref", "base", "itemType", "memberTypes", "substitutionGroup"} {
			for _, qname := range strings.Fields(el.SelectAttrValue(key, "")) {
				if n, ok := resolveName(el, qname); ok && n.Space == namespace {
					return true
				}
			}
		}
		return slices.ContainsFunc(el.ChildElements(), walk)
	}
	return slices.ContainsFunc(l.documents, func(d *document) bool { return walk(d.root) }) ||
		slices.ContainsFunc(l.roots, func(r *Root) bool { return walk(r.doc.root) })
}

// Beside lists the files in the folder of a source whose root is called so and has the target namespace. One that is
// called as the location says goes before all others.
func (l *Loader) Beside(from *Source, location, namespace, root string) (files []string) {
	dir := path.Dir(from.File)
	heads, known := l.heads[dir]
	if !known {
		heads = l.readHeads(dir)
		l.heads[dir] = heads
	}
	for _, h := range heads {
		if h.root == root && h.namespace == namespace && h.file != from.File {
			if path.Base(h.file) == path.Base(location) {
				return []string{h.file}
			}
			files = append(files, h.file)
		}
	}
	return files
}

// head is how a contract file begins.
type head struct{ file, root, namespace string }

// readHeads looks into the contract files of a folder as far as their root.
func (l *Loader) readHeads(dir string) (heads []head) {
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		file := path.Join(dir, entry.Name())
		if ext := strings.ToLower(path.Ext(file)); entry.IsDir() || ext != ".xsd" && ext != ".wsdl" || len(heads) >= maxDocuments {
			continue
		}
		raw, err := fs.ReadFile(l.fsys, file)
		if err != nil {
			continue
		}
		if raw, _, err = transcodeContract(raw); err != nil {
			continue
		}
		var s scan.Scanner
		if s.Reset(raw, scan.NewSpaces(), scan.Limits{Attributes: 1000}) != nil {
			continue
		}
		s.AllowDoctype()
		if kind, err := s.Next(); err != nil || kind != scan.Start {
			continue
		}
		h := head{file: file, root: string(s.Local())}
		for _, a := range s.Attrs() {
			if string(a.Name) == "targetNamespace" {
				h.namespace = strings.TrimSpace(string(a.Value))
			}
		}
		heads = append(heads, h)
	}
	return heads
}
