package agencysim

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/text/encoding/charmap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock moves only when told to.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*timer
	set    chan struct{} // gets a value with each timer that is set
}

type timer struct {
	at   time.Time
	f    func()
	done bool
}

func newClock() *clock {
	return &clock{now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), set: make(chan struct{}, 1000)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	t := &timer{at: c.now.Add(d), f: f}
	c.timers = append(c.timers, t)
	c.mu.Unlock()
	c.set <- struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		stopped := !t.done
		t.done = true
		return stopped
	}
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*timer
	c.timers = slices.DeleteFunc(c.timers, func(t *timer) bool {
		if !t.done && !t.at.After(c.now) {
			t.done = true
			due = append(due, t)
		}
		return t.done
	})
	c.mu.Unlock()
	for _, t := range due {
		go t.f()
	}
}

// toNext moves to the first timer, if there is one.
func (c *clock) toNext() {
	c.mu.Lock()
	var first *timer
	for _, t := range c.timers {
		if !t.done && (first == nil || t.at.Before(first.at)) {
			first = t
		}
	}
	wait := time.Duration(0)
	if first != nil {
		wait = first.at.Sub(c.now)
	}
	c.mu.Unlock()
	c.advance(wait)
}

// hub takes pushes and answers them as told.
type hub struct {
	*httptest.Server
	got    chan pushed
	mu     sync.Mutex
	answer func(p pushed) (status int, kind, body string)
}

type pushed struct {
	agency, token, action, body string
}

const (
	ackZAGS = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Квитанция xmlns="urn://zags-ru/notices/2.1">` +
		`<Номер>001-0000001/2025</Номер><Результат>ПРИНЯТО</Результат></Квитанция></e:Body></e:Envelope>`
	ackSocial = `{"result":"ACCEPTED"}`
)

func newHub(t *testing.T) *hub {
	h := &hub{got: make(chan pushed, 1000)}
	h.answer = func(p pushed) (int, string, string) {
		if p.agency == ZAGS {
			return 200, "text/xml; charset=utf-8", ackZAGS
		}
		return 200, "application/json", ackSocial
	}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p := pushed{strings.TrimPrefix(r.URL.Path, "/push/"), r.Header.Get("Authorization"), r.Header.Get("SOAPAction"), string(b)}
		h.mu.Lock()
		answer := h.answer
		h.mu.Unlock()
		status, kind, body := answer(p)
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		h.got <- p
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hub) targets() map[string]Target {
	return map[string]Target{ZAGS: {h.URL + "/push/zags", "zags-token"}, Social: {h.URL + "/push/social", "social-token"}}
}

// next returns the next push, or fails when none comes.
func (h *hub) next(t *testing.T) pushed {
	t.Helper()
	select {
	case p := <-h.got:
		return p
	case <-time.After(10 * time.Second):
		t.Fatal("no push came")
		return pushed{}
	}
}

// rig is a running simulator and a plain HTTP client.
type rig struct {
	*Sim
	t      *testing.T
	client *http.Client
}

func start(t *testing.T, cfg Config) *rig {
	t.Helper()
	s, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &rig{s, t, &http.Client{Transport: tr, Timeout: 20 * time.Second}}
}

// id returns a message id that differs for each n.
func id(n int) string { return fmt.Sprintf("0192f3a0-0000-7000-8000-%012d", n) }

func sample(t testing.TB, file string, n int, surname string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("{{ID}}", id(n), "{{N}}", fmt.Sprint(n), "{{SURNAME}}", surname, "{{SNILS}}", "11223344595").Replace(string(b))
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(method, url string, header map[string]string, body string) (answer, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b)}, err
}

func (r *rig) must(a answer, err error) answer {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func basic(login string) string {
	req := &http.Request{Header: http.Header{}}
	user, pass, _ := strings.Cut(login, ":")
	req.SetBasicAuth(user, pass)
	return req.Header.Get("Authorization")
}

func (r *rig) zags(action, body string) (answer, error) {
	return r.do("POST", r.AgencyURL(ZAGS, "001"), map[string]string{"Content-Type": "text/xml; charset=utf-8",
		"SOAPAction": `"urn:zags:registry:2.1:` + action + `"`, "Authorization": basic(DefaultCredentials.ZAGS)}, body)
}

// zagsCall wraps a body in an envelope with the agency's header.
func zagsCall(n int, content string) string {
	return `<e:Envelope xmlns:e="` + soap11 + `"><e:Header><Сообщение xmlns="urn://zags-ru/registry/2.1"><Идентификатор>` + id(n) +
		`</Идентификатор><Отправитель>SLUICE</Отправитель></Сообщение></e:Header><e:Body>` + content + `</e:Body></e:Envelope>`
}

func (r *rig) tax(body string) (answer, error) {
	b, err := charmap.Windows1251.NewEncoder().String(body)
	if err != nil {
		return answer{}, err
	}
	a, err := r.do("POST", r.AgencyURL(Tax, "7701"), map[string]string{"Content-Type": "application/xml; charset=windows-1251",
		"X-Api-Key": DefaultCredentials.Tax}, b)
	if err == nil {
		a.body, err = charmap.Windows1251.NewDecoder().String(a.body)
	}
	return a, err
}

const taxDeclaration = `<?xml version="1.0" encoding="windows-1251"?>`

func (r *rig) pension(body string) (answer, error) {
	return r.do("POST", r.AgencyURL(Pension, "main"), map[string]string{"Content-Type": "text/xml; charset=utf-8",
		"SOAPAction": `"` + pensionAction + `"`, "Authorization": basic(DefaultCredentials.Pension)}, body)
}

func (r *rig) token() string {
	r.t.Helper()
	a := r.must(r.do("POST", r.AgencyURL(Social, "77")+"/oauth/token", map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic(DefaultCredentials.Social)}, "grant_type=client_credentials"))
	var tok struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal([]byte(a.body), &tok); err != nil || a.status != 200 || tok.TokenType != "Bearer" {
		r.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return tok.AccessToken
}

func (r *rig) social(method, path, token, body string) (answer, error) {
	return r.do(method, r.AgencyURL(Social, "77")+path, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + token}, body)
}

// texts returns the content of every element or attribute with this local name.
func texts(t *testing.T, doc, name string) []string {
	t.Helper()
	var out []string
	dec := xml.NewDecoder(strings.NewReader(doc))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // already UTF-8
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		s, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range s.Attr {
			if a.Name.Local == name {
				out = append(out, a.Value)
			}
		}
		if s.Name.Local == name {
			if c, ok := must1(dec.Token()).(xml.CharData); ok {
				out = append(out, string(c))
			}
		}
	}
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// text returns the one there is.
func text(t *testing.T, doc, name string) string {
	t.Helper()
	all := texts(t, doc, name)
	if len(all) != 1 {
		t.Fatalf("%d times %s in %s", len(all), name, doc)
	}
	return all[0]
}

// valid checks what the simulator itself wrote.
func valid(t *testing.T, v validator, doc string) {
	t.Helper()
	b := []byte(doc)
	if i := bytes.Index(b, []byte("?>")); i >= 0 {
		b = b[i+2:]
	}
	for _, p := range v.validate(b) {
		t.Errorf("not valid: %s\n%s", p, doc)
	}
}
