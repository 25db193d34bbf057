package soap

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"sluice/adapters"
	"sluice/contracts/mtom"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
)

// messageID is what WS-Addressing calls a message. What changes something at the agency is called by the delivery, the
// same for every attempt; a question may be asked many times and is a message of its own each time.
func (p *protocol) messageID(call adapters.Call, o *adapters.Operation) string {
	if s := p.plan.Services[call.Service]; s != nil {
		for _, use := range []*adapters.Use{s.Poll, s.Probe} {
			if use != nil && use.Operation == o {
				return "urn:uuid:" + uuid.NewString()
			}
		}
	}
	return "urn:uuid:" + call.MessageID
}

// related refuses a reply that says that it answers another message.
func related(m *mtom.Message, id string) error {
	a, err := wsdl.ReadAddressing(m.Root.Body, m.Charset())
	if err == nil && a.RelatesTo != "" && a.RelatesTo != id {
		err = errors.New("it relates to another message than the one that was sent (wsa:RelatesTo)")
	}
	return err
}

// answerable refuses a push whose answer should go elsewhere than to whoever waits for it.
func answerable(m *mtom.Message) error {
	a, err := wsdl.ReadAddressing(m.Root.Body, m.Charset())
	switch a.ReplyTo {
	case "", wsdl.Anonymous, wsdl.Nobody:
		return err
	}
	return &wsdl.Refusal{Code: "Client", Text: "only the anonymous address is supported as ReplyTo"}
}

// addressed puts the headers of WS-Addressing 1.0 into an envelope that our own writer made, but for those that the
// mapping has written itself.
func addressed(envelope []byte, message *tree.Object, id, action, to string) ([]byte, error) {
	written, _ := message.Get("_header").(*tree.Object)
	var b bytes.Buffer
	for _, h := range [...]struct{ name, before, value, behind string }{
		{"Action", "", action, ""}, {"MessageID", "", id, ""}, {"To", "", to, ""},
		{"ReplyTo", "<wsa:Address>", wsdl.Anonymous, "</wsa:Address>"},
	} {
		if written.Has(h.name) {
			continue
		}
		fmt.Fprintf(&b, `<wsa:%s xmlns:wsa="%s">%s`, h.name, wsdl.AddressingURI, h.before)
		escape(&b, h.value)
		fmt.Fprintf(&b, "%s</wsa:%s>", h.behind, h.name)
	}
	return withHeader(envelope, b.Bytes())
}
