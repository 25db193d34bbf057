package xsd

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/beevik/etree"
)

// opened are the types whose content the validator can't be given.
type opened map[*etree.Element]*Type

// add takes t in, what it derives from and what derives from that, since one content continues the other. It says
// whether any was new.
func (o opened) add(t *Type) bool {
	for steps := 0; !t.Base.builtin() && steps < maxDerivation; steps++ {
		t = t.Base
	}
	if o[t.el] != nil {
		return false
	}
	o[t.el] = t
	for _, d := range t.Derived {
		o[d.el] = d
	}
	return true
}

// refused finds the content that the validator takes for ambiguous. It unrolls occurrences where they are counted here,
// so it finds more than there is.
var refused = regexp.MustCompile(`(?:type (?:\{[^}]*\})?(\S+)|element (?:\{[^}]*\})?(\S+): inline complexType): UPA violation`)

// addRefused takes in what the validator complains of: a type by its name, or one without by that of its element.
func (o opened) addRefused(complaint string, types []*Type) (any bool) {
	for _, m := range refused.FindAllStringSubmatch(complaint, -1) {
		for _, t := range types {
			named := m[1] != "" && t.Name.Local == m[1]
			inline := m[2] != "" && t.Name.Local == "" && t.el.Parent().SelectAttrValue("name", "") == m[2]
			if t.complex && t.Content != nil && (named || inline) {
				any = o.add(t) || any
			}
		}
	}
	return any
}

// names is what the validator passes over, in words.
func (o opened) names() (all []string) {
	for _, t := range o {
		all = append(all, fmt.Sprintf("the content of the type %s at %s", cmp.Or(t.Name.Local, "without a name"), t.Pos))
	}
	slices.Sort(all)
	return all
}

// open lets a type's content be anything in its copy for the validator. What derives from such a type adds attributes at
// most: the validator takes no restriction of a wildcard that an extension lies between.
func (t *Type) open(copied *etree.Element) {
	holder := copied
	if content := childOf(copied, "complexContent"); content != nil {
		holder = childOf(content, "extension", "restriction")
	}
	derived := !t.Base.builtin()
	if derived && !t.extension {
		holder.Tag = "extension"
		for _, c := range holder.ChildElements() {
			holder.RemoveChild(c)
		}
	}
	if model := childOf(holder, "sequence", "choice", "all", "group"); model != nil {
		holder.RemoveChild(model)
	}
	if derived || t.extension {
		return
	}
	sequence := etree.NewElement("sequence")
	sequence.Space = copied.Space
	anything := sequence.CreateElement("any")
	anything.Space = copied.Space
	anything.CreateAttr("processContents", "lax")
	anything.CreateAttr("minOccurs", "0")
	anything.CreateAttr("maxOccurs", "unbounded")
	at := 0
	if a := childOf(holder, "annotation"); a != nil {
		at = a.Index() + 1
	}
	holder.InsertChildAt(at, sequence)
}

// open lets the contents of all be anything in the copy of a document.
func (o opened) open(el, copied *etree.Element) {
	copies := copied.ChildElements()
	for i, c := range el.ChildElements() {
		o.open(c, copies[i])
	}
	if t := o[el]; t != nil {
		t.open(copied)
	}
}
