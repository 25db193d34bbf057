package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/contracts/diag"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// maxBody bounds what an operator's call may carry, in bytes.
const maxBody = 64 << 10

// params reads query parameters and keeps the first thing that is wrong. A parameter that nobody asks for is wrong,
// too: a misspelt filter would show everything.
type params struct {
	query url.Values
	known []string
	err   error
}

func parameters(r *http.Request) *params {
	q, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{query: q}
	if err != nil {
		p.fail("the query: %v", err)
	}
	return p
}

func (p *params) fail(format string, args ...any) {
	if p.err == nil {
		s := fmt.Sprintf(format, args...)
		p.err = problem.New(problem.BadParameter).With(s, s)
	}
}

func (p *params) text(name string) string {
	p.known = append(p.known, name)
	if len(p.query[name]) > 1 {
		p.fail("%s is given twice", name)
	}
	return p.query.Get(name)
}

func (p *params) oneOf(name string, allowed []string) string {
	v := p.text(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.fail("%s: %q is not one of %s", name, v, strings.Join(allowed, ", "))
	}
	return v
}

func (p *params) flag(name string) bool { return p.oneOf(name, []string{"true", "false"}) == "true" }

func (p *params) limit() int {
	v := p.text("limit")
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > store.MaxPage {
		p.fail("limit: %q is not a number from 1 to %d", v, store.MaxPage)
	}
	return n
}

func (p *params) moment(name string) time.Time {
	v := p.text(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		p.fail("%s: %q is no RFC 3339 time, such as 2026-01-31T09:00:00Z", name, v)
	}
	return t
}

// done returns what was wrong.
func (p *params) done() error {
	for name := range p.query {
		if !slices.Contains(p.known, name) {
			hint := diag.Suggest(name, p.known)
			if hint == "" {
				hint = "known: " + strings.Join(p.known, ", ")
			}
			p.fail("unknown parameter %q; %s", name, hint)
		}
	}
	return p.err
}

// readReason reads {"reason": "…"}; an empty body has none.
func readReason(w http.ResponseWriter, r *http.Request) (string, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return "", problem.New(problem.TooLarge)
	case err != nil:
		return "", problem.New(problem.BadParameter).Because(err)
	case len(data) == 0:
		return "", nil
	}
	var body struct {
		Reason string `json:"reason"`
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		s := `the body must be {"reason": "..."}: ` + err.Error()
		return "", problem.New(problem.BadJSON).With(s, s)
	}
	return body.Reason, nil
}
