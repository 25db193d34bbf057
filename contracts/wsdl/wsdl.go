// Package wsdl reads WSDL 1.1 contracts and turns SOAP envelopes into trees and back (DESIGN.md §4 has the convention).
//
// Covered are SOAP 1.1 and 1.2 over HTTP, document/literal and rpc/literal, with headers and typed fault detail. What a
// contract has beyond that is left out when it is loaded, with words; where nothing else is left, it is refused.
package wsdl

import (
	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// Version is a SOAP version.
type Version uint8

// The SOAP versions.
const (
	SOAP11 Version = iota + 1
	SOAP12
)

// The namespaces of envelopes.
const (
	URI11 = "http://schemas.xmlsoap.org/soap/envelope/"
	URI12 = "http://www.w3.org/2003/05/soap-envelope"
)

// URI is the version's namespace.
func (v Version) URI() string {
	if v == SOAP12 {
		return URI12
	}
	return URI11
}

// Definitions is a compiled WSDL. It is immutable and safe for concurrent use.
type Definitions struct {
	Warnings diag.List // what is doubtful but harmless

	schema     *xsd.Schema
	operations []*Operation
	main       string
	sources    map[string]*xsd.Source
}

// Operation is one operation of one port.
type Operation struct {
	Name    string // as the WSDL names it
	Port    string // the port, or the binding where no service has it
	Action  string // SOAPAction
	Version Version
	OneWay  bool
	Address string // as the WSDL says; "" when it does not
	Doc     string // the contract's documentation

	// What WS-Addressing calls the request and the reply.
	RequestAction, ReplyAction string
	// Understood are the namespaces of headers that whoever reads requests obeys, beside those that the contract declares.
	Understood []string

	Request *Message
	Reply   *Message // nil of a one-way operation
	Faults  []*FaultDetail

	schema *xsd.Schema
}

// Message is what one direction of an operation carries in its envelope.
type Message struct {
	schema  *xsd.Schema
	version Version
	body    []*xsd.Element // usually one; none is an empty body
	headers []*xsd.Element
	shape   *shape.Type
}

// FaultDetail is one typed fault that an operation declares.
type FaultDetail struct {
	Name    string
	Element *xsd.Element
}

// Reply is a decoded answer: exactly one of Tree and Fault is set (Tree is empty, not nil, for an empty body).
type Reply struct {
	Tree  *tree.Object
	Fault *tree.Object // {"code", "subcodes", "reason", "actor", "detail": {element: tree}}
	Drift []codec.Drift
}

// Fault is what a server answers when it refuses.
type Fault struct {
	Code     string   // Client, Server, VersionMismatch or MustUnderstand; "" means Server
	Subcodes []string // {namespace}name or plain words
	Reason   string
	Actor    string
	Detail   *tree.Object // {element: tree}, of the operation's declared faults
}

// Refusal says that an envelope is not what the contract allows, in the words of a SOAP fault.
type Refusal struct {
	Code string // Client, VersionMismatch or MustUnderstand
	Text string
	Err  error // the *codec.Error behind it, or nil
}

func (r *Refusal) Error() string { return r.Text }
func (r *Refusal) Unwrap() error { return r.Err }

// Operations lists every operation, in the WSDL's order.
func (d *Definitions) Operations() []*Operation { return d.operations }

// Schema is what the WSDL's types hold.
func (d *Definitions) Schema() *xsd.Schema { return d.schema }

// Operation finds an operation by "Port.Op", or by "Op": of equal ones in several ports the first port of the WSDL
// wins. The error suggests a near name.
func (d *Definitions) Operation(name string) (*Operation, error) {
	names := make([]string, 0, len(d.operations))
	for _, o := range d.operations {
		if name == o.Name || name == o.Port+"."+o.Name {
			return o, nil
		}
		names = append(names, o.Name)
	}
	hint := diag.Suggest(name, names)
	if hint == "" {
		hint = "it has " + listed(names)
	}
	return nil, diag.Problem{Pos: diag.Pos{File: d.main}, Code: "unknown-operation", Message: "the contract has no operation " + quoted(name), Hint: hint}
}

// ContentType is the media type of the operation's envelopes, with the action in it for SOAP 1.2.
func (o *Operation) ContentType() string {
	switch {
	case o.Version == SOAP12 && o.Action != "":
		return `application/soap+xml; charset=utf-8; action="` + o.Action + `"`
	case o.Version == SOAP12:
		return "application/soap+xml; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}

// Shape describes the message's tree: one key a body element, and _header where the contract has headers.
func (m *Message) Shape() *shape.Type { return m.shape }

func newMessage(s *xsd.Schema, v Version, body, headers []*xsd.Element) *Message {
	m := &Message{schema: s, version: v, body: body, headers: headers, shape: &shape.Type{Kind: shape.Object}}
	for _, e := range body {
		m.shape.Fields = append(m.shape.Fields, shape.Field{Name: e.Name.Local, Type: e.Shape(), Required: true, Doc: e.Doc})
	}
	if len(headers) > 0 {
		h := &shape.Type{Kind: shape.Object}
		for _, e := range headers {
			h.Fields = append(h.Fields, shape.Field{Name: e.Name.Local, Type: e.Shape(), Required: true, Doc: e.Doc})
		}
		m.shape.Fields = append(m.shape.Fields, shape.Field{Name: headerKey, Type: h, Required: true, Doc: "SOAP headers"})
	}
	return m
}

// headerKey is where a tree holds its headers.
const headerKey = "_header"

// The fault codes of a tree, whatever the version called them.
const (
	codeClient          = "Client"
	codeServer          = "Server"
	codeVersionMismatch = "VersionMismatch"
	codeMustUnderstand  = "MustUnderstand"
)

// FaultShape describes the tree that DecodeReply makes of a fault.
func (o *Operation) FaultShape() *shape.Type {
	detail := &shape.Type{Kind: shape.Object, Open: true}
	for _, f := range o.Faults {
		if detail.Field(f.Element.Name.Local) == nil {
			detail.Fields = append(detail.Fields, shape.Field{Name: f.Element.Name.Local, Type: f.Element.Shape(), Doc: f.Element.Doc})
		}
	}
	text := &shape.Type{Kind: shape.String}
	return &shape.Type{Kind: shape.Object, Name: "fault", Fields: []shape.Field{
		{Name: "code", Required: true, Type: &shape.Type{Kind: shape.String, Enum: []string{codeClient, codeServer, codeVersionMismatch, codeMustUnderstand}}},
		{Name: "subcodes", Required: true, Type: &shape.Type{Kind: shape.List, Elem: text}},
		{Name: "reason", Required: true, Type: text},
		{Name: "actor", Type: text},
		{Name: "detail", Type: detail},
	}}
}

// Elements are the elements of the message's body.
func (m *Message) Elements() []*xsd.Element { return m.body }
