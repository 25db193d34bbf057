package wsdl

import (
	"slices"
	"strings"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// fault reads a fault of either version into the tree of DESIGN.md §4.
func (e *envelope) fault(o *Operation) (*tree.Object, error) {
	f := tree.Of("code", codeServer, "subcodes", []any{}, "reason", "")
	for {
		kind, err := e.next("Fault")
		if err != nil {
			return nil, err
		}
		if kind == scan.End {
			return f, nil
		}
		switch _, local := e.name(); local {
		case "faultcode":
			text, err := e.text()
			if err != nil {
				return nil, err
			}
			code11(f, text)
		case "faultstring":
			text, err := e.text()
			if err != nil {
				return nil, err
			}
			f.Set("reason", text)
		case "faultactor", "Role":
			text, err := e.text()
			if err != nil {
				return nil, err
			}
			f.Set("actor", text)
		case "Code":
			if err := e.code12(f, true); err != nil {
				return nil, err
			}
		case "Reason":
			if err := e.reason12(f); err != nil {
				return nil, err
			}
		case "detail", "Detail":
			detail, err := e.detail(o)
			if err != nil {
				return nil, err
			}
			f.Set("detail", detail)
		default:
			if err := e.Scanner().Skip(); err != nil {
				return nil, err
			}
		}
	}
}

// text reads an element that holds text alone; elements inside it are passed over.
func (e *envelope) text() (string, error) {
	var b strings.Builder
	for {
		kind, err := e.Next()
		switch {
		case err != nil:
			return "", err
		case kind == scan.End:
			return strings.TrimSpace(b.String()), nil
		case kind == scan.Text:
			b.Write(e.Scanner().Text())
		default:
			if err := e.Scanner().Skip(); err != nil {
				return "", err
			}
		}
	}
}

// code11 reads Client.Authentication and the like (SOAP 1.1 section 4.4.1). A code of the agency's own is a subcode of
// Server: nothing says that the message was at fault.
func code11(f *tree.Object, text string) {
	local := text[strings.LastIndexByte(text, ':')+1:]
	first, rest, dotted := strings.Cut(local, ".")
	switch first {
	case codeClient, codeServer, codeVersionMismatch, codeMustUnderstand:
		f.Set("code", first)
		if dotted {
			f.Set("subcodes", []any{rest})
		}
	case "Sender":
		f.Set("code", codeClient)
	case "Receiver":
		f.Set("code", codeServer)
	default:
		f.Set("subcodes", []any{local})
	}
}

// code12 reads a code with its subcodes (SOAP 1.2 part 1 section 5.4.1).
func (e *envelope) code12(f *tree.Object, top bool) error {
	for {
		kind, err := e.next("Fault/Code")
		if err != nil {
			return err
		}
		if kind == scan.End {
			return nil
		}
		switch _, local := e.name(); local {
		case "Value":
			text, err := e.text()
			if err != nil {
				return err
			}
			local := text[strings.LastIndexByte(text, ':')+1:]
			switch {
			case !top:
				f.Set("subcodes", append(f.Get("subcodes").([]any), local))
			case local == "Sender" || local == "DataEncodingUnknown":
				f.Set("code", codeClient)
			case local == codeVersionMismatch || local == codeMustUnderstand:
				f.Set("code", local)
			}
		case "Subcode":
			err = e.code12(f, false)
		default:
			err = e.Scanner().Skip()
		}
		if err != nil {
			return err
		}
	}
}

// reason12 takes the first text, or the Russian one where there are several.
func (e *envelope) reason12(f *tree.Object) error {
	taken := false
	for {
		kind, err := e.next("Fault/Reason")
		if err != nil {
			return err
		}
		if kind == scan.End {
			return nil
		}
		russian := slices.ContainsFunc(e.Scanner().Attrs(), func(a scan.Attr) bool {
			return string(a.Local) == "lang" && strings.HasPrefix(string(a.Value), "ru")
		})
		text, err := e.text()
		if err != nil {
			return err
		}
		if !taken || russian {
			f.Set("reason", text)
			taken = true
		}
	}
}

// detail reads what the contract knows into trees; all else, and what breaks the contract, is kept as XML in _any.
func (e *envelope) detail(o *Operation) (*tree.Object, error) {
	d := new(tree.Object)
	for {
		kind, err := e.Next()
		switch {
		case err != nil:
			return nil, err
		case kind == scan.End:
			return d, nil
		case kind == scan.Text:
			continue
		}
		var known *xsd.Element
		if o != nil {
			if i := slices.IndexFunc(o.Faults, func(f *FaultDetail) bool { return e.At(f.Element) }); i >= 0 {
				known = o.Faults[i].Element
			}
		}
		raw, err := e.Raw()
		if err != nil {
			return nil, err
		}
		if known != nil {
			if !d.Has(known.Name.Local) {
				if r, err := codec.ForElement(o.schema, known).Decode([]byte(raw)); err == nil {
					d.Set(known.Name.Local, r.Tree.Get(known.Name.Local))
					continue
				}
			}
		}
		list, _ := d.Get("_any").([]any)
		d.Set("_any", append(list, raw))
	}
}
