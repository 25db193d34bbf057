// Package wsdl reads WSDL 1.1 contracts and turns SOAP envelopes into trees and back.
package wsdl

import (
	"errors"
	"io/fs"

	"sluice/contracts/shape"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

var errNotBuilt = errors.New("wsdl: not built yet")

// Version is a SOAP version.
type Version uint8

// The SOAP versions.
const (
	SOAP11 Version = iota + 1
	SOAP12
)

// Definitions is a compiled WSDL. It is immutable and safe for concurrent use.
type Definitions struct{}

// Operation is one operation of one port.
type Operation struct {
	Name    string // as the WSDL names it
	Port    string // the port, or the binding where no service has it
	Action  string // SOAPAction
	Version Version
	OneWay  bool
	Address string // as the WSDL says; "" when it does not
	Doc     string // the contract's documentation

	Request *Message
	Reply   *Message // nil of a one-way operation
	Faults  []*FaultDetail
}

// Message is what one direction of an operation carries in its envelope.
type Message struct{}

// FaultDetail is one typed fault that an operation declares.
type FaultDetail struct {
	Name    string
	Element *xsd.Element
}

// Reply is a decoded answer: exactly one of Tree and Fault is set (Tree is empty, not nil, for an empty body).
type Reply struct {
	Tree  map[string]any
	Fault map[string]any // {"code", "subcodes", "reason", "actor", "detail": {element: tree}}
	Drift []codec.Drift
}

// Fault is what a server answers when it refuses.
type Fault struct {
	Code     string   // Client, Server, VersionMismatch or MustUnderstand; "" means Server
	Subcodes []string // {namespace}name or plain words
	Reason   string
	Actor    string
	Detail   map[string]any // {element: tree}, of the operation's declared faults
}

// Refusal says that an envelope is not what the contract allows, in the words of a SOAP fault.
type Refusal struct {
	Code string // Client, VersionMismatch or MustUnderstand
	Text string
	Err  error // the *codec.Error behind it, or nil
}

func (r *Refusal) Error() string { return r.Text }
func (r *Refusal) Unwrap() error { return r.Err }

// Load reads the WSDL at path of fsys with everything that it imports.
// Errors are diag.List or diag.Problem, with the contract's file and line.
func Load(fsys fs.FS, path string) (*Definitions, error) { return nil, errNotBuilt }

// Operation finds an operation by "Port.Op", or by "Op" when it is unique; of equal ones in several ports the first
// port of the WSDL wins when they differ in nothing but the address or SOAP version. The error suggests a near name.
func (d *Definitions) Operation(name string) (*Operation, error) { return nil, errNotBuilt }

// Operations lists every operation, in the WSDL's order.
func (d *Definitions) Operations() []*Operation { return nil }

// Schema is what the WSDL's types hold.
func (d *Definitions) Schema() *xsd.Schema { return nil }

// Document returns the WSDL ("" is its name) and the files that it imports ("?xsd=NAME" or "?wsdl=NAME" in the links),
// with every soap:address replaced by address.
func (d *Definitions) Document(address string) map[string][]byte { return nil }

// Dispatch finds the operation that an envelope calls, by its body's root element and, where that leaves a choice,
// by action (the SOAPAction header without quotes). Errors are *Refusal.
func (d *Definitions) Dispatch(env []byte, action string) (*Operation, error) {
	return nil, errNotBuilt
}

// ContentType is the media type of the operation's envelopes, with the action in it for SOAP 1.2.
func (o *Operation) ContentType() string { return "" }

// AppendRequest writes a whole request envelope, in UTF-8.
func (o *Operation) AppendRequest(dst []byte, tree map[string]any) ([]byte, error) {
	return dst, errNotBuilt
}

// DecodeRequest reads a request as a server does. It refuses a wrong version, an unknown header that must be
// understood, two bodies and a wrong root, with *Refusal.
func (o *Operation) DecodeRequest(env []byte) (codec.Result, error) {
	return o.DecodeRequestWith(env, codec.Options{})
}

// DecodeRequestWith is DecodeRequest with options.
func (o *Operation) DecodeRequestWith(env []byte, opt codec.Options) (codec.Result, error) {
	return codec.Result{}, errNotBuilt
}

// AppendReply writes a whole reply envelope, in UTF-8.
func (o *Operation) AppendReply(dst []byte, tree map[string]any) ([]byte, error) {
	return dst, errNotBuilt
}

// DecodeReply reads a reply or a fault.
func (o *Operation) DecodeReply(env []byte) (Reply, error) {
	return o.DecodeReplyWith(env, codec.Options{})
}

// DecodeReplyWith is DecodeReply with options.
func (o *Operation) DecodeReplyWith(env []byte, opt codec.Options) (Reply, error) {
	return Reply{}, errNotBuilt
}

// AppendFault writes a fault envelope with the operation's typed detail.
func (o *Operation) AppendFault(dst []byte, f Fault) ([]byte, error) { return dst, errNotBuilt }

// FaultShape describes the tree that DecodeReply makes of a fault.
func (o *Operation) FaultShape() *shape.Type { return &shape.Type{} }

// AppendFault writes a fault envelope without typed detail.
func AppendFault(dst []byte, v Version, f Fault) ([]byte, error) { return dst, errNotBuilt }

// Shape describes the message's tree: one key a body element, and _header where the contract has headers.
func (m *Message) Shape() *shape.Type { return &shape.Type{} }

// Append writes the whole envelope.
func (m *Message) Append(dst []byte, tree map[string]any) ([]byte, error) { return dst, errNotBuilt }

// Decode reads a whole envelope that carries no fault.
func (m *Message) Decode(env []byte) (codec.Result, error) { return codec.Result{}, errNotBuilt }
