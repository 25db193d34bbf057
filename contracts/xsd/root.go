package xsd

import (
	"github.com/beevik/etree"
)

// Root is an element at the top of messages that no schema of the contract declares, such as the wrapper of an rpc
// operation. Whoever adds it makes it up.
type Root struct {
	doc     *document
	el      *etree.Element
	element *Element
}

// Root adds a schema of one element, which Compile turns into the root's Element. Where the contract declares another
// element of the same name, both are compiled, and the validator knows only the declared one.
func (l *Loader) Root(src *Source, schema *etree.Element) *Root {
	r := &Root{
		doc: &document{source: src, root: schema, target: schema.SelectAttrValue("targetNamespace", ""), inline: true},
		el:  childOf(schema, "element"),
	}
	l.roots = append(l.roots, r)
	return r
}

// Element is the compiled root.
func (r *Root) Element() *Element { return r.element }

// name is what messages call the root.
func (r *Root) name() Name { return Name{r.doc.target, r.el.SelectAttrValue("name", "")} }

// joinRoots puts the roots among the declared elements, but for those whose name means something else there.
func (l *Loader) joinRoots() {
	for _, r := range l.roots {
		if _, taken := l.components[elementKind][r.name()]; !taken {
			l.documents = append(l.documents, r.doc)
			l.register(r.doc, r.el, elementKind, nil)
		}
	}
}

// compileRoots makes the roots' elements.
func (b *builder) compileRoots() {
	for _, r := range b.roots {
		n := r.name()
		if c := b.components[elementKind][n]; sameMeaning(c.el, r.el) {
			r.element = b.elementNamed(n)
			continue
		}
		r.element = &Element{Name: n, Global: true, apart: true}
		b.fillElement(r.element, r.doc, r.el)
		b.warn(r.doc, r.el, "declared-twice", "the element %s is declared as well, with another content: the validator knows that one only", n)
	}
}
