package canonical

import (
	"fmt"
	"strconv"
	"time"

	"sluice/contracts/tree"
)

// StatusCode is the business status of a request, as an agency reports it.
type StatusCode string

// The statuses. Unknown stands for an agency's code that no table knows: neutral, with the raw code kept beside it.
const (
	Accepted          StatusCode = "accepted"
	InProgress        StatusCode = "in_progress"
	OnApproval        StatusCode = "on_approval"
	AwaitingDocuments StatusCode = "awaiting_documents"
	Approved          StatusCode = "approved"
	Refused           StatusCode = "refused"
	Ready             StatusCode = "ready"
	Completed         StatusCode = "completed"
	Cancelled         StatusCode = "cancelled"
	Unknown           StatusCode = "unknown"
)

// StatusCodes lists every status, Unknown last.
func StatusCodes() []StatusCode {
	return []StatusCode{Accepted, InProgress, OnApproval, AwaitingDocuments, Approved, Refused, Ready, Completed, Cancelled, Unknown}
}

// Final tells whether the status ends a request. Approved does, unless the agency says ready or completed after it.
func (c StatusCode) Final() bool {
	switch c {
	case Approved, Refused, Completed, Cancelled:
		return true
	}
	return false
}

// Valid tells whether c is one of StatusCodes.
func (c StatusCode) Valid() bool {
	for _, k := range StatusCodes() {
		if c == k {
			return true
		}
	}
	return false
}

// Status is one report of an agency about a request.
type Status struct {
	Code    StatusCode        `json:"status"`
	Raw     string            `json:"rawStatus,omitempty"` // the agency's own code, as it came
	At      time.Time         `json:"at,omitzero"`         // by the agency's clock; zero when it gave none
	Officer *Officer          `json:"officer,omitempty"`
	Unit    *Unit             `json:"unit,omitempty"`
	Comment string            `json:"comment,omitempty"`
	Missing []MissingDocument `json:"missing,omitempty"` // of awaiting_documents: what the citizen must bring
	Until   *time.Time        `json:"until,omitempty"`   // of awaiting_documents: the last moment
	Reason  string            `json:"reason,omitempty"`  // of refused: why, as the agency codes or words it
}

