package agencysim

import (
	"bytes"
	_ "embed" // for the envelope
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/jacoelho/xsd"
	xsderrors "github.com/jacoelho/xsd/errors"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// envelope is the SOAP 1.1 envelope's schema: a message is validated whole, since a body cut out of it loses its prefixes.
//
//go:embed schemas/envelope.xsd
var envelope []byte

// problem is one thing that is wrong with a message.
type problem struct{ path, text string }

func (p problem) String() string {
	if p.path == "" {
		return p.text
	}
	return p.path + ": " + p.text
}

// validator says what is wrong with a message by its contract.
type validator interface {
	validate(message []byte) []problem
}

// anything finds nothing wrong.
type anything struct{}

func (anything) validate([]byte) []problem { return nil }

// xmlValidator is a compiled set of schemas. Its messages must be UTF-8.
type xmlValidator struct{ schema *xsd.Schema }

// compileXML compiles one schema of fsys and what it includes.
func compileXML(fsys fs.FS, path string) (*xmlValidator, error) {
	s, err := xsd.LoadWithOptions(fsys, path, xsd.NewLoadOptions())
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", path, err)
	}
	return &xmlValidator{s}, nil
}

const (
	envelopeFile = "envelope.xsd"
	umbrellaFile = "umbrella.xsd"
)

// imported is a schema under an umbrella.
type imported struct{ path, namespace string }

// compileSOAP compiles the SOAP envelope and schemas of fsys as one set. An umbrella imports them all: roots compiled
// side by side would each bring what they share. What imports another schema must come after it, or the compiler
// (v0.0.27) looks for the other's imports in the wrong place.
func compileSOAP(fsys fs.FS, schemas ...imported) (*xmlValidator, error) {
	imports := `<xs:import namespace="` + soap11 + `" schemaLocation="` + envelopeFile + `"/>`
	for _, i := range schemas {
		imports += `<xs:import namespace="` + i.namespace + `" schemaLocation="` + i.path + `"/>`
	}
	return compileXML(overlay{fsys, map[string][]byte{
		envelopeFile: envelope,
		umbrellaFile: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + imports + `</xs:schema>`),
	}}, umbrellaFile)
}

func (v *xmlValidator) validate(message []byte) []problem {
	// The validator reads past a document type; no agency should.
	if bytes.Contains(message, []byte("<!DOCTYPE")) {
		return []problem{{text: "a document type declaration is not allowed"}}
	}
	err := v.schema.Validate(bytes.NewReader(message))
	if err == nil {
		return nil
	}
	if all, ok := xsderrors.AsValidations(err); ok {
		out := make([]problem, len(all))
		for i, e := range all {
			out[i] = problem{e.Path, said(e)}
		}
		return out
	}
	return []problem{{text: err.Error()}}
}

// said returns all that the validator knows of a violation.
func said(v xsderrors.Validation) string {
	s := v.Message
	if len(v.Expected) > 0 {
		s += ", expected " + strings.Join(v.Expected, ", ")
	}
	if v.Actual != "" {
		s += ", found " + v.Actual
	}
	if v.Line > 0 {
		s += fmt.Sprintf(" (line %d, column %d)", v.Line, v.Column)
	}
	return s
}

// inlineSchema cuts the one schema out of a WSDL.
func inlineSchema(fsys fs.FS, path string) ([]byte, error) {
	raw, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	schema := doc.FindElement("/definitions/types/schema")
	if schema == nil {
		return nil, fmt.Errorf("%s holds no schema", path)
	}
	// What its ancestors declare must still be declared.
	for up := schema.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if a.Space == "xmlns" && schema.SelectAttr("xmlns:"+a.Key) == nil {
				schema.CreateAttr("xmlns:"+a.Key, a.Value)
			}
		}
	}
	out := etree.NewDocument()
	out.SetRoot(schema.Copy())
	return out.WriteToBytes()
}

// overlay is a file system with files laid over it.
type overlay struct {
	fs.FS
	files map[string][]byte
}

func (o overlay) Open(name string) (fs.File, error) {
	if b, ok := o.files[name]; ok {
		return &laid{Reader: bytes.NewReader(b), name: name}, nil
	}
	return o.FS.Open(name)
}

// laid is an open file of an overlay, and what is known of it.
type laid struct {
	*bytes.Reader
	name string
}

func (l *laid) Close() error               { return nil }
func (l *laid) Stat() (fs.FileInfo, error) { return l, nil }
func (l *laid) Name() string               { return l.name }
func (l *laid) Mode() fs.FileMode          { return 0o444 }
func (l *laid) ModTime() time.Time         { return time.Time{} }
func (l *laid) IsDir() bool                { return false }
func (l *laid) Sys() any                   { return nil }

// jsonValidator is one compiled JSON Schema.
type jsonValidator struct{ schema *jsonschema.Schema }

// compileJSON compiles a schema of an OpenAPI file, such as /components/schemas/Person.
func compileJSON(fsys fs.FS, folder, file, pointer string) (*jsonValidator, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(yamlLoader{fsys, folder})
	s, err := c.Compile("sim:///" + file + "#" + pointer)
	if err != nil {
		return nil, fmt.Errorf("compile %s%s: %w", file, pointer, err)
	}
	return &jsonValidator{s}, nil
}

// yamlLoader hands YAML files of one folder to the JSON Schema compiler.
type yamlLoader struct {
	fsys   fs.FS
	folder string
}

func (l yamlLoader) Load(url string) (any, error) {
	raw, err := fs.ReadFile(l.fsys, l.folder+"/"+strings.TrimPrefix(url, "sim:///"))
	if err != nil {
		return nil, err
	}
	var doc any
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	return doc, nil
}

func (v *jsonValidator) validate(message []byte) []problem {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(message))
	if err != nil {
		return []problem{{text: err.Error()}}
	}
	err = v.schema.Validate(doc)
	if err == nil {
		return nil
	}
	var ve *jsonschema.ValidationError
	if !errors.As(err, &ve) {
		return []problem{{text: err.Error()}}
	}
	var out []problem
	for _, u := range ve.BasicOutput().Errors {
		if u.Error != nil {
			out = append(out, problem{u.InstanceLocation, u.Error.String()})
		}
	}
	return out
}
