package agencysim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

const soap11 = "http://schemas.xmlsoap.org/soap/envelope/"

// soapMessage is an envelope read, its body elements as B.
type soapMessage[B any] struct {
	XMLName xml.Name
	Header  struct {
		Blocks []soapBlock `xml:",any"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Header"`
	Body struct {
		Items []B `xml:",any"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

// soapBlock is one header, with its simple fields.
type soapBlock struct {
	XMLName        xml.Name
	MustUnderstand string `xml:"http://schemas.xmlsoap.org/soap/envelope/ mustUnderstand,attr"`
	Fields         []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

func (b *soapBlock) field(name string) string {
	for _, f := range b.Fields {
		if f.XMLName == (xml.Name{Space: b.XMLName.Space, Local: name}) {
			return strings.TrimSpace(f.Text)
		}
	}
	return ""
}

// header returns the one header called name, or nil.
func (m *soapMessage[B]) header(name xml.Name) *soapBlock {
	for i := range m.Header.Blocks {
		if m.Header.Blocks[i].XMLName == name {
			return &m.Header.Blocks[i]
		}
	}
	return nil
}

// soapError is why an envelope is refused before anybody looks at its business.
type soapError struct{ code, text string }

func (e *soapError) Error() string { return e.code + ": " + e.text }

// checkSOAP checks what HTTP says about a SOAP 1.1 message.
func checkSOAP(r *http.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "text/xml" {
		if kind == "application/soap+xml" {
			return &soapError{"VersionMismatch", "SOAP 1.1 is spoken here"}
		}
		return &soapError{"Client", fmt.Sprintf("Content-Type must be text/xml, not %q", r.Header.Get("Content-Type"))}
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") {
		return &soapError{"Client", fmt.Sprintf("charset must be utf-8, not %q", cs)}
	}
	if len(r.Header.Values("SOAPAction")) != 1 {
		return &soapError{"Client", "SOAPAction is missing"}
	}
	return nil
}

// readSOAP reads an envelope and checks what SOAP says about it; header is the only one that the agency understands.
func readSOAP[B any](r *http.Request, body []byte, header xml.Name) (*soapMessage[B], error) {
	if err := checkSOAP(r); err != nil {
		return nil, err
	}
	var m soapMessage[B]
	if err := xml.Unmarshal(body, &m); err != nil {
		return nil, &soapError{"Client", "not readable as XML: " + err.Error()}
	}
	if m.XMLName != (xml.Name{Space: soap11, Local: "Envelope"}) {
		return nil, &soapError{"VersionMismatch", fmt.Sprintf("{%s}%s is not a SOAP 1.1 envelope", m.XMLName.Space, m.XMLName.Local)}
	}
	met := 0
	for _, b := range m.Header.Blocks {
		switch {
		case b.XMLName == header:
			met++
		case b.MustUnderstand == "1":
			return nil, &soapError{"MustUnderstand", "header {" + b.XMLName.Space + "}" + b.XMLName.Local + " is not understood"}
		}
	}
	if met > 1 {
		return nil, &soapError{"Client", "header " + header.Local + " is repeated"}
	}
	if n := len(m.Body.Items); n != 1 {
		return nil, &soapError{"Client", fmt.Sprintf("the body must hold one element, not %d", n)}
	}
	return &m, nil
}

// checkAction compares SOAPAction with what the operation wants.
func checkAction(r *http.Request, want string) error {
	if got := strings.Trim(r.Header.Get("SOAPAction"), `"`); got != want {
		return &soapError{"Client", fmt.Sprintf("SOAPAction %q does not fit the body, which wants %q", got, want)}
	}
	return nil
}

// faultCode returns the fault code and text of an error.
func faultCode(err error) (code, text string) {
	var e *soapError
	if errors.As(err, &e) {
		return e.code, e.text
	}
	return "Server", err.Error()
}

func soapReply(status int, content string) reply {
	return reply{status: status, kind: "text/xml; charset=utf-8", body: []byte(
		`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
			`<soapenv:Envelope xmlns:soapenv="` + soap11 + `"><soapenv:Body>` + content + `</soapenv:Body></soapenv:Envelope>`)}
}

// soapFault is a fault in HTTP 500, as SOAP 1.1 wants it; detail is XML.
func soapFault(code, text, detail string) reply {
	if detail != "" {
		detail = "<detail>" + detail + "</detail>"
	}
	return soapReply(http.StatusInternalServerError, `<soapenv:Fault><faultcode>soapenv:`+code+`</faultcode><faultstring>`+
		escaped(text)+`</faultstring>`+detail+`</soapenv:Fault>`)
}

// errRefused says that sending the same push again is no use.
var errRefused = errors.New("the hub refuses the push")

// takenSOAP reads a hub's answer to a SOAP push; check validates an answer that is no fault.
func takenSOAP(res *http.Response, body []byte, root xml.Name, check validator) error {
	var env struct {
		XMLName xml.Name
		Body    struct {
			Fault *struct {
				Code string `xml:"faultcode"`
				Text string `xml:"faultstring"`
			} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
			Items []struct{ XMLName xml.Name } `xml:",any"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(body, &env); err != nil {
		return fmt.Errorf("HTTP %d, an answer that is not XML: %w", res.StatusCode, err)
	}
	if f := env.Body.Fault; f != nil {
		if strings.HasSuffix(f.Code, "Server") {
			return fmt.Errorf("HTTP %d, fault %s: %s", res.StatusCode, f.Code, f.Text)
		}
		return fmt.Errorf("%w: fault %s: %s", errRefused, f.Code, f.Text)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", res.StatusCode)
	}
	if len(env.Body.Items) != 1 || env.Body.Items[0].XMLName != root {
		return fmt.Errorf("the answer is not one %s", root.Local)
	}
	if wrong := check.validate(body); len(wrong) > 0 {
		return fmt.Errorf("the answer is not valid by the contract: %s", wrong[0])
	}
	return nil
}
