// Package pension is the pension fund's adapter, written in Go on the SOAP client that gowsdl generates from the fund's
// WSDL (snils/snils.go). It shows the road for an agency that a manifest and a mapping can't describe: implement
// adapters.Adapter, add the driver to adapters/builtin, name it as the manifest's protocol.
//
// The generated client has habits that the hub can't have, so it never touches the network itself: it hands its HTTP
// request to transport, which sends it on the hub's client, keeps the connection, bounds the answer and remembers what
// happened for classification.
package pension

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hooklift/gowsdl/soap"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/pension/snils"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
)

// Adapter checks SNILS numbers. The fund answers at once, so a receipt holds the final status.
type Adapter struct {
	port *exchange.Port
	now  func() time.Time
}

// Driver makes the adapter.
func Driver(b *adapters.Build) (adapters.Adapter, error) {
	return &Adapter{port: exchange.NewPort(b), now: time.Now}, nil
}

// Submit asks the fund whether the number is the person's. A repeated message id gets the first answer again, so the
// manifest says resend: safe.
func (a *Adapter) Submit(ctx context.Context, s adapters.Submission) (adapters.Receipt, error) {
	question, err := ask(s)
	if err != nil {
		return adapters.Receipt{}, exchange.New(adapters.Permanent, exchange.CodeMapping, err.Error(), err)
	}
	t := &transport{ctx: ctx, port: a.port, call: s.Call}
	client := soap.NewClient(s.Endpoint.URL, soap.WithHTTPClient(t))
	answer, err := snils.NewSnilsPort(client).SnilsCheckContext(ctx, question)
	if err == nil {
		receipt, err := read(answer)
		if err == nil {
			return receipt, nil
		}
		return adapters.Receipt{}, exchange.BadReply(t.reply, err, a.now())
	}
	return adapters.Receipt{}, a.classify(t, err)
}

// ask fills the fund's question from the canonical request.
func ask(s adapters.Submission) (*snils.SnilsCheckRequest, error) {
	payload, _ := s.Request.Tree().Get("payload").(*tree.Object)
	person, _ := payload.Get("person").(*tree.Object)
	text := func(from *tree.Object, key string) string { v, _ := from.Get(key).(string); return v }
	born, err := time.Parse(time.DateOnly, text(person, "birthDate"))
	if err != nil {
		return nil, errors.New("payload.person.birthDate is no date")
	}
	number := snils.SnilsNumber(strings.Map(digit, text(payload, "snils")))
	id := snils.MessageIdentifier(s.MessageID)
	q := &snils.SnilsCheckRequest{MessageId: &id, Snils: &number, Person: &snils.Person{
		LastName:   text(person, "lastName"),
		FirstName:  text(person, "firstName"),
		MiddleName: text(person, "middleName"),
		BirthDate:  soap.CreateXsdDate(born, false),
	}}
	switch text(person, "gender") {
	case "male":
		q.Person.Gender = new(snils.GenderMale)
	case "female":
		q.Person.Gender = new(snils.GenderFemale)
	}
	return q, nil
}

