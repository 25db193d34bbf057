package agencysim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const socialTime = "2006-01-02T15:04:05.000Z07:00"

// social is social protection: REST with OAuth 2.0. It does not absorb repeats: a second POST files a second application.
type social struct {
	*desk
	login                             string // client id:secret
	tokens                            tokens
	create, withdraw, acknowledgement validator
}

func newSocial(d *desk, login string, tk tokens, contracts fs.FS) (*social, error) {
	s := &social{desk: d, login: login, tokens: tk, create: anything{}, withdraw: anything{}, acknowledgement: anything{}}
	if d.lax {
		return s, nil
	}
	for _, c := range []struct {
		into          *validator
		file, pointer string
	}{
		{&s.create, "openapi.yaml", "/components/schemas/NewApplication"},
		{&s.withdraw, "openapi.yaml", "/components/schemas/Withdrawal"},
		{&s.acknowledgement, "push.openapi.yaml", "/components/schemas/Acknowledgement"},
	} {
		v, err := compileJSON(contracts, "social", c.file, c.pointer)
		if err != nil {
			return nil, err
		}
		*c.into = v
	}
	return s, nil
}

// socialNumber writes numbers such as S77-00000042.
func socialNumber(endpoint string, seq int, _ time.Time) string {
	region := "77"
	if len(endpoint) == 2 && allDigits(endpoint) {
		region = endpoint
	}
	return fmt.Sprintf("S%s-%08d", region, seq)
}

var socialNumbers = regexp.MustCompile(`^S[0-9]{2}-([0-9]{8})$`)

func (s *social) sequence(number string) int {
	m := socialNumbers.FindStringSubmatch(number)
	if m == nil {
		return 0
	}
	seq, _ := strconv.Atoi(m[1])
	if _, n, ok := s.ledger.get(seq); !ok || n != number {
		return 0
	}
	return seq
}

func (s *social) read(r *http.Request, endpoint string, body []byte) call {
	path := r.PathValue("rest")
	if path == "oauth/token" {
		return s.token(r, body)
	}
	if !s.tokens.holds(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), s.now()) {
		rep := s.fault(http.StatusUnauthorized, "UNAUTHORIZED", "the access token is missing, unknown or expired", nil)
		rep.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}
		return refuse(opNone, messageID{}, rep)
	}
	number, withdraws := strings.CutSuffix(strings.TrimPrefix(path, "applications/"), "/withdraw")
	switch {
	case path == "applications" && r.Method == http.MethodPost:
		return s.submission(r, endpoint, body)
	case path == "applications" && r.Method == http.MethodGet:
		id, err := uuid.Parse(r.URL.Query().Get("clientReference"))
		if err != nil {
			return refuse(opFind, id, s.fault(http.StatusBadRequest, "INVALID", "clientReference must be a UUID", nil))
		}
		return call{operation: opFind, id: id, act: func(context.Context) reply { return s.find(id) }}
	case strings.HasPrefix(path, "applications/") && r.Method == http.MethodGet && !withdraws:
		return s.about(opStatus, number, func(seq int) reply { return s.answer(http.StatusOK, s.application(seq)) })
	case strings.HasPrefix(path, "applications/") && r.Method == http.MethodPost && withdraws:
		if wrong := s.wrong(r, body, s.withdraw); wrong != nil {
			return refuse(opCancel, messageID{}, *wrong)
		}
		return s.about(opCancel, number, s.cancel)
	}
	return refuse(opNone, messageID{}, s.fault(http.StatusNotFound, "NOT_FOUND", r.Method+" "+path+" is not offered", nil))
}

func (s *social) about(operation, number string, act func(seq int) reply) call {
	seq := s.sequence(number)
	f, _, ok := s.ledger.get(seq)
	if !ok {
		return refuse(operation, messageID{}, s.fault(http.StatusNotFound, "NOT_FOUND", "there is no such application", nil))
	}
	return call{operation: operation, id: f.id, act: func(context.Context) reply { return act(seq) }}
}

// wrong says what is wrong with a JSON body, or nil.
func (s *social) wrong(r *http.Request, body []byte, v validator) *reply {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		rep := s.fault(http.StatusBadRequest, "INVALID", "Content-Type must be application/json", nil)
		return &rep
	}
	if !json.Valid(body) {
		rep := s.fault(http.StatusBadRequest, "INVALID", "the body is not JSON", nil)
		return &rep
	}
	if all := v.validate(body); len(all) > 0 {
		rep := s.fault(http.StatusUnprocessableEntity, "INVALID", "the body does not fit the schema", all)
		return &rep
	}
	return nil
}

func (s *social) submission(r *http.Request, endpoint string, body []byte) call {
	var m struct {
		ClientReference string
		PortalNumber    string
		Test            bool
		Applicant       struct{ Surname string }
	}
	_ = json.Unmarshal(body, &m) // what is no JSON, or has other types, is refused just below
	id, _ := uuid.Parse(m.ClientReference)
	if wrong := s.wrong(r, body, s.create); wrong != nil {
		return refuse(opSubmit, id, *wrong)
	}
	return call{operation: opSubmit, id: id, act: func(context.Context) reply {
		if m.Applicant.Surname == SurnameWrong {
			return s.fault(http.StatusUnprocessableEntity, "WRONG_REGION", "the dwelling lies in another region", nil)
		}
		seq, _, err := s.ledger.register(submission{id: id, portal: m.PortalNumber, endpoint: endpoint,
			plan: planFor(m.Applicant.Surname), test: m.Test}, false, s.now())
		if err != nil {
			return s.failure(http.StatusInternalServerError)
		}
		f, number, _ := s.ledger.get(seq)
		rep := s.answer(http.StatusCreated, s.filed(f, number, []told{{Step: accepted, at: time.Unix(0, f.at)}}))
		rep.header = http.Header{"Location": {"/" + Social + "/" + endpoint + "/applications/" + number}}
		rep.filed = seq
		return rep
	}}
}

