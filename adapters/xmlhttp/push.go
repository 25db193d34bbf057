package xmlhttp

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/mapped"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/scan"
)

// pushLimits bound what an agency may send by itself; the door bounds its bytes.
var pushLimits = scan.Limits{Depth: 64, Elements: 100_000, Attributes: 200}

// Receive finds the push by its name in the address or by its root element.
func (p *protocol) Receive(in adapters.Incoming) (*adapters.Use, *tree.Object, error) {
	var roots []*document
	var uses []*adapters.Use
	for _, u := range p.plan.Pushes {
		if in.Name == "" || in.Name == u.Name {
			roots, uses = append(roots, u.Operation.Native.(*operation).request), append(uses, u)
		}
	}
	if len(roots) == 0 {
		return nil, nil, &mapped.Refusal{Client: true, Code: "unknown_push", Text: "no such message is taken here"}
	}
	d, message, err := decode(in.Body, exchange.Charset(in.Header.Get("Content-Type")), pushLimits, roots)
	if err != nil {
		return nil, nil, &mapped.Refusal{Client: true, Code: "bad_message", Text: exchange.Describe(err), Err: err}
	}
	for i, r := range roots {
		if r == d {
			return uses[i], message, nil
		}
	}
	return nil, nil, errors.New("no push has this document")
}

// Acknowledge answers a push with its reply document.
func (p *protocol) Acknowledge(push *adapters.Use, message *tree.Object) (adapters.Answer, error) {
	if message == nil {
		return adapters.Answer{Status: http.StatusNoContent}, nil
	}
	body, err := p.encode(push.Operation.Native.(*operation).reply, message)
	return adapters.Answer{Status: http.StatusOK, ContentType: p.mediaType(), Body: body}, err
}

// Refuse answers with an HTTP error and a small document of our own, since the contract has none for it:
// <refusal code="bad_message">what is wrong</refusal>.
func (p *protocol) Refuse(_ adapters.Incoming, _ *adapters.Use, r *mapped.Refusal) adapters.Answer {
	status := http.StatusServiceUnavailable
	if r.Client {
		status = http.StatusBadRequest
	}
	var b strings.Builder
	b.WriteString(`<refusal code="`)
	xml.EscapeText(&b, []byte(r.Code)) //nolint:errcheck // a strings.Builder takes everything
	b.WriteString(`">`)
	xml.EscapeText(&b, []byte(r.Text)) //nolint:errcheck
	b.WriteString("</refusal>")
	body, err := scan.Encode([]byte(b.String()), p.charset)
	return adapters.Answer{Status: status, ContentType: p.mediaType(), Body: body, Err: err}
}
