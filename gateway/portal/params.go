package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/gateway/problem"
)

// badParameter says which parameter or header is wrong, and why.
func badParameter(name, ru, en string) error {
	return problem.New(problem.BadParameter).With(name+": "+ru, name+": "+en)
}

// idempotencyKey reads the header: printable ASCII, "" when there is none.
func idempotencyKey(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", badParameter("Idempotency-Key", "заголовок повторяется", "the header is there twice")
	}
	key := values[0]
	printable := !strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' })
	if key == "" || len(key) > maxKey || !printable {
		return "", badParameter("Idempotency-Key", fmt.Sprintf("от 1 до %d печатных знаков ASCII без пробелов", maxKey),
			fmt.Sprintf("1 to %d printable ASCII characters without blanks", maxKey))
	}
	return key, nil
}

// preferWait reads wait=SECONDS of the header Prefer. As RFC 7240 wants, other preferences and parameters are passed
// over, and of several waits the first counts.
func preferWait(h http.Header) (time.Duration, error) {
	for _, header := range h.Values("Prefer") {
		for _, preference := range strings.Split(header, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			seconds, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if err != nil || seconds < 0 {
				return 0, badParameter("Prefer", "wait — целое число секунд", "wait is a whole number of seconds")
			}
			return min(time.Duration(min(seconds, 3600))*time.Second, maxWait), nil
		}
	}
	return 0, nil
}

// parameters are those that a list takes.
var parameters = []string{"service", "agency", "state", "outcome", "status", "portalId", "since", "until", "cursor", "limit"}

// list shows a page of the client's requests.
func (d *door) list(w http.ResponseWriter, r *http.Request) {
	f, err := filter(r.URL.RawQuery)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	page, err := d.Requests.List(r.Context(), d.Client(r.Context()), f)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if page.Items == nil {
		page.Items = []canonical.RequestView{}
	}
	if page.Next != "" {
		q := r.URL.Query()
		q.Set("cursor", page.Next)
		w.Header().Set("Link", `<`+r.URL.Path+`?`+q.Encode()+`>; rel="next"`)
	}
	d.answer(w, r, page)
}

// filter reads the query. What nobody knows is refused: a misspelt filter would show everything.
func filter(raw string) (f canonical.RequestFilter, err error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return f, badParameter("query", "строка запроса не разбирается", "the query can't be parsed")
	}
	for name, values := range q {
		if !slices.Contains(parameters, name) {
			ru, en := "есть: "+strings.Join(parameters, ", "), "it may be: "+strings.Join(parameters, ", ")
			if meant, _ := diag.Closest(name, parameters); meant != "" {
				ru, en = "возможно, имелось в виду «"+meant+"»", diag.Suggest(name, parameters)
			}
			return f, badParameter(name, "нет такого параметра; "+ru, "there is no such parameter; "+en)
		}
		if len(values) > 1 {
			return f, badParameter(name, "параметр повторяется", "the parameter is there twice")
		}
	}
	f = canonical.RequestFilter{
		Service: q.Get("service"), Agency: q.Get("agency"), State: q.Get("state"), Outcome: q.Get("outcome"),
		Status: canonical.StatusCode(q.Get("status")), PortalID: q.Get("portalId"), Cursor: q.Get("cursor"),
	}
	if f.State != "" && f.State != "open" && f.State != "closed" {
		return f, badParameter("state", "open или closed", "open or closed")
	}
	if f.Status != "" && !f.Status.Valid() {
		return f, badParameter("status", "нет такого статуса", "there is no such status")
	}
	for name, into := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if v := q.Get(name); v != "" {
			if *into, err = time.Parse(time.RFC3339, v); err != nil {
				return f, badParameter(name, "время по RFC 3339, например 2026-01-31T00:00:00+03:00", "a time of RFC 3339, such as 2026-01-31T00:00:00+03:00")
			}
		}
	}
	if v := q.Get("limit"); v != "" {
		if f.Limit, err = strconv.Atoi(v); err != nil || f.Limit < 1 || f.Limit > 200 {
			return f, badParameter("limit", "от 1 до 200", "1 to 200")
		}
	}
	return f, nil
}

// reason reads the optional body of a cancellation: {"reason": "…"}.
func (d *door) reason(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.ContentLength == 0 {
		return "", nil
	}
	body, err := d.body(w, r)
	if err != nil || len(body) == 0 {
		return "", err
	}
	value, err := jsonschema.ParseJSON(body, jsonschema.Limits{})
	if err != nil {
		return "", err
	}
	wrong := func(pointer, ru, en string) error {
		return problem.New(problem.InvalidRequest).At(jsonschema.Violation{Pointer: pointer, Code: "cancel", RU: ru, EN: en})
	}
	object, ok := value.(*tree.Object)
	if !ok {
		return "", wrong("", "ожидается объект", "an object is expected")
	}
	for name := range object.All() {
		if name != "reason" {
			return "", wrong("/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), "нет такого поля; есть reason", "there is no such member; there is reason")
		}
	}
	text, ok := object.Get("reason").(string)
	if object.Has("reason") && (!ok || utf8.RuneCountInString(text) > canonical.MaxReason) {
		return "", wrong("/reason", fmt.Sprintf("строка не длиннее %d знаков", canonical.MaxReason), fmt.Sprintf("a string of at most %d characters", canonical.MaxReason))
	}
	return text, nil
}
