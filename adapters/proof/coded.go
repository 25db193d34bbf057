package proof

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/sample"
)

// coded proves an adapter that is written in Go, where its contract is a WSDL, by exchanges without a network: what it
// sends must be a valid message, and to every valid reply it must have an answer.
func (s *service) coded() {
	m := s.agency.Manifest
	if path.Ext(m.Contract) != ".wsdl" {
		s.gap("an adapter written in Go", "its contract is no WSDL")
		return
	}
	contracts, err := fs.Sub(s.FS, "contracts/agencies")
	if err != nil {
		s.gap("an adapter written in Go", err.Error())
		return
	}
	d, err := wsdl.Load(contracts, m.Contract)
	if err != nil {
		s.gap("an adapter written in Go", err.Error())
		return
	}
	op, err := d.Operation(s.Spec.Operation)
	if err != nil || op.Reply == nil {
		s.gap("an adapter written in Go", "the contract has no such operation with a reply")
		return
	}
	replies, gaps := sample.Trees(s.Seed, op.Reply.Shape(), op.Reply.Sample, op.Reply.Validate)
	for _, g := range gaps {
		s.gap("replies of "+op.Name, g)
	}
	if len(replies) == 0 {
		return
	}
	usual, err := op.AppendReply(nil, replies[0])
	if err != nil {
		s.gap("replies of "+op.Name, err.Error())
		return
	}
	out := trial{section: adapters.SectionRequest, plain: s.requests[min(1, len(s.requests)-1)], valid: s.validRequest, run: func(request *tree.Object) []failure {
		sent, _, err := s.submit(request, usual)
		if sent == nil {
			return []failure{{code: CodeFails, detail: codeOf(err), message: err.Error()}}
		}
		r, err := op.DecodeRequest(sent)
		if err != nil {
			return []failure{contractFailure(err)}
		}
		if len(r.Drift) > 0 {
			return []failure{{code: CodeContract, path: r.Drift[0].Path, message: "the contract does not know it"}}
		}
		if err := op.Request.Validate(r.Tree); err != nil {
			return []failure{contractFailure(err)}
		}
		return nil
	}}
	for _, request := range s.requests {
		s.try(out, request)
	}
	in := trial{section: adapters.SectionReceipt, plain: replies[min(1, len(replies)-1)], valid: func(m *tree.Object) bool { return op.Reply.Validate(m) == nil }}
	in.run = func(reply *tree.Object) []failure {
		envelope, err := op.AppendReply(nil, reply)
		if err != nil {
			return []failure{{code: CodeUnread, detail: "written", message: err.Error()}}
		}
		_, receipt, err := s.submit(s.requests[0], envelope)
		if err != nil {
			return []failure{{code: CodeFails, detail: codeOf(err), message: err.Error()}}
		}
		for _, status := range receipt.Statuses {
			if !status.Code.Valid() {
				return []failure{{code: CodeReceipt, message: "\"" + string(status.Code) + "\" is no status"}}
			}
		}
		return nil
	}
	for _, reply := range replies {
		s.try(in, reply)
	}
}

func codeOf(err error) string {
	var e *adapters.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return exchange.Describe(err)
}

// submit lets the adapter send a request to nobody, who answers.
func (s *service) submit(request *tree.Object, answer []byte) (sent []byte, r adapters.Receipt, err error) {
	text, err := jsonschema.AppendJSON(nil, request)
	if err != nil {
		return nil, r, err
	}
	message, err := canonical.Parse(text)
	if err != nil {
		return nil, r, err
	}
	t := &nobody{answer: answer}
	r, err = s.agency.Adapter.Submit(s.ctx, adapters.Submission{Request: message, Call: adapters.Call{
		Service: s.Name, MessageID: messageID, Client: &http.Client{Transport: t},
		Endpoint: adapters.Endpoint{Name: "nowhere", URL: "http://agency.example/"},
	}})
	return t.sent, r, err
}

// nobody is a transport that keeps what is sent and gives one answer.
type nobody struct{ sent, answer []byte }

func (n *nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if n.sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}}, Body: io.NopCloser(bytes.NewReader(n.answer)),
		ContentLength: int64(len(n.answer)), Request: r}, nil
}