type socialApplication struct {
	ID              string        `json:"id"`
	ClientReference string        `json:"clientReference"`
	Status          string        `json:"status"`
	CreatedAt       string        `json:"createdAt"`
	History         []socialEntry `json:"history"`
}

type socialEntry struct {
	Status     string          `json:"status"`
	OccurredAt string          `json:"occurredAt"`
	Officer    *socialOfficer  `json:"officer,omitempty"`
	Department *socialUnit     `json:"department,omitempty"`
	Note       string          `json:"note,omitempty"`
	Missing    []socialMissing `json:"missingDocuments,omitempty"`
	RespondBy  string          `json:"respondBy,omitempty"`
}

type socialOfficer struct {
	FullName string `json:"fullName"`
	Position string `json:"position,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

type socialUnit struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

type socialMissing struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

var socialCodes = map[string]string{
	"accepted": "RECEIVED", "in_progress": "IN_REVIEW", "on_approval": "COORDINATION", "awaiting_documents": "NEED_DOCUMENTS",
	"approved": "GRANTED", "refused": "DENIED", "ready": "PAYABLE", "completed": "PAID", "cancelled": "WITHDRAWN", oddCode: "LOST_IN_ARCHIVE",
}

func socialRecord(t told) socialEntry {
	e := socialEntry{Status: socialCodes[t.Status], OccurredAt: t.at.UTC().Format(socialTime), Note: t.Comment}
	if o := t.Officer; o.Last != "" {
		e.Officer = &socialOfficer{o.name(), o.Position, o.Phone}
	}
	if u := t.Unit; u.Code != "" {
		e.Department = &socialUnit{u.Code, u.Name}
	}
	for _, m := range t.Missing {
		e.Missing = append(e.Missing, socialMissing(m))
	}
	if u := t.until(); !u.IsZero() {
		e.RespondBy = u.In(moscow).Format(time.DateOnly)
	}
	return e
}

func (s *social) application(seq int) socialApplication {
	f, number, _ := s.ledger.get(seq)
	return s.filed(f, number, s.ledger.history(seq, s.now()))
}

func (s *social) filed(f filing, number string, history []told) socialApplication {
	a := socialApplication{ID: number, ClientReference: f.id.String(), CreatedAt: time.Unix(0, f.at).UTC().Format(socialTime)}
	for _, t := range history {
		a.History = append(a.History, socialRecord(t))
	}
	a.Status = a.History[len(a.History)-1].Status
	return a
}

func (s *social) find(id messageID) reply {
	list := struct {
		Items []socialApplication `json:"items"`
	}{[]socialApplication{}}
	for _, seq := range s.ledger.find(id) {
		list.Items = append(list.Items, s.application(seq))
	}
	return s.answer(http.StatusOK, list)
}

func (s *social) cancel(seq int) reply {
	ok, err := s.ledger.withdraw(seq, s.now())
	if err != nil {
		return s.failure(http.StatusInternalServerError)
	}
	if !ok {
		return s.fault(http.StatusConflict, "CLOSED", "the application has been decided", nil)
	}
	rep := s.answer(http.StatusOK, s.application(seq))
	rep.filed = -seq
	return rep
}

func (s *social) answer(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		return s.failure(http.StatusInternalServerError)
	}
	return reply{status: status, kind: "application/json", body: b}
}

func (s *social) fault(status int, code, message string, wrong []problem) reply {
	type detail struct {
		Pointer string `json:"pointer"`
		Message string `json:"message"`
	}
	e := struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Details []detail `json:"details,omitempty"`
	}{Code: code, Message: message}
	for _, p := range wrong[:min(len(wrong), 20)] {
		e.Details = append(e.Details, detail{p.path, p.text})
	}
	return s.answer(status, e)
}

func (s *social) failure(status int) reply {
	switch status {
	case http.StatusTooManyRequests:
		return s.fault(status, "TOO_MANY", "too many requests", nil)
	case http.StatusServiceUnavailable:
		return s.fault(status, "BUSY", "the service is busy", nil)
	}
	return s.fault(status, "INTERNAL", "internal error", nil)
}

func (s *social) spoil(kind Kind, rep *reply) {
	switch kind {
	case WrongNamespace:
		rep.body = bytes.ReplaceAll(rep.body, []byte(`"history"`), []byte(`"geschichte"`))
	case MissingElement:
		rep.body = cut(rep.body, `"id":"`, `",`)
	case UnknownCode:
		rep.body = bytes.ReplaceAll(rep.body, []byte(`"RECEIVED"`), []byte(`"LOST_IN_ARCHIVE"`))
	}
}

func (s *social) text(body []byte) string { return string(body) }

func (s *social) push(f filing, number string, t told, notice string) (http.Header, []byte) {
	b, _ := json.Marshal(struct { // strings and lists of strings always become JSON
		NotificationID  string `json:"notificationId"`
		ApplicationID   string `json:"applicationId"`
		ClientReference string `json:"clientReference"`
		socialEntry
	}{notice, number, f.id.String(), socialRecord(t)})
	return http.Header{"Content-Type": {"application/json"}}, b
}

func (s *social) taken(res *http.Response, body []byte) error {
	switch res.StatusCode {
	case http.StatusOK:
		if wrong := s.acknowledgement.validate(body); len(wrong) > 0 {
			return fmt.Errorf("the answer is not valid by the contract: %s", wrong[0])
		}
		return nil
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: HTTP %d: %s", errRefused, res.StatusCode, clip(string(body), 200))
	}
	return fmt.Errorf("HTTP %d", res.StatusCode)
}
