package soap

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/mapped"
	"sluice/contracts/mtom"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/scan"
)

// pushLimits bound what an agency may send by itself; the door bounds its bytes.
var pushLimits = scan.Limits{Depth: 64, Elements: 100_000, Attributes: 200}

// Receive reads a push envelope as a server does.
func (p *protocol) Receive(in adapters.Incoming) (*adapters.Use, *tree.Object, error) {
	message, err := mtom.Open(in.Header.Get("Content-Type"), in.Body)
	if err != nil {
		return nil, nil, refusal(err)
	}
	options := p.format.options(message, pushLimits)
	op, err := p.pushes.DispatchWith(message.Root.Body, action(in.Header), options)
	if err != nil {
		return nil, nil, refusal(err)
	}
	use := p.use(op, in.Name)
	if use == nil {
		return nil, nil, &mapped.Refusal{Client: true, Code: "unknown_push", Text: fmt.Sprintf("operation %s is not taken here", op.Name)}
	}
	r, err := op.DecodeRequestWith(message.Root.Body, options)
	if err == nil && p.format.addressing {
		err = answerable(message)
	}
	if err != nil {
		return use, nil, refusal(err)
	}
	p.format.attached(r.Tree, message)
	return use, r.Tree, nil
}

// use finds the manifest's push by the operation, in whichever port it came.
func (p *protocol) use(op *wsdl.Operation, name string) *adapters.Use {
	for _, u := range p.plan.Pushes {
		if (name == "" || name == u.Name) && u.Operation.Native.(*wsdl.Operation).Name == op.Name {
			return u
		}
	}
	return nil
}

// Acknowledge answers a push with the operation's reply.
func (p *protocol) Acknowledge(push *adapters.Use, message *tree.Object) (adapters.Answer, error) {
	op := push.Operation.Native.(*wsdl.Operation)
	if message == nil {
		return adapters.Answer{Status: http.StatusAccepted}, nil // one way (WSDL 1.1 section 2.4.1)
	}
	envelope, parts, err := p.format.write(op.Reply, message)
	body, contentType := envelope, mediaType(op.Version)
	if parts != nil {
		body, contentType = p.format.wrap(op, envelope, parts)
	}
	return adapters.Answer{Status: http.StatusOK, ContentType: contentType, Body: body}, err
}

// Refuse answers with a fault, in the version that the message was written in.
func (p *protocol) Refuse(in adapters.Incoming, push *adapters.Use, r *mapped.Refusal) adapters.Answer {
	version := wsdl.SOAP11
	switch {
	case push != nil:
		version = push.Operation.Native.(*wsdl.Operation).Version
	case bytes.Contains(in.Body[:min(len(in.Body), 4096)], []byte("http://www.w3.org/2003/05/soap-envelope")):
		version = wsdl.SOAP12
	}
	f := wsdl.Fault{Code: "Server", Reason: r.Text}
	status := http.StatusInternalServerError // SOAP 1.1 section 6.2, SOAP 1.2 part 2 table 20
	if r.Client {
		f.Code = "Client"
		var said *wsdl.Refusal
		if errors.As(r.Err, &said) && said.Code != "" {
			f.Code = said.Code
		}
		if version == wsdl.SOAP12 && f.Code == "Client" {
			status = http.StatusBadRequest
		}
	}
	body, err := wsdl.AppendFault(nil, version, f)
	return adapters.Answer{Status: status, ContentType: mediaType(version), Body: body, Err: err}
}

func refusal(err error) *mapped.Refusal {
	r := &mapped.Refusal{Client: true, Code: "bad_message", Text: exchange.Describe(err), Err: err}
	var said *wsdl.Refusal
	if errors.As(err, &said) && said.Err == nil {
		r.Text = exchange.Safe(said.Text)
	}
	return r
}

func mediaType(v wsdl.Version) string {
	if v == wsdl.SOAP12 {
		return "application/soap+xml; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}

// action is what the HTTP headers say of the operation meant: SOAPAction, or the media type's parameter.
func action(h http.Header) string {
	if a := h.Get("SOAPAction"); a != "" {
		return strings.Trim(a, `"`)
	}
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return params["action"]
}

// server is an adapter whose agency pushes: it publishes the contract of what may come.
type server struct {
	*mapped.Adapter
	contract *wsdl.Definitions
}

var _ adapters.ContractServer = (*server)(nil)

// ServeContract answers ?wsdl, and ?xsd=NAME or ?wsdl=NAME for the files that it imports.
func (s *server) ServeContract(w http.ResponseWriter, r *http.Request, address string) {
	files := s.contract.Document(address)
	name := ""
	for key, values := range r.URL.Query() {
		if k := strings.ToLower(key); k == "wsdl" || k == "xsd" {
			name = values[0]
		}
	}
	file, ok := files[name]
	if !ok {
		http.Error(w, "the contract has no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	w.Write(file) //nolint:errcheck // the reader is gone
}
