package agencysim

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// The agencies by name.
const (
	ZAGS    = "zags"
	Tax     = "tax"
	Social  = "social"
	Pension = "pension"
)

// Agencies returns the names of the simulated agencies, in the order of their ports.
func Agencies() []string { return []string{ZAGS, Tax, Social, Pension} }

// Operations, by what they do rather than by what each agency calls them.
const (
	opSubmit = "submit"
	opStatus = "status"
	opFind   = "find" // by the caller's message id: was it received?
	opCancel = "cancel"
	opToken  = "token"
	opCheck  = "check" // answered at once
	opPush   = "push"
	opNone   = "" // nothing that the agency knows
)

// operations are those that a fault may name.
var operations = []string{opSubmit, opStatus, opFind, opCancel, opToken, opCheck}

// agency speaks one agency's protocol.
type agency interface {
	// read understands a message. A call without an act is refused by its reply.
	read(r *http.Request, endpoint string, body []byte) call
	// failure is a server-side error in the agency's own form.
	failure(status int) reply
	// spoil makes an answer wrong: WrongNamespace, MissingElement or UnknownCode.
	spoil(kind Kind, rep *reply)
	// text returns wire bytes as UTF-8, for people.
	text(body []byte) string
}

// pushing agencies tell of statuses by themselves.
type pushing interface {
	agency
	push(f filing, number string, t told, notice string) (header http.Header, body []byte)
	// taken reads what the hub answered: nil when it has the push, errRefused when sending again is no use.
	taken(res *http.Response, body []byte) error
}

// call is a message understood.
type call struct {
	operation string
	id        messageID // the zero id when the message names none
	act       func(ctx context.Context) reply
	reply     reply
}

func refuse(operation string, id messageID, r reply) call {
	return call{operation: operation, id: id, reply: r}
}

// reply is an answer before faults get at it.
type reply struct {
	status int
	kind   string // media type
	header http.Header
	body   []byte
	filed  int // sequence of the filing that it made; 0 when it made none
}

// desk is what every agency's desk is furnished with.
type desk struct {
	name   string
	ledger *ledger
	clock  Clock
	lax    bool // leaves validation out

	nameless atomic.Uint32 // exchanges without a message id, such as for a token: chance must differ from one to the next
}

func (d *desk) now() time.Time { return d.clock.Now() }

var moscow = time.FixedZone("MSK", 3*60*60)

// after returns a header that asks the caller to wait.
func after(d time.Duration) http.Header {
	seconds := max(1, int(d/time.Second))
	return http.Header{"Retry-After": {strconv.Itoa(seconds)}}
}

// escaped returns s as XML character data, also fit for attributes.
func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// cut removes what lies from the first occurrence of from to the end of the next to after it.
func cut(b []byte, from, to string) []byte {
	i := bytes.Index(b, []byte(from))
	if i < 0 {
		return b
	}
	rest := b[i+len(from):]
	j := bytes.Index(rest, []byte(to))
	if j < 0 {
		return b
	}
	return append(b[:i:i], rest[j+len(to):]...)
}
