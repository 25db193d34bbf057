package wsdl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// DecodeRequest reads a request as a server does. It refuses a wrong version, an unknown header that must be
// understood, two bodies and a wrong root, with *Refusal.
func (o *Operation) DecodeRequest(env []byte) (codec.Result, error) {
	return o.DecodeRequestWith(env, codec.Options{})
}

// DecodeRequestWith is DecodeRequest with options.
func (o *Operation) DecodeRequestWith(env []byte, opt codec.Options) (codec.Result, error) {
	e, err := openReader(o.schema, env, opt)
	if err != nil {
		return codec.Result{}, refuse(err)
	}
	defer e.Close()
	e.server, e.understood = true, o.Understood
	message, fault, err := e.message(o.Request, nil)
	switch {
	case err != nil:
		return codec.Result{}, refuse(err)
	case fault != nil:
		return codec.Result{}, &Refusal{Code: codeClient, Text: "a request must not be a fault"}
	}
	return codec.Result{Tree: message, Drift: e.Drift()}, nil
}

// DecodeReply reads a reply or a fault.
func (o *Operation) DecodeReply(env []byte) (Reply, error) {
	return o.DecodeReplyWith(env, codec.Options{})
}

// DecodeReplyWith is DecodeReply with options.
func (o *Operation) DecodeReplyWith(env []byte, opt codec.Options) (Reply, error) {
	e, err := openReader(o.schema, env, opt)
	if err != nil {
		return Reply{}, err
	}
	defer e.Close()
	reply := o.Reply
	if reply == nil {
		reply = &Message{schema: o.schema, version: o.Version}
	}
	message, fault, err := e.message(reply, o)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Tree: message, Fault: fault, Drift: e.Drift()}, nil
}

// Decode reads a whole envelope that carries no fault.
func (m *Message) Decode(env []byte) (codec.Result, error) {
	e, err := openReader(m.schema, env, codec.Options{})
	if err != nil {
		return codec.Result{}, err
	}
	defer e.Close()
	message, fault, err := e.message(m, nil)
	if err == nil && fault != nil {
		err = &codec.Error{Path: "Body", Text: "the envelope holds a fault"}
	}
	return codec.Result{Tree: message, Drift: e.Drift()}, err
}

// refuse says in a server's words what was wrong with a message.
func refuse(err error) error {
	var r *Refusal
	if errors.As(err, &r) {
		return err
	}
	return &Refusal{Code: codeClient, Text: err.Error(), Err: err}
}

// envelope reads one envelope.
type envelope struct {
	*codec.Reader
	version Version
	server  bool // unknown headers that must be understood are refused

	understood []string // namespaces of headers that somebody obeys
}

