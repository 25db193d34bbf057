// Package interop_test holds the codec against stacks that others wrote: libxml2 validates what it writes, and PHP's SOAP
// extension and Python's zeep take it in and encode again what they understood, which must read as the tree that it was.
package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"sluice/contracts/agencies"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/sample"
)

// samples are the instances that every test makes: only what is required, and everything in several ways.
var samples = []sample.Options{{}, {Seed: 1}, {Everything: true}, {Everything: true, Seed: 1}, {Everything: true, Seed: 2}, {Everything: true, Seed: 3}}

// need finds a tool. A machine without it skips the test; the gate, which installs it, must not.
func need(t *testing.T, name, debian string, works ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil && len(works) > 0 {
		err = exec.Command(path, works...).Run()
	}
	if err != nil {
		text := fmt.Sprintf("%s is needed, which is Debian's package %s: %v", name, debian, err)
		if os.Getenv("SLUICE_REQUIRE") != "" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	return path
}

// unpacked lays the built-in contracts out as files, for tools that read nothing else.
func unpacked(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, agencies.Files); err != nil {
		t.Fatal(err)
	}
	return dir
}

// contracts lists the built-in contracts with this ending.
func contracts(t *testing.T, ending string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(agencies.Files, ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ending) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	return found
}

// TestXmllint has libxml2 validate samples of every element of every built-in contract.
func TestXmllint(t *testing.T) {
	xmllint := need(t, "xmllint", "libxml2-utils")
	dir := unpacked(t)
	for _, path := range contracts(t, ".xsd") {
		t.Run(path, func(t *testing.T) {
			s, err := xsd.Load(agencies.Files, path)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, xmllint, s, filepath.Join(dir, path))
		})
	}
	for _, path := range contracts(t, ".wsdl") {
		t.Run(path, func(t *testing.T) {
			d, err := wsdl.Load(agencies.Files, path)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, xmllint, d.Schema(), schemaOf(t, filepath.Join(dir, path)))
		})
	}
}

// schemaOf writes the schema inside a WSDL as a file beside it, with the namespaces of its surroundings.
func schemaOf(t *testing.T, path string) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(path); err != nil {
		t.Fatal(err)
	}
	inside := doc.FindElements("//types/schema")
	if len(inside) != 1 {
		t.Fatalf("%d schemas inside %s: one is what this test can take", len(inside), path)
	}
	schema := inside[0].Copy()
	for _, a := range doc.Root().Attr {
		if a.Space == "xmlns" && schema.SelectAttr(a.FullKey()) == nil {
			schema.CreateAttr(a.FullKey(), a.Value)
		}
	}
	if err := etree.NewDocumentWithRoot(schema).WriteToFile(path + ".xsd"); err != nil {
		t.Fatal(err)
	}
	return path + ".xsd"
}

