package builtin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/adapters"
	"sluice/adapters/adaptertest"
)

// fuzzReply answers a submission with anything: there is a receipt, or an error whose class fits an answer that came.
func fuzzReply(f *testing.F, agencyName string) {
	all := kits(f)
	k := all[slices.IndexFunc(all, func(k adaptertest.Kit) bool { return k.Agency.Name == agencyName })]
	for _, status := range []int{200, 201, 500} {
		f.Add(status, k.Reply.Body)
		f.Add(status, k.Fault.Body)
		f.Add(status, []byte(nil))
	}
	m := request(f, k.Service)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 || status == http.StatusUnauthorized {
			t.Skip("no final answer, or a question for another token")
		}
		client := &http.Client{
			Transport: plays(func(r *http.Request) (int, string, []byte) {
				if strings.HasSuffix(r.URL.Path, "/oauth/token") {
					return http.StatusOK, jsonType, []byte(`{"access_token":"token","expires_in":300}`)
				}
				return status, k.Reply.ContentType, body
			}),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		receipt, err := k.Agency.Adapter.Submit(context.Background(), adapters.Submission{Request: m, Call: adapters.Call{
			Service: k.Service, MessageID: messageID, Client: client,
			Endpoint: adapters.Endpoint{Name: k.Agency.EndpointNames()[0], URL: "https://agency.example"}}})
		if err == nil {
			if receipt.ExternalID == "" || status >= 300 {
				t.Errorf("HTTP %d became the receipt %+v", status, receipt)
			}
			return
		}
		var e *adapters.Error
		switch {
		case !errors.As(err, &e) || e.Class < adapters.Transient || e.Class > adapters.AlreadyDone:
			t.Fatalf("an error without a class: %v", err)
		case e.Text == "" || !utf8.ValidString(e.Text) || strings.ContainsAny(e.Text, "\r\n") || utf8.RuneCountInString(e.Text) > 500:
			t.Errorf("nothing for an operator's list: %q", e.Text)
		case e.Code == "bad_reply" && e.Class != adapters.Ambiguous:
			t.Errorf("an answer that nobody understands is %s", e)
		}
	})
}

// plays is an agency without a network.
type plays func(*http.Request) (status int, contentType string, body []byte)

func (p plays) RoundTrip(r *http.Request) (*http.Response, error) {
	status, contentType, body := p(r)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Request: r,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func FuzzSOAPReply(f *testing.F) { fuzzReply(f, "zags") }

func FuzzXMLReply(f *testing.F) { fuzzReply(f, "tax") }

func FuzzRESTReply(f *testing.F) { fuzzReply(f, "social") }

func FuzzGoReply(f *testing.F) { fuzzReply(f, "pension") }
