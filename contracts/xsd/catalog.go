package xsd

import (
	"net/url"
	"path"
	"strings"

	"github.com/beevik/etree"
)

// CatalogFile is the name of the catalog that is looked for beside a contract (OASIS XML Catalogs 1.1).
const CatalogFile = "catalog.xml"

const catalogURI = "urn:oasis:names:tc:entity:xmlns:xml:catalog"

// catalog says which file stands for what locations and namespaces name.
type catalog struct{ entries []catalogEntry }

// catalogEntry is one rule; those of a rewrite replace the beginning of what they match, the others all of it.
type catalogEntry struct {
	kind        entryKind
	match, file string // file is a path of the file system, or a URI that is of no use
}

type entryKind uint8

const (
	whole entryKind = iota
	beginning
	ending
)

// catalogTags are the entries that speak of URIs, and their attributes (sections 6.5 to 6.14 of the standard).
var catalogTags = map[string]struct {
	kind        entryKind
	match, file string
}{
	"system": {whole, "systemId", "uri"}, "uri": {whole, "name", "uri"},
	"rewriteSystem": {beginning, "systemIdStartString", "rewritePrefix"}, "rewriteURI": {beginning, "uriStartString", "rewritePrefix"},
	"systemSuffix": {ending, "systemIdSuffix", "uri"}, "uriSuffix": {ending, "uriSuffix", "uri"},
}

// catalogFor finds the catalog in the folder of a file, or in that of the contract.
func (l *Loader) catalogFor(file string) *catalog {
	for _, dir := range []string{path.Dir(file), l.home} {
		if c := l.catalogIn(dir); c != nil {
			return c
		}
	}
	return nil
}

func (l *Loader) catalogIn(dir string) *catalog {
	c, known := l.catalogs[dir]
	if !known {
		c = &catalog{}
		if !l.readCatalog(c, path.Join(dir, CatalogFile), 0) {
			c = nil
		}
		l.catalogs[dir] = c
	}
	return c
}

// maxCatalogs bounds how far catalogs refer to further ones.
const maxCatalogs = 10

// readCatalog adds a file's entries; false where there is no such file. One that is no catalog is a problem.
func (l *Loader) readCatalog(c *catalog, file string, depth int) bool {
	src, err := ReadSource(l.fsys, file)
	if missingFile(err) || depth > maxCatalogs {
		return false
	}
	if err != nil {
		l.problems = append(l.problems, asProblem(err))
		return true
	}
	if src.Root.Tag != "catalog" || src.Root.NamespaceURI() != catalogURI {
		return false // another kind of catalog.xml
	}
	var walk func(el *etree.Element, base string)
	walk = func(el *etree.Element, base string) {
		if b := el.SelectAttrValue("xml:base", ""); b != "" {
			base = path.Join(base, filePath(b))
		}
		switch tag, entry := catalogTags[el.Tag]; {
		case entry:
			to := path.Join(base, filePath(el.SelectAttrValue(tag.file, "")))
			if tag.kind == beginning && strings.HasSuffix(el.SelectAttrValue(tag.file, ""), "/") {
				to += "/"
			}
			if match := el.SelectAttrValue(tag.match, ""); match != "" {
				c.entries = append(c.entries, catalogEntry{tag.kind, match, to})
			}
		case el.Tag == "nextCatalog":
			l.readCatalog(c, path.Join(base, filePath(el.SelectAttrValue("catalog", ""))), depth+1)
		}
		for _, child := range el.ChildElements() {
			if child.NamespaceURI() == catalogURI {
				walk(child, base)
			}
		}
	}
	walk(src.Root, path.Dir(file))
	return true
}

// filePath is the path that a relative reference means.
func filePath(reference string) string {
	if u, err := url.Parse(strings.ReplaceAll(reference, `\`, "/")); err == nil && (u.Scheme == "" || u.Scheme == "file") {
		return u.Path
	}
	return reference
}

// resolve finds the file that stands for a location or a namespace: a whole match first, then the longest beginning, then
// the longest ending.
func (c *catalog) resolve(uri string) (file string, ok bool) {
	if c == nil || uri == "" {
		return "", false
	}
	best := catalogEntry{kind: ending + 1}
	for _, e := range c.entries {
		fits := e.kind == whole && uri == e.match || e.kind == beginning && strings.HasPrefix(uri, e.match) || e.kind == ending && strings.HasSuffix(uri, e.match)
		if fits && (e.kind < best.kind || e.kind == best.kind && len(e.match) > len(best.match)) {
			best = e
		}
	}
	switch best.kind {
	case whole, ending:
		return best.file, true
	case beginning:
		return best.file + strings.TrimPrefix(uri, best.match), true
	}
	return "", false
}
