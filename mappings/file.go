package mappings

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// MaxFileBytes bounds a mapping file.
const MaxFileBytes = 1 << 20

// File is one parsed mapping file. It is immutable.
type File struct {
	source   source
	hash     string
	tables   map[string]*table
	sections []section
}

type section struct {
	name string
	body *template
}

// sectionNames matches the sections that a file may have.
var sectionNames = regexp.MustCompile(`^(request|receipt|poll|status|probe|found|cancel|cancelled|supplement|document|answer|(push|ack)\.[\p{L}_][\p{L}\p{N}_.-]*)$`)

var sectionList = []string{"request", "receipt", "poll", "status", "probe", "found", "cancel", "cancelled", "supplement", "document", "answer", "push.NAME", "ack.NAME", "tables"}

// Parse reads a mapping file; name is how messages call it. The error is a diag.List with every fault of form:
// whether the expressions fit the contracts is for Compile to say.
func Parse(name string, src []byte) (*File, error) {
	sum := sha256.Sum256(src)
	f := &File{hash: hex.EncodeToString(sum[:]), tables: map[string]*table{}}
	f.source = source{name: name, lines: strings.Split(string(src), "\n")}
	if len(src) > MaxFileBytes {
		return nil, diag.List{{Pos: diag.Pos{File: name}, Code: "too-large", Message: "the mapping file is larger than 1 MiB"}}
	}
	p := &parser{source: &f.source}
	root := p.document(src)
	if root != nil {
		p.sections(f, root)
	}
	p.problems.Sort()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// Sections lists the sections of the file, in its order: "request", "receipt", "push.status" …
func (f *File) Sections() []string {
	names := make([]string, len(f.sections))
	for i, s := range f.sections {
		names[i] = s.name
	}
	return names
}

// Hash is the SHA-256 of the file, in hexadecimal: every attempt of a delivery records it.
func (f *File) Hash() string { return f.hash }

// Name is the name that Parse was given.
func (f *File) Name() string { return f.source.name }

func (f *File) section(name string) *template {
	for _, s := range f.sections {
		if s.name == name {
			return s.body
		}
	}
	return nil
}

func (p *parser) sections(f *File, root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		p.at(root, "wrong-type", "a mapping file is a mapping of sections", "known sections: "+strings.Join(sectionList, ", "))
		return
	}
	for key, value := range p.pairs(root) {
		switch {
		case key.Value == "tables":
			p.tables(f, value)
		case sectionNames.MatchString(key.Value):
			f.sections = append(f.sections, section{key.Value, p.template(value, 0)})
		case key.Value == "push" || key.Value == "ack":
			p.at(key, "unknown-section", "a section "+key.Value+" needs the name of the push", "write "+key.Value+".NAME, with the name that the manifest gives it")
		default:
			hint := diag.Suggest(key.Value, sectionList)
			if hint == "" {
				hint = "known sections: " + strings.Join(sectionList, ", ")
			}
			p.at(key, "unknown-section", "unknown section "+quote(key.Value), hint)
		}
	}
}