// openReader reads as far as the start of the envelope.
func openReader(s *xsd.Schema, env []byte, opt codec.Options) (*envelope, error) {
	r, err := codec.NewReader(s, env, opt)
	if err != nil {
		return nil, err
	}
	e := &envelope{Reader: r}
	if _, err := r.Next(); err != nil {
		r.Close()
		return nil, err
	}
	space, local := e.name()
	switch {
	case local != "Envelope":
		err = r.Unexpected("the document is no SOAP envelope", "{"+URI11+"}Envelope")
	case space == URI11:
		e.version = SOAP11
	case space == URI12:
		e.version = SOAP12
	default:
		err = &Refusal{Code: codeVersionMismatch, Text: fmt.Sprintf("the envelope's namespace %q is of no SOAP version", space)}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.Expect(r.Scanner().Space()) // mustUnderstand, actor, encodingStyle
	return e, nil
}

// name is that of the start tag that Next found.
func (e *envelope) name() (space, local string) {
	s := e.Scanner()
	return s.URI(s.Space()), string(s.Local())
}

// next passes over white space and returns the next child's start tag or the end of the element that is open.
func (e *envelope) next(where string) (scan.Kind, error) {
	for {
		kind, err := e.Next()
		if err != nil || kind != scan.Text {
			return kind, err
		}
		if !e.Scanner().Blank() {
			line, column := e.Scanner().Position(e.Scanner().Offset())
			return kind, &codec.Error{Path: where, Line: line, Column: column, Text: "text where only elements may stand"}
		}
	}
}

// message reads the envelope's rest. Of a reply, o says which faults it may carry.
func (e *envelope) message(m *Message, o *Operation) (message, fault *tree.Object, err error) {
	if e.version != m.version && (e.server || m.version != 0 && o == nil) {
		return nil, nil, &Refusal{Code: codeVersionMismatch, Text: fmt.Sprintf("the contract wants the envelope's namespace %s, the message has %s", m.version.URI(), e.version.URI())}
	}
	message = tree.Sized(len(m.body) + 1)
	seenHeader, seenBody := false, false
	for {
		kind, err := e.next("Envelope")
		if err != nil {
			return nil, nil, err
		}
		if kind == scan.End {
			break
		}
		space, local := e.name()
		switch {
		case space == e.version.URI() && local == "Header" && !seenHeader && !seenBody:
			seenHeader = true
			err = e.headers(m, message)
		case space == e.version.URI() && local == "Body" && !seenBody:
			seenBody = true
			fault, err = e.body(m, o, message)
		default:
			err = e.Unexpected("the envelope holds what does not belong there", "one Header, then one Body")
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if !seenBody {
		return nil, nil, &codec.Error{Path: "Envelope", Text: "the envelope has no Body"}
	}
	if _, err := e.Next(); err != nil { // nothing may follow the root
		return nil, nil, err
	}
	if fault != nil {
		return nil, fault, nil
	}
	return message, nil, nil
}

// headers reads the header's blocks: those that the contract knows into the tree.
func (e *envelope) headers(m *Message, message *tree.Object) error {
	found := new(tree.Object)
	for {
		kind, err := e.next("Header")
		if err != nil {
			return err
		}
		if kind == scan.End {
			break
		}
		must, err := e.mustUnderstand()
		if e.server && err != nil {
			return err
		}
		i := slices.IndexFunc(m.headers, e.At)
		if i < 0 {
			space, local := e.name()
			if e.server && must && !slices.Contains(e.understood, space) {
				return &Refusal{Code: codeMustUnderstand, Text: fmt.Sprintf("the header {%s}%s must be understood, and nobody here does", space, local)}
			}
			if err := e.Scanner().Skip(); err != nil {
				return err
			}
			continue
		}
		h := m.headers[i]
		if found.Has(h.Name.Local) {
			return e.Unexpected("the header comes twice", "")
		}
		value, err := e.Element(h)
		if err != nil {
			return err
		}
		found.Set(h.Name.Local, value)
	}
	if len(m.headers) > 0 {
		message.Set(headerKey, found)
	}
	return nil
}

// mustUnderstand tells whether the header block that Next found is for us and must be understood
// (SOAP 1.1 section 4.2.3, SOAP 1.2 part 1 section 5.2.3).
func (e *envelope) mustUnderstand() (must bool, err error) {
	role := ""
	for _, a := range e.Scanner().Attrs() {
		if e.Scanner().URI(a.Space) != e.version.URI() {
			continue
		}
		switch string(a.Local) {
		case "mustUnderstand":
			switch string(a.Value) {
			case "1", "true":
				must = true
			case "0", "false":
			default:
				err = e.Unexpected(fmt.Sprintf("mustUnderstand is no boolean: %q", a.Value), "0, 1, true or false")
			}
		case "actor", "role":
			role = string(a.Value)
		}
	}
	switch {
	case role == "", role == "http://schemas.xmlsoap.org/soap/actor/next",
		role == URI12+"/role/next", role == URI12+"/role/ultimateReceiver":
		return must, err
	}
	return false, err
}

// body reads the body's elements into the tree, or a fault.
func (e *envelope) body(m *Message, o *Operation, message *tree.Object) (fault *tree.Object, err error) {
	count := 0
	for {
		kind, err := e.next("Body")
		if err != nil {
			return nil, err
		}
		if kind == scan.End {
			break
		}
		if space, local := e.name(); space == e.version.URI() && local == "Fault" && count == 0 {
			if fault, err = e.fault(o); err != nil {
				return nil, err
			}
			count++
			continue
		}
		i := slices.IndexFunc(m.body, e.At)
		switch {
		case fault != nil:
			return nil, e.Unexpected("something stands beside the fault", "")
		case i < 0:
			return nil, e.Unexpected("the body holds another message", bodyNames(m))
		}
		part := m.body[i]
		if message.Has(part.Name.Local) {
			return nil, e.Unexpected("the body holds a second message", "one "+part.Name.Local)
		}
		value, err := e.Element(part)
		if err != nil {
			return nil, err
		}
		message.Set(part.Name.Local, value)
		count++
	}
	if fault == nil && count < len(m.body) {
		return nil, &codec.Error{Path: "Body", Text: "the body lacks its message", Expected: bodyNames(m)}
	}
	return fault, nil
}

func bodyNames(m *Message) string {
	var out []string
	for _, e := range m.body {
		out = append(out, e.Name.String())
	}
	if len(out) == 0 {
		return "an empty body"
	}
	return strings.Join(out, " and ")
}

// Dispatch finds the operation that an envelope calls, by its body's root element and, where that leaves a choice,
// by action (the SOAPAction header without quotes). Errors are *Refusal.
func (d *Definitions) Dispatch(env []byte, action string) (*Operation, error) {
	return d.DispatchWith(env, action, codec.Options{})
}

// DispatchWith is Dispatch with options.
func (d *Definitions) DispatchWith(env []byte, action string, opt codec.Options) (*Operation, error) {
	e, err := openReader(d.schema, env, opt)
	if err != nil {
		return nil, refuse(err)
	}
	defer e.Close()
	for {
		kind, err := e.next("Envelope")
		if err != nil {
			return nil, refuse(err)
		}
		if kind == scan.End {
			return nil, &Refusal{Code: codeClient, Text: "the envelope has no Body"}
		}
		if _, local := e.name(); local == "Body" {
			break
		}
		if err := e.Scanner().Skip(); err != nil {
			return nil, refuse(err)
		}
	}
	kind, err := e.next("Body")
	if err != nil {
		return nil, refuse(err)
	}
	var match, otherVersion *Operation
	for _, o := range d.operations {
		called := kind == scan.End && len(o.Request.body) == 0 || kind == scan.Start && len(o.Request.body) > 0 && e.At(o.Request.body[0])
		switch {
		case !called:
		case o.Version != e.version:
			otherVersion = o
		case match == nil || o.Action == action && match.Action != action:
			match = o
		}
	}
	switch {
	case match != nil:
		return match, nil
	case otherVersion != nil:
		return nil, &Refusal{Code: codeVersionMismatch, Text: fmt.Sprintf("the contract wants the envelope's namespace %s, the message has %s", otherVersion.Version.URI(), e.version.URI())}
	case kind == scan.End:
		return nil, &Refusal{Code: codeClient, Text: "the body is empty"}
	}
	return nil, refuse(e.Unexpected("no operation takes this message", ""))
}