func digit(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// read makes a receipt with the final status. What the contract requires is checked here: encoding/xml does not.
func read(answer *snils.SnilsCheckResponse) (adapters.Receipt, error) {
	switch {
	case answer.CheckNumber == nil || *answer.CheckNumber == "":
		return adapters.Receipt{}, errors.New("SnilsCheckResponse/CheckNumber is missing")
	case answer.Result == nil || *answer.Result == "":
		return adapters.Receipt{}, errors.New("SnilsCheckResponse/Result is missing")
	case answer.CheckedAt.ToGoTime().IsZero():
		return adapters.Receipt{}, errors.New("SnilsCheckResponse/CheckedAt is missing or no time")
	}
	status := canonical.Status{Raw: string(*answer.Result), At: answer.CheckedAt.ToGoTime().UTC(), Comment: answer.Comment}
	receipt := adapters.Receipt{ExternalID: string(*answer.CheckNumber)}
	switch *answer.Result {
	case snils.CheckResultMatch:
		status.Code = canonical.Completed
	case snils.CheckResultMismatch:
		status.Code, status.Reason = canonical.Refused, "mismatch"
		if status.Comment == "" {
			status.Comment = "Не совпадает: " + strings.Join(answer.Difference, ", ")
		}
	case snils.CheckResultNotFound:
		status.Code, status.Reason = canonical.Refused, "not_found"
	default:
		status.Code = canonical.Unknown
		receipt.Unknown = []adapters.UnknownCode{{Table: "CheckResult", Value: status.Raw, Path: "SnilsCheckResponse/Result"}}
	}
	receipt.Statuses = []canonical.Status{status}
	return receipt, nil
}

// detail is the fund's typed fault.
type detail struct {
	Fault *snils.SnilsFault `xml:"urn:pension-fund:snils:1.0 SnilsFault"`
}

// ErrorString makes detail a soap.FaultError.
func (d *detail) ErrorString() string { return d.Fault.Code + ": " + d.Fault.Message }

// HasData makes detail a soap.FaultError.
func (d *detail) HasData() bool { return d.Fault != nil }

// classify says what a failed call means. The client parses no fault at HTTP 400 and above, and none of the detail
// anywhere, so the fault is read here, from the bytes.
func (a *Adapter) classify(t *transport, err error) *adapters.Error {
	switch {
	case t.failed != nil:
		return t.failed
	case t.reply == nil:
		return exchange.New(adapters.Permanent, exchange.CodeRequest, "the question could not be written: "+exchange.Safe(err.Error()), err)
	}
	fault, ok := readFault(t.reply.Body)
	if !ok {
		return exchange.BadReply(t.reply, err, a.now())
	}
	switch t.reply.Status {
	case 401, 403, 429, 503:
		return exchange.Status(t.reply, a.now())
	}
	text := "the agency answered with a fault: " + exchange.Safe(fault.String)
	own := ""
	if d := fault.Detail.(*detail); d.HasData() {
		own = d.Fault.Code
	}
	if own == "NOT_ENTITLED" {
		e := exchange.New(adapters.Rejected, own, text, nil)
		e.Reason = "wrong_addressee"
		e.Remedy = adapters.Text{RU: "Сведения об этом лице ведёт другой орган: направьте запрос туда.", EN: "Another body keeps this person's record: send the request there."}
		return e
	}
	if _, code, _ := strings.Cut(":"+fault.Code, ":"); strings.HasSuffix(code, "Server") {
		e := exchange.New(adapters.Transient, or(own, "soap_server"), text, nil)
		e.Server, e.RetryAfter = true, exchange.RetryAfter(t.reply.Header, a.now())
		return e
	}
	e := exchange.New(adapters.Permanent, or(own, "soap_client"), text, nil)
	e.Remedy = adapters.Text{RU: "Фонд не принимает такой вопрос: сравните его с контрактом.", EN: "The fund does not take such a question: hold it against the contract."}
	return e
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// readFault finds a fault in an envelope.
func readFault(body []byte) (*soap.SOAPFault, bool) {
	var nothing struct{}
	envelope := soap.SOAPEnvelopeResponse{Body: soap.SOAPBodyResponse{Content: &nothing, Fault: &soap.SOAPFault{Detail: &detail{}}}}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		return nil, false
	}
	var fault *soap.SOAPFault
	return fault, errors.As(envelope.Body.ErrorFromFault(), &fault)
}

// transport is what the generated client takes for its HTTP client. It lives for one call.
type transport struct {
	ctx    context.Context
	port   *exchange.Port
	call   adapters.Call
	reply  *exchange.Reply
	failed *adapters.Error
}

// Do sends what the client wrote on the hub's client.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the question: %w", err)
	}
	t.reply, t.failed = t.port.Do(t.ctx, t.call, exchange.Request{
		Method: req.Method, URL: req.URL.String(), ContentType: "text/xml; charset=utf-8", Body: body,
		Header: http.Header{"Soapaction": {`"` + req.Header.Get("SOAPAction") + `"`}},
	})
	if t.failed != nil {
		return nil, t.failed
	}
	header := t.reply.Header.Clone()
	if t.reply.IsHTML() {
		// The client would take a page for an envelope without a body.
		return nil, errors.New("an HTML page")
	}
	return &http.Response{StatusCode: t.reply.Status, Header: header, Body: io.NopCloser(bytes.NewReader(midnights(t.reply.Body))), Request: req}, nil
}

var endOfDay = regexp.MustCompile(`([0-9]{4}-[0-9]{2}-[0-9]{2})T24:00:00`)

// midnights writes the end of a day as the beginning of the next: XML Schema allows 24:00:00, and the client can't read it.
func midnights(body []byte) []byte {
	return endOfDay.ReplaceAllFunc(body, func(moment []byte) []byte {
		day, err := time.Parse(time.DateOnly, string(moment[:len(time.DateOnly)]))
		if err != nil {
			return moment
		}
		return []byte(day.AddDate(0, 0, 1).Format("2006-01-02T15:04:05"))
	})
}