func validate(t *testing.T, xmllint string, s *xsd.Schema, schema string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--noout", "--nonet", "--schema", schema}
	for i, e := range s.Elements() {
		if e.Abstract {
			continue
		}
		for j, o := range samples {
			message, gaps := sample.Element(s, e, o)
			if len(gaps) > 0 {
				t.Fatalf("%s: no sample: %v", e.Name, gaps)
			}
			xml, err := codec.ForElement(s, e).Append(nil, message)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, fmt.Sprintf("%d-%d.xml", i, j))
			if err := os.WriteFile(file, xml, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
	}
	if len(s.Elements()) == 0 {
		return // types alone
	}
	if out, err := exec.Command(xmllint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// exchange is a request and its reply, as trees and as the codec writes them.
type exchange struct {
	operation      *wsdl.Operation
	asked, told    *tree.Object
	request, reply string
}

// exchanges makes samples of every operation that has a reply.
func exchanges(t *testing.T, fsys fs.FS, path string) (all []exchange) {
	t.Helper()
	d, err := wsdl.Load(fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Operations() {
		if o.Reply == nil {
			continue
		}
		for _, s := range samples {
			x := exchange{operation: o}
			x.asked, x.request = written(t, o.Request, s)
			x.told, x.reply = written(t, o.Reply, s)
			all = append(all, x)
		}
	}
	return all
}

func written(t *testing.T, m *wsdl.Message, o sample.Options) (*tree.Object, string) {
	t.Helper()
	message, gaps := m.Sample(o)
	if len(gaps) > 0 {
		t.Fatalf("no sample: %v", gaps)
	}
	xml, err := m.Append(nil, message)
	if err != nil {
		t.Fatal(err)
	}
	// A tree may say the same in several ways; this is the one that reading makes.
	r, err := m.Decode(xml)
	if err != nil {
		t.Fatal(err)
	}
	return r.Tree, string(xml)
}

// echo runs a program that reads one JSON object and writes another.
func echo(t *testing.T, in, out any, program ...string) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program[0], program[1:]...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &stderr
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, answer, stderr.Bytes())
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
}

// TestPHP lets PHP's SOAP extension take in requests as a server and replies as a client, and encode both again.
func TestPHP(t *testing.T) {
	php := need(t, "php", "php-cli, with php-soap", "-r", `exit(extension_loaded("soap") ? 0 : 1);`)
	dir := unpacked(t)
	for _, path := range contracts(t, ".wsdl") {
		t.Run(path, func(t *testing.T) {
			all := exchanges(t, agencies.Files, path)
			throughPHP(t, php, filepath.Join(dir, path), wsdl.SOAP11, all)
		})
	}
}

// throughPHP does so with all of the exchanges of one WSDL file.
func throughPHP(t *testing.T, php, file string, version wsdl.Version, all []exchange) {
	t.Helper()
	var given []any
	for _, x := range all {
		given = append(given, tree.Of("operation", x.operation.Name, "headers", headers(t, x.request), "request", x.request, "reply", x.reply))
	}
	var out struct {
		Exchanges []struct{ Request, Reply string }
	}
	echo(t, tree.Of("wsdl", file, "version", int64(version), "exchanges", given), &out, php, "testdata/echo.php")
	if len(out.Exchanges) != len(all) {
		t.Fatalf("%d exchanges of %d", len(out.Exchanges), len(all))
	}
	for i, x := range all {
		same(t, x.operation.Request, out.Exchanges[i].Request, x.asked, x.request)
		same(t, x.operation.Reply, rpcResult.ReplaceAllString(out.Exchanges[i].Reply, ""), x.told, x.reply)
	}
}

// rpcResult is how SOAP 1.2 part 2 section 4.2.1 says which part of an rpc reply is the result. Contracts don't speak of
// it, so that reading reports it as drift.
var rpcResult = regexp.MustCompile(`<rpc:result>\w+</rpc:result>`)

// headers names the header blocks of an envelope, which the extension does not tell its callers.
func headers(t *testing.T, envelope string) [][2]string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(envelope); err != nil {
		t.Fatal(err)
	}
	names := [][2]string{}
	for _, h := range doc.FindElements("/Envelope/Header/*") {
		names = append(names, [2]string{h.NamespaceURI(), h.Tag})
	}
	return names
}

// TestZeep lets zeep take in both, and encode them again.
func TestZeep(t *testing.T) {
	// Debian's zeep belongs to Debian's Python, which need not be the first of the path.
	python := need(t, "/usr/bin/python3", "python3-zeep", "-c", "import zeep")
	dir := unpacked(t)
	for _, path := range contracts(t, ".wsdl") {
		t.Run(path, func(t *testing.T) {
			all := exchanges(t, agencies.Files, path)
			var in struct {
				WSDL      string   `json:"wsdl"`
				Envelopes []string `json:"envelopes"`
			}
			in.WSDL = filepath.Join(dir, path)
			for _, x := range all {
				in.Envelopes = append(in.Envelopes, x.request, x.reply)
			}
			var out struct{ Envelopes []*string }
			echo(t, in, &out, python, "testdata/echo.py")
			if len(out.Envelopes) != 2*len(all) {
				t.Fatalf("%d envelopes of %d", len(out.Envelopes), 2*len(all))
			}
			lost := 0
			for i, x := range all {
				if got := out.Envelopes[2*i]; got != nil {
					same(t, x.operation.Request, *got, x.asked, x.request)
				} else {
					lost++
				}
				if got := out.Envelopes[2*i+1]; got != nil {
					same(t, x.operation.Reply, *got, x.told, x.reply)
				} else {
					lost++
				}
			}
			if lost > len(all)/2 {
				t.Errorf("zeep lost something in %d of %d envelopes", lost, 2*len(all))
			}
		})
	}
}

// same reads what another stack has written and compares it with the tree that it was given. Other stacks write the
// defaults of attributes that were left out, which means the same.
func same(t *testing.T, m *wsdl.Message, got string, want *tree.Object, given string) {
	t.Helper()
	r, err := m.Decode([]byte(got))
	for _, e := range m.Elements() {
		withDefaults(e.Type, want.Get(e.Name.Local))
		withDefaults(e.Type, r.Tree.Get(e.Name.Local))
	}
	if err != nil || len(r.Drift) > 0 || !tree.Equal(r.Tree, want) {
		t.Errorf("%v, drift %v\ngot   %v\nwant  %v\nof    %s\ngiven %s", err, r.Drift, r.Tree, want, got, given)
	}
}

// withDefaults adds the defaults of attributes that a tree lacks, to its objects at every depth.
func withDefaults(t *xsd.Type, value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			withDefaults(t, v)
		}
	case *tree.Object:
		for _, a := range t.Attributes {
			if !value.Has(a.Key) && a.Default != nil {
				v, _ := codec.ParseValue(a.Type, *a.Default)
				value.Set(a.Key, v)
			}
		}
		if t.Content != nil {
			childDefaults(t.Content, value)
		}
	}
}

func childDefaults(p *xsd.Particle, object *tree.Object) {
	for i, e := range p.Elements {
		withDefaults(e.Type, object.Get(p.Keys[i]))
	}
	for _, c := range p.Children {
		childDefaults(c, object)
	}
}
