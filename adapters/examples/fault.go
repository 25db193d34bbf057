package examples

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"sluice/adapters"
	"sluice/contracts/tree"
)

var faultFile = regexp.MustCompile(`^fault-([1-5][0-9]{2})\.(xml|json|html|txt)$`)

var mediaTypes = map[string]string{"xml": "text/xml; charset=utf-8", "json": "application/json", "html": "text/html; charset=utf-8", "txt": "text/plain; charset=utf-8"}

// faults runs the whole exchange for each answer that refuses, without a network.
func (x *example) faults() {
	for _, name := range x.files {
		m := faultFile.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		body, ok := x.read(name)
		if !ok {
			continue
		}
		if x.request.Tree() == nil {
			x.fail(name, "a fault needs canonical.json beside it")
			continue
		}
		status, _ := strconv.Atoi(m[1])
		x.refusal(answer{status, mediaTypes[m[2]], body})
	}
}

func (x *example) refusal(a answer) {
	_, err := x.agency.Adapter.Submit(x.ctx, adapters.Submission{
		Request: x.request,
		Call: adapters.Call{
			Service: x.service.Name, Endpoint: adapters.Endpoint{Name: "example", URL: "http://agency.example/"},
			MessageID: MessageID, Client: &http.Client{Transport: a},
		},
	})
	out := new(tree.Object)
	var e *adapters.Error
	switch {
	case err == nil:
		out.Set("class", "success")
	case errors.As(err, &e):
		out.Set("class", e.Class.String())
		for key, value := range map[string]string{"code": e.Code, "reason": e.Reason, "externalId": e.ExternalID} {
			if value != "" {
				out.Set(key, value)
			}
		}
		if e.Class == adapters.Rejected || e.Class == adapters.Permanent {
			out.Set("remedy", e.Remedy.EN)
		}
		if e.RetryAfter > 0 {
			out.Set("retryAfter", e.RetryAfter.String())
		}
	default:
		out.Set("class", adapters.Class(0).String())
	}
	x.compareJSON("refusal.json", out)
}

// answer is a transport that gives every request the same answer.
type answer struct {
	status    int
	mediaType string
	body      []byte
}

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	return &http.Response{
		StatusCode: a.status, Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {a.mediaType}}, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}
