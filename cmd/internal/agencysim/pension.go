package agencysim

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	pensionSpace  = "urn:pension-fund:snils:1.0"
	pensionAction = "urn:pension-fund:snils:1.0:SnilsCheck"
)

// pension is the pension fund: SOAP 1.1, answered at once. It absorbs repeated message ids.
type pension struct {
	*desk
	login    string
	contract validator
}

func newPension(d *desk, login string, contracts fs.FS) (*pension, error) {
	inline, err := inlineSchema(contracts, "pension/snils.wsdl")
	if err != nil {
		return nil, err
	}
	v, err := compileSOAP(overlay{contracts, map[string][]byte{"inline.xsd": inline}}, imported{"inline.xsd", pensionSpace})
	if err != nil {
		return nil, err
	}
	p := &pension{desk: d, login: login, contract: v}
	if d.lax {
		p.contract = anything{}
	}
	return p, nil
}

// pensionNumber writes numbers such as PF-00000042.
func pensionNumber(_ string, seq int, _ time.Time) string { return fmt.Sprintf("PF-%08d", seq) }

type pensionBody struct {
	XMLName   xml.Name
	MessageID string `xml:"urn:pension-fund:snils:1.0 MessageId"`
	Snils     string `xml:"urn:pension-fund:snils:1.0 Snils"`
	Person    struct {
		LastName string `xml:"urn:pension-fund:snils:1.0 LastName"`
	} `xml:"urn:pension-fund:snils:1.0 Person"`
}

func (p *pension) read(r *http.Request, endpoint string, body []byte) call {
	if user, pass, ok := r.BasicAuth(); !ok || user+":"+pass != p.login {
		rep := p.fault("Client", "UNAUTHORIZED", "unknown user or wrong password")
		rep.status, rep.header = http.StatusUnauthorized, http.Header{"Www-Authenticate": {`Basic realm="pension"`}}
		return refuse(opNone, messageID{}, rep)
	}
	m, err := readSOAP[pensionBody](r, body, xml.Name{})
	if err != nil {
		code, text := faultCode(err)
		return refuse(opNone, messageID{}, soapFault(code, text, ""))
	}
	b := &m.Body.Items[0]
	id, _ := uuid.Parse(b.MessageID) // an id that is none fails validation
	if wrong := p.contract.validate(body); len(wrong) > 0 {
		return refuse(opCheck, id, p.fault("Client", "INVALID", wrong[0].String()))
	}
	if b.XMLName != (xml.Name{Space: pensionSpace, Local: "SnilsCheckRequest"}) {
		return refuse(opNone, id, p.fault("Client", "INVALID", "unknown message "+b.XMLName.Local))
	}
	if err := checkAction(r, pensionAction); err != nil {
		code, text := faultCode(err)
		return refuse(opCheck, id, soapFault(code, text, ""))
	}
	return call{operation: opCheck, id: id, act: func(context.Context) reply { return p.check(endpoint, id, b) }}
}

func (p *pension) check(endpoint string, id messageID, b *pensionBody) reply {
	if b.Person.LastName == SurnameWrong {
		return p.fault("Client", "NOT_ENTITLED", "the register of this person is kept elsewhere")
	}
	seq, _, err := p.ledger.register(submission{id: id, endpoint: endpoint}, true, p.now())
	if err != nil {
		return p.failure(http.StatusInternalServerError)
	}
	f, number, _ := p.ledger.get(seq)
	result, rest := "Match", ""
	switch {
	case !snilsHolds(b.Snils):
		result, rest = "NotFound", `<Comment>no account has this number</Comment>`
	case b.Person.LastName == SurnameMismatch:
		result, rest = "Mismatch", `<Difference>FirstName</Difference><Difference>BirthDate</Difference>`
	}
	return soapReply(http.StatusOK, `<SnilsCheckResponse xmlns="`+pensionSpace+`"><CheckNumber>`+number+`</CheckNumber><CheckedAt>`+
		time.Unix(0, f.at).UTC().Format("2006-01-02T15:04:05.000Z07:00")+`</CheckedAt><Result>`+result+`</Result>`+rest+`</SnilsCheckResponse>`)
}

// snilsHolds checks the two check digits: the nine before them, weighted 9 to 1, modulo 101, where 100 counts as 0.
func snilsHolds(s string) bool {
	if len(s) != 11 || !allDigits(s) {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += int(s[i]-'0') * (9 - i)
	}
	return sum%101%100 == int(s[9]-'0')*10+int(s[10]-'0')
}

func (p *pension) fault(code, own, text string) reply {
	return soapFault(code, text, `<SnilsFault xmlns="`+pensionSpace+`"><Code>`+own+`</Code><Message>`+escaped(text)+`</Message></SnilsFault>`)
}

func (p *pension) failure(status int) reply {
	rep := p.fault("Server", "INTERNAL", "internal error, try again later")
	rep.status = status
	return rep
}

func (p *pension) spoil(kind Kind, rep *reply) {
	switch kind {
	case WrongNamespace:
		rep.body = bytes.ReplaceAll(rep.body, []byte(pensionSpace), []byte("urn:pension-fund:snils:0.9"))
	case MissingElement:
		rep.body = cut(rep.body, "<CheckNumber>", "</CheckNumber>")
	case UnknownCode:
		rep.body = bytes.ReplaceAll(rep.body, []byte("<Result>Match<"), []byte("<Result>Perhaps<"))
	}
}

func (p *pension) text(body []byte) string { return string(body) }
