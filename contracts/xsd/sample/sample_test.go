package sample_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/sample"
	"sluice/contracts/xsd/scan"
)

// module is the module's root: every contract in it is tried, also those that are yet to be written.
const module = "../../.."

// gaps are the elements of which no valid instance can be made, and why.
var gaps = map[string]string{
	"{urn:kinds}shape": "shape: the element shape is abstract and nothing stands for it",
}

// TestRoundTrip sends samples of every element and message of every contract of the module there and back:
// the writer writes them, an independent validator takes them, and the reader reads the tree that went in.
func TestRoundTrip(t *testing.T) {
	files := contracts(t)
	if len(files) < 14 {
		t.Fatalf("only %d contracts were found: the test looks at the wrong place", len(files))
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s, operations := load(t, os.DirFS(path.Join(module, path.Dir(file))), path.Base(file))
			v, err := s.Validator()
			if err != nil {
				t.Fatal(err)
			}
			tries := everyOption(20)
			for _, e := range s.Elements() {
				if want, known := gaps[e.Name.String()]; known {
					if _, got := sample.Element(s, e, sample.Options{}); len(got) != 1 || got[0].String() != want {
						t.Errorf("%s: gaps %v, want %q", e.Name, got, want)
					}
					continue
				}
				for _, o := range tries {
					if err := roundTrip(s, v, e, o); err != nil {
						t.Errorf("%s, %+v: %v", e.Name, o, err)
					}
				}
			}
			for _, op := range operations {
				for _, o := range tries {
					if err := envelopes(op, o); err != nil {
						t.Errorf("%s.%s, %+v: %v", op.Port, op.Name, o, err)
					}
				}
			}
		})
	}
}

// contracts lists the module's WSDLs and schemas.
func contracts(t *testing.T) (files []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(module), ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && base != "." && strings.ContainsRune("._", rune(base[0])):
			return fs.SkipDir
		case path.Ext(name) == ".wsdl" || path.Ext(name) == ".xsd":
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func load(t *testing.T, fsys fs.FS, name string) (*xsd.Schema, []*wsdl.Operation) {
	t.Helper()
	if path.Ext(name) == ".wsdl" {
		d, err := wsdl.Load(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		return d.Schema(), d.Operations()
	}
	s, err := xsd.Load(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return s, nil
}

func everyOption(seeds uint64) []sample.Options {
	var all []sample.Options
	for seed := range seeds + 1 {
		all = append(all, sample.Options{Seed: seed}, sample.Options{Seed: seed, Everything: true})
	}
	return all
}

// roundTrip says what is wrong on the way. A gap is wrong, too.
func roundTrip(s *xsd.Schema, v *xsd.Validator, e *xsd.Element, o sample.Options) error {
	message, gaps := sample.Element(s, e, o)
	if len(gaps) > 0 {
		return fmt.Errorf("gap at %s", gaps[0])
	}
	m := codec.ForElement(s, e)
	xml, err := m.Append(nil, message)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if v == nil || !v.Knows(e) {
		// nothing to hold it against
	} else if err := v.Validate(xml); err != nil {
		return fmt.Errorf("the validator says %w\n%s", err, xml)
	}
	r, err := m.DecodeWith(xml, codec.Options{Strict: true})
	if err != nil {
		return fmt.Errorf("decoding: %w\n%s", err, xml)
	}
	if !tree.Equal(meaning(r.Tree), meaning(message)) {
		return fmt.Errorf("another tree came back\n%v\n%v\n%s", message, r.Tree, xml)
	}
	return nil
}

// envelopes is roundTrip for an operation's messages and faults.
func envelopes(op *wsdl.Operation, o sample.Options) error {
	for _, m := range []*wsdl.Message{op.Request, op.Reply} {
		if m == nil {
			continue
		}
		message, gaps := m.Sample(o)
		if len(gaps) > 0 {
			return fmt.Errorf("gap at %s", gaps[0])
		}
		xml, err := m.Append(nil, message)
		if err != nil {
			return fmt.Errorf("encoding: %w", err)
		}
		r, err := m.Decode(xml)
		if err != nil || len(r.Drift) > 0 {
			return fmt.Errorf("decoding: %w, drift %v\n%s", err, r.Drift, xml)
		}
		if !tree.Equal(meaning(r.Tree), meaning(message)) {
			return fmt.Errorf("another tree came back\n%v\n%v\n%s", message, r.Tree, xml)
		}
	}
	f, gaps := op.SampleFault(o)
	if len(gaps) > 0 {
		return fmt.Errorf("gap at %s", gaps[0])
	}
	xml, err := op.AppendFault(nil, f)
	if err != nil {
		return fmt.Errorf("encoding a fault: %w", err)
	}
	r, err := op.DecodeReply(xml)
	if err != nil {
		return fmt.Errorf("decoding a fault: %w\n%s", err, xml)
	}
	detail, _ := r.Fault.Get("detail").(*tree.Object)
	if r.Fault.Get("code") != f.Code || r.Fault.Get("reason") != f.Reason || !tree.Equal(meaning(detail), meaning(f.Detail)) {
		return fmt.Errorf("another fault came back\n%+v\n%v\n%s", f, r.Fault, xml)
	}
	return nil
}

// meaning is a tree with raw XML as its tokens: what was read declares the prefixes of its surroundings as well.
func meaning(v any) any {
	switch v := v.(type) {
	case *tree.Object:
		out := tree.Sized(v.Len())
		for key, value := range v.All() {
			if raw, ok := value.(string); ok && key == xsd.KeyAny {
				out.Set(key, strings.Join(tokens(raw), " "))
			} else if list, ok := value.([]any); ok && key == xsd.KeyAny {
				for _, raw := range list {
					out.Set(key, fmt.Sprint(out.Get(key), tokens(raw.(string))))
				}
			} else {
				out.Set(key, meaning(value))
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = meaning(v[i])
		}
		return out
	}
	return v
}

func tokens(raw string) (all []string) {
	var s scan.Scanner
	err := s.Reset([]byte(raw), scan.NewSpaces(), scan.Limits{})
	for kind := scan.Start; err == nil && kind != scan.EOF; {
		switch kind, err = s.Next(); kind {
		case scan.Start:
			all = append(all, fmt.Sprintf("<{%s}%s", s.URI(s.Space()), s.Local()))
			var attrs []string
			for _, a := range s.Attrs() {
				attrs = append(attrs, fmt.Sprintf("{%s}%s=%q", s.URI(a.Space), a.Local, a.Value))
			}
			slices.Sort(attrs)
			all = append(all, attrs...)
		case scan.Text:
			all = append(all, fmt.Sprintf("%q", s.Text()))
		case scan.End:
			all = append(all, ">")
		}
	}
	if err != nil {
		all = append(all, err.Error())
	}
	return all
}
