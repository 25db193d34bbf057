package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// gas is the gas network of testdata/gas, as its own programmers would have written it: it shares no code with the hub.
type gas struct {
	token string

	mu    sync.Mutex
	cases []gasCase
	said  []string // what was done, in order
}

type gasCase struct{ reference, number string }

// gasMessage is what the network reads. The namespaces are a part of it: what has another is not there.
type gasMessage struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Body    struct {
		Apply *struct {
			Reference string `xml:"reference,attr"`
			Urgent    bool   `xml:"urgent,attr"`
			Applicant struct {
				Name struct {
					Family string `xml:"family,attr"`
					Given  string `xml:"given,attr"`
				} `xml:"urn:gas-network:parties:3 Name"`
				Passport string   `xml:"urn:gas-network:parties:3 Passport"`
				Contact  []string `xml:"urn:gas-network:parties:3 Contact"`
			} `xml:"urn:gas-network:connection:3 Applicant"`
			Site struct {
				Kind        string    `xml:"kind,attr"`
				Cadastral   string    `xml:"urn:gas-network:connection:3 CadastralNumber"`
				NotSurveyed *struct{} `xml:"urn:gas-network:connection:3 NotSurveyed"`
			} `xml:"urn:gas-network:connection:3 Site"`
			Total string `xml:"urn:gas-network:connection:3 TotalFlow"`
		} `xml:"urn:gas-network:connection:3 Apply"`
		Find *struct {
			Reference string `xml:"urn:gas-network:connection:3 Reference"`
		} `xml:"urn:gas-network:connection:3 Find"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

// gasNetwork starts the network, which loses its first answer, and leads the hub to it: `gas`. `gas WHAT…` says in order
// what the network must have done by now.
func gasNetwork(ts *testscript.TestScript, _ bool, args []string) {
	g := ts.Value("gas").(*gas)
	if len(args) > 0 {
		g.mu.Lock()
		defer g.mu.Unlock()
		if got := strings.Join(g.said, "; "); got != strings.Join(args, "; ") {
			ts.Fatalf("the gas network did: %s", got)
		}
		return
	}
	g.token = ts.Getenv("GAS_TOKEN")
	server := httptest.NewServer(g)
	ts.Defer(server.Close)
	ts.Setenv("SLUICE_ENDPOINT_GAS_NORTH", server.URL+"/connection")
}

func (g *gas) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var m gasMessage
	switch {
	case r.Header.Get("Authorization") != "Bearer "+g.token:
		w.WriteHeader(http.StatusUnauthorized)
		return
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/soap+xml"):
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	case xml.Unmarshal(body, &m) != nil:
		g.refuse(w, 1, "unreadable")
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch apply, find := m.Body.Apply, m.Body.Find; {
	case apply != nil && apply.Site.NotSurveyed != nil:
		g.said = append(g.said, "refused "+apply.Site.Kind)
		g.refuse(w, 17, "no network at "+apply.Site.Kind)
	case apply != nil:
		g.cases = append(g.cases, gasCase{apply.Reference, fmt.Sprintf("GN-%06d", len(g.cases)+1)})
		g.said = append(g.said, strings.Join([]string{"took", apply.Applicant.Name.Family, apply.Applicant.Passport, apply.Site.Kind, apply.Site.Cadastral, apply.Total}, " "))
		panic(http.ErrAbortHandler) // the case is open, and nobody is told
	case find != nil:
		for _, c := range g.cases {
			if c.reference == find.Reference {
				g.said = append(g.said, "was asked for "+c.number)
				g.answer(w, http.StatusOK, `<Found xmlns="urn:gas-network:connection:3"><Case>`+c.number+`</Case><Step code="REG" at="2025-03-01T10:15:02+03:00"/></Found>`)
				return
			}
		}
		g.refuse(w, 404, "no such case")
	default:
		g.refuse(w, 2, "nothing asked")
	}
}

func (g *gas) refuse(w http.ResponseWriter, number int, says string) {
	g.answer(w, http.StatusBadRequest, fmt.Sprintf(`<env:Fault><env:Code><env:Value>env:Sender</env:Value></env:Code>`+
		`<env:Reason><env:Text xml:lang="en">refused</env:Text></env:Reason><env:Detail>`+
		`<Refusal xmlns="urn:gas-network:faults:3" number="%d"><Says>%s</Says></Refusal></env:Detail></env:Fault>`, number, says))
}

func (g *gas) answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body>%s</env:Body></env:Envelope>`, body)
}
