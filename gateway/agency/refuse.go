package agency

import (
	"bytes"
	"encoding/xml"
	"mime"
	"net/http"

	"sluice/contracts/wsdl"
	"sluice/gateway/auth"
	"sluice/gateway/problem"
)

// refuse answers before any adapter has seen the message, in the protocol that the caller speaks by its headers: a
// SOAP fault of the right version, a small XML document, or a problem (RFC 9457).
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	status := p.Code.Status()
	d.Log.WarnContext(r.Context(), "push refused at the door", "path", r.URL.Path, "agency", auth.Name(r.Context()), "status", status, "reason", string(p.Code), "from", r.RemoteAddr)
	var body []byte
	var mediaType string
	switch protocolOf(r) {
	case soap11:
		mediaType = "text/xml; charset=utf-8"
		body, err = wsdl.AppendFault(nil, wsdl.SOAP11, faultOf(p, status))
	case soap12:
		mediaType = "application/soap+xml; charset=utf-8"
		body, err = wsdl.AppendFault(nil, wsdl.SOAP12, faultOf(p, status))
	case plainXML:
		mediaType = "application/xml; charset=utf-8"
		body, err = refusalOf(p)
	default:
		problem.Write(w, r, p)
		return
	}
	if err != nil {
		problem.Write(w, r, p)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the agency is gone
}

func faultOf(p *problem.Error, status int) wsdl.Fault {
	f := wsdl.Fault{Code: "Client", Reason: sentence(p)}
	if status >= http.StatusInternalServerError {
		f.Code = "Server"
	}
	return f
}

// sentence says what is wrong, for the agency's engineers. The table's remedies are for portals.
func sentence(p *problem.Error) string {
	s := p.Code.Title("en")
	if detail := p.Text("en"); detail != "" {
		s += ": " + detail
	}
	return s
}

// refusalOf is the document that the XML driver refuses with, too.
func refusalOf(p *problem.Error) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	err := xml.NewEncoder(&b).Encode(struct {
		XMLName xml.Name `xml:"refusal"`
		Code    string   `xml:"code,attr"`
		Text    string   `xml:",chardata"`
	}{Code: string(p.Code), Text: sentence(p)})
	return b.Bytes(), err
}

// protocol is how a caller talks.
type protocol uint8

const (
	other protocol = iota
	soap11
	soap12
	plainXML
)

// protocolOf goes by the headers alone: the body is not read before the caller is known.
func protocolOf(r *http.Request) protocol {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return other
	case mediaType == "application/soap+xml":
		return soap12
	case mediaType == "text/xml" && r.Header.Values("SOAPAction") != nil:
		return soap11
	case mediaType == "text/xml", mediaType == "application/xml":
		return plainXML
	}
	return other
}