// Officer is the official who has the request.
type Officer struct {
	Name     string `json:"name"`
	Position string `json:"position,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

// Unit is the department that has the request.
type Unit struct {
	Code string `json:"code,omitempty"`
	Name string `json:"name"`
}

// MissingDocument is one document that the agency still needs.
type MissingDocument struct {
	Type  string `json:"type,omitempty"` // the attachment kind that the service names, where the agency's code maps to one
	Title string `json:"title"`
}

// Receipt is what a receipt, status or poll mapping yields.
type Receipt struct {
	ExternalID string   // the agency's registration number; "" when it gives none
	Statuses   []Status // oldest first
}

// Push is what a push mapping yields.
type Push struct {
	ExternalID string
	MessageID  string // our message id, where the agency returns it instead of its number
	Statuses   []Status
}

// StatusFromTree reads one status from the tree that a mapping made.
func StatusFromTree(from *tree.Object) (Status, error) {
	r := reader{}
	s := r.status(from, "")
	return s, r.err
}

// ReceiptFromTree reads a receipt from the tree that a mapping made: externalId, the fields of one status beside it,
// and a list of statuses.
func ReceiptFromTree(from *tree.Object) (Receipt, error) {
	r := reader{}
	out := Receipt{ExternalID: r.text(from, "", "externalId"), Statuses: r.statuses(from)}
	return out, r.err
}

// PushFromTree reads a push from the tree that a mapping made; a push without any status says nothing and is an error.
func PushFromTree(from *tree.Object) (Push, error) {
	r := reader{}
	out := Push{ExternalID: r.text(from, "", "externalId"), MessageID: r.text(from, "", "messageId"), Statuses: r.statuses(from)}
	switch {
	case r.err != nil:
	case out.ExternalID == "" && out.MessageID == "":
		r.err = fmt.Errorf("the push names no request: neither externalId nor messageId is there")
	case len(out.Statuses) == 0:
		r.err = fmt.Errorf("the push holds no status")
	}
	return out, r.err
}

// reader takes values from a tree and keeps the first thing that was wrong.
type reader struct{ err error }

func (r *reader) fail(path, want string, got any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: want %s, got %T", path, want, got)
	}
}

func (r *reader) text(from *tree.Object, path, key string) string {
	switch v := from.Get(key).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		r.fail(path+key, "a string", v)
		return ""
	}
}

// object returns the member as an object, or nil when it is absent.
func (r *reader) object(from *tree.Object, path, key string) *tree.Object {
	switch v := from.Get(key).(type) {
	case nil:
		return nil
	case *tree.Object:
		return v
	default:
		r.fail(path+key, "an object", v)
		return nil
	}
}

func (r *reader) list(from *tree.Object, path, key string) []any {
	switch v := from.Get(key).(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		r.fail(path+key, "a list", v)
		return nil
	}
}

// moment reads a date or a date with time. A time without a zone is Moscow's, as agencies' clocks are.
func (r *reader) moment(from *tree.Object, path, key string) time.Time {
	s := r.text(from, path, key)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC()
	}
	if len(s) >= 19 && s[10:19] == "T24:00:00" { // the end of a day, as XML Schema lets it be written
		next := r.moment(tree.Of(key, s[:11]+"00"+s[13:]), path, key)
		return next.AddDate(0, 0, 1)
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02", "2006-01-02Z07:00"} {
		if t, err := time.ParseInLocation(layout, s, moscow); err == nil {
			return t.UTC()
		}
	}
	if r.err == nil {
		r.err = fmt.Errorf("%s: %q is no ISO 8601 date or time", path+key, s)
	}
	return time.Time{}
}

var moscow = time.FixedZone("MSK", 3*60*60)

func (r *reader) statuses(from *tree.Object) []Status {
	var out []Status
	for i, item := range r.list(from, "", "statuses") {
		m, ok := item.(*tree.Object)
		if !ok {
			r.fail("statuses"+index(i), "an object", item)
			return nil
		}
		before := r.err
		out = append(out, r.status(m, ""))
		if before == nil && r.err != nil { // paths are for errors alone
			r.err = fmt.Errorf("statuses%s.%w", index(i), r.err)
		}
	}
	if from.Get("status") != nil {
		out = append(out, r.status(from, ""))
	}
	return out
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

func (r *reader) status(from *tree.Object, path string) Status {
	s := Status{
		Code:    StatusCode(r.text(from, path, "status")),
		Raw:     r.text(from, path, "rawStatus"),
		At:      r.moment(from, path, "at"),
		Comment: r.text(from, path, "comment"),
		Reason:  r.text(from, path, "reason"),
	}
	if !s.Code.Valid() && r.err == nil {
		r.err = fmt.Errorf("%sstatus: %q is no status; want one of %v", path, s.Code, StatusCodes())
	}
	if o := r.object(from, path, "officer"); o != nil {
		s.Officer = &Officer{Name: r.text(o, path+"officer.", "name"), Position: r.text(o, path+"officer.", "position"), Phone: r.text(o, path+"officer.", "phone")}
	}
	if u := r.object(from, path, "unit"); u != nil {
		s.Unit = &Unit{Code: r.text(u, path+"unit.", "code"), Name: r.text(u, path+"unit.", "name")}
	}
	for i, item := range r.list(from, path, "missing") {
		m, ok := item.(*tree.Object)
		if !ok {
			r.fail(path+"missing"+index(i), "an object", item)
			break
		}
		of := path + "missing" + index(i) + "."
		s.Missing = append(s.Missing, MissingDocument{Type: r.text(m, of, "type"), Title: r.text(m, of, "title")})
	}
	if t := r.moment(from, path, "until"); !t.IsZero() {
		s.Until = &t
	}
	return s
}
