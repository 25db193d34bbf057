package wsdl

import (
	"slices"
	"strings"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// fault reads a fault of either version into the tree of DESIGN.md §4.
func (e *envelope) fault(o *Operation) (map[string]any, error) {
	f := map[string]any{"code": codeServer, "subcodes": []any{}, "reason": ""}
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
			if f["reason"], err = e.text(); err != nil {
				return nil, err
			}
		case "faultactor", "Role":
			if f["actor"], err = e.text(); err != nil {
				return nil, err
			}
		case "Code":
			if err := e.code12(f, true); err != nil {
				return nil, err
			}
		case "Reason":
			if err := e.reason12(f); err != nil {
				return nil, err
			}
		case "detail", "Detail":
			if f["detail"], err = e.detail(o); err != nil {
				return nil, err
			}
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
func code11(f map[string]any, text string) {
	local := text[strings.LastIndexByte(text, ':')+1:]
	first, rest, dotted := strings.Cut(local, ".")
	switch first {
	case codeClient, codeServer, codeVersionMismatch, codeMustUnderstand:
		f["code"] = first
		if dotted {
			f["subcodes"] = []any{rest}
		}
	case "Sender":
		f["code"] = codeClient
	case "Receiver":
		f["code"] = codeServer
	default:
		f["subcodes"] = []any{local}
	}
}

// code12 reads a code with its subcodes (SOAP 1.2 part 1 section 5.4.1).
func (e *envelope) code12(f map[string]any, top bool) error {
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
				f["subcodes"] = append(f["subcodes"].([]any), local)
			case local == "Sender" || local == "DataEncodingUnknown":
				f["code"] = codeClient
			case local == codeVersionMismatch || local == codeMustUnderstand:
				f["code"] = local
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
func (e *envelope) reason12(f map[string]any) error {
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
			f["reason"], taken = text, true
		}
	}
}

// detail reads what the contract knows into trees; all else, and what breaks the contract, is kept as XML in _any.
func (e *envelope) detail(o *Operation) (map[string]any, error) {
	d := map[string]any{}
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
			if _, twice := d[known.Name.Local]; !twice {
				if r, err := codec.ForElement(o.schema, known).Decode([]byte(raw)); err == nil {
					d[known.Name.Local] = r.Tree[known.Name.Local]
					continue
				}
			}
		}
		list, _ := d["_any"].([]any)
		d["_any"] = append(list, raw)
	}
}
