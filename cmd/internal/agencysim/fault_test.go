package agencysim

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFaults shows each fault of an answer to a plain HTTP client, and whether the message took effect.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		effect int
		want   func(a answer, err error) bool
	}{
		{Drop, 0, func(_ answer, err error) bool { return err != nil }},
		{HTTP500, 0, func(a answer, _ error) bool {
			return a.status == 500 && strings.Contains(a.body, "soapenv:Server") && strings.Contains(a.body, "СБОЙ")
		}},
		{HTTP503, 0, func(a answer, _ error) bool { return a.status == 503 && a.header.Get("Retry-After") == "7" }},
		{HTTP429, 0, func(a answer, _ error) bool { return a.status == 429 && a.header.Get("Retry-After") == "7" }},
		{Fault200, 0, func(a answer, _ error) bool { return a.status == 200 && strings.Contains(a.body, "soapenv:Server") }},
		{HTML, 0, func(a answer, _ error) bool {
			return a.status == 200 && strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && strings.HasPrefix(a.body, "<!DOCTYPE html>")
		}},
		{Lost, 1, func(_ answer, err error) bool { return err != nil }},
		{Reset, 1, func(_ answer, err error) bool { return err != nil }},
		{Truncated, 1, func(a answer, err error) bool {
			return err == nil && a.status == 200 && strings.Contains(a.body, "Envelope") && !strings.Contains(a.body, "</soapenv:Envelope>")
		}},
		{WrongNamespace, 1, func(a answer, _ error) bool { return a.status == 200 && strings.Contains(a.body, "registry/1.0") }},
		{MissingElement, 1, func(a answer, _ error) bool {
			return a.status == 200 && strings.Contains(a.body, "Регистрация") && !strings.Contains(a.body, "Номер")
		}},
		{UnknownCode, 1, func(a answer, _ error) bool {
			return a.status == 200 && strings.Contains(a.body, "Состояние>77<")
		}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			r := start(t, Config{})
			// A connection that has served before is resent on in silence by Go's client when it dies at once.
			if _, err := r.Inject(Fault{Agency: ZAGS, Operation: opSubmit, Kind: c.kind, Count: 1, RetryAfter: 7 * time.Second}); err != nil {
				t.Fatal(err)
			}
			message := sample(t, "zags-register.xml", 1, "Иванова")
			a, err := r.zags("Register", message)
			if !c.want(a, err) {
				t.Errorf("%d %v %.300s %v", a.status, a.header, a.body, err)
			}
			if e, _ := r.Effect(ZAGS, id(1)); e.Count != c.effect || e.Arrivals != 1 {
				t.Errorf("effects %+v, want %d", e, c.effect)
			}
			if a := r.must(r.zags("Register", message)); a.status != 200 || text(t, a.body, "Номер")[:11] != "001-0000001" {
				t.Errorf("after the fault: %d %s", a.status, a.body)
			}
			if e, _ := r.Effect(ZAGS, id(1)); e.Count != 1 || e.Arrivals != 2 {
				t.Errorf("after the fault: %+v", e)
			}
			if hits := r.Faults()[0].Hits; hits != 1 {
				t.Errorf("%d hits", hits)
			}
		})
	}
}

// TestFaultsInOtherForms shows what differs at the agencies that speak no SOAP.
func TestFaultsInOtherForms(t *testing.T) {
	r := start(t, Config{})
	token := r.token()
	inject := func(agency string, kind Kind) {
		t.Helper()
		if _, err := r.Inject(Fault{Agency: agency, Kind: kind, Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for kind, want := range map[Kind]string{Fault200: `Код="СБОЙ"`, WrongNamespace: `xmlns="urn:fns:1.0"`, UnknownCode: `КодСост="77"`} {
		n++
		inject(Tax, kind)
		if a := r.must(r.tax(sample(t, "tax-file.xml", n, "Иванова"))); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("tax, %s: %d %s", kind, a.status, a.body)
		}
	}
	inject(Tax, MissingElement)
	if a := r.must(r.tax(sample(t, "tax-file.xml", 100, "Иванова"))); !strings.Contains(a.body, "<Квитанция ИдФайл") {
		t.Errorf("tax, no number: %s", a.body)
	}
	for kind, want := range map[Kind]string{HTTP429: "TOO_MANY", HTTP503: "BUSY", HTTP500: "INTERNAL", WrongNamespace: "geschichte", UnknownCode: "LOST_IN_ARCHIVE"} {
		inject(Social, kind)
		if a := r.must(r.social("POST", "/applications", token, sample(t, "social-application.json", 1, "Иванова"))); !strings.Contains(a.body, want) {
			t.Errorf("social, %s: %d %s", kind, a.status, a.body)
		}
	}
	inject(Social, MissingElement)
	if a := r.must(r.social("POST", "/applications", token, sample(t, "social-application.json", 1, "Иванова"))); a.status != 201 || strings.Contains(a.body, `"id"`) {
		t.Errorf("social, no number: %s", a.body)
	}
	for kind, want := range map[Kind]string{HTTP500: "INTERNAL", WrongNamespace: "snils:0.9", UnknownCode: "<Result>Perhaps<"} {
		inject(Pension, kind)
		if a := r.must(r.pension(sample(t, "pension-check.xml", 1, "Иванова"))); !strings.Contains(a.body, want) {
			t.Errorf("pension, %s: %d %s", kind, a.status, a.body)
		}
	}
	inject(Pension, MissingElement)
	if a := r.must(r.pension(sample(t, "pension-check.xml", 1, "Иванова"))); a.status != 200 || strings.Contains(a.body, "CheckNumber") {
		t.Errorf("pension, no number: %s", a.body)
	}
}

func TestSlow(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c})
	if _, err := r.Inject(Fault{Kind: Slow, Delay: time.Minute, Count: 1}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan answer, 1)
	go func() {
		a, _ := r.zags("Register", sample(t, "zags-register.xml", 1, "Иванова"))
		answered <- a
	}()
	<-c.set // the agency waits
	if e, _ := r.Effect(ZAGS, id(1)); e.Count != 0 {
		t.Errorf("took effect before its time: %+v", e)
	}
	c.advance(time.Minute)
	if a := <-answered; a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestHangLetsGo(t *testing.T) {
	r := start(t, Config{})
	fault, err := r.Inject(Fault{Agency: ZAGS, Endpoint: "001", Kind: Hang})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := r.zags("Register", sample(t, "zags-register.xml", 1, "Иванова"))
		failed <- err
	}()
	for r.Faults()[0].Hits == 0 { // until the message hangs; another agency is served meanwhile
		r.must(r.pension(sample(t, "pension-check.xml", 2, "Иванова")))
	}
	if n := r.Clear(fault); n != 1 {
		t.Errorf("%d faults ended", n)
	}
	if err := <-failed; err == nil {
		t.Error("the hung message was answered")
	}
	if e, _ := r.Effect(ZAGS, id(1)); e.Count != 0 {
		t.Errorf("effect %+v", e)
	}
}

// TestFloods shows the answers that are too long to be kept.
func TestFloods(t *testing.T) {
	for kind, c := range map[Kind]struct {
		read int64
		want error
	}{Huge: {200 << 20, io.EOF}, Endless: {8 << 20, nil}} {
		r := start(t, Config{})
		if _, err := r.Inject(Fault{Kind: kind}); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest("POST", r.AgencyURL(ZAGS, "001"), strings.NewReader(sample(t, "zags-register.xml", 1, "Иванова")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"text/xml"}, "Soapaction": {zagsAction + "Register"}, "Authorization": {basic(DefaultCredentials.ZAGS)}}
		res, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.CopyN(io.Discard, res.Body, c.read)
		if !errors.Is(err, c.want) || kind == Huge && n < 100<<20 {
			t.Errorf("%s: %d bytes, then %v", kind, n, err)
		}
		res.Body.Close()
	}
}

func TestOutage(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c})
	message := sample(t, "zags-register.xml", 1, "Иванова")
	if _, err := r.Inject(Fault{Agency: ZAGS, Kind: Outage, For: time.Minute}); err != nil {
		t.Fatal(err)
	}
	<-c.set // its end is planned
	if _, err := r.zags("Register", message); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("at its own door: %v", err)
	}
	main := func() (answer, error) {
		return r.do("POST", r.URL()+"/zags/001", map[string]string{"Content-Type": "text/xml", "SOAPAction": zagsAction + "Register",
			"Authorization": basic(DefaultCredentials.ZAGS)}, message)
	}
	if _, err := main(); err == nil || errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("at the door for everything: %v", err)
	}
	if a := r.must(r.pension(sample(t, "pension-check.xml", 2, "Иванова"))); a.status != 200 {
		t.Errorf("another agency: %d", a.status)
	}
	if e, ok := r.Effect(ZAGS, id(1)); ok {
		t.Errorf("something arrived: %+v", e)
	}
	c.advance(time.Minute)
	for {
		a, err := r.zags("Register", message)
		if err == nil && a.status == 200 {
			break
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("after the outage: %d %v", a.status, err)
		}
	}
	if a := r.must(main()); a.status != 200 {
		t.Errorf("after the outage, at the door for everything: %d", a.status)
	}
}

// A door that can't open again at once, because its port is taken, tries until it can.
func TestOutageWaitsForItsPort(t *testing.T) {
	c := newClock()
	g, err := openGate("127.0.0.1:0", http.NotFoundHandler(), c, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	g.shut()
	taken, err := net.Listen("tcp", g.address())
	if err != nil {
		t.Fatal(err)
	}
	g.open()
	<-c.set // it will try again
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	for {
		conn, err := net.Dial("tcp", g.address())
		if err == nil {
			conn.Close()
			break
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
	}
	g.close()
}

func TestFaultsAreChosen(t *testing.T) {
	c := newClock()
	fs := &faults{clock: c}
	add := func(f Fault) {
		t.Helper()
		if _, err := fs.add(f); err != nil {
			t.Fatal(err)
		}
	}
	add(Fault{Agency: Tax, Kind: Slow, Count: 2})
	add(Fault{Agency: ZAGS, Endpoint: "002", Operation: opStatus, Kind: Lost, For: time.Minute})
	pick := func(x exchange) Kind {
		if a := fs.pick(x, metKinds); a != nil {
			return a.Kind
		}
		return ""
	}
	status := exchange{agency: ZAGS, endpoint: "002", operation: opStatus}
	for _, step := range []struct {
		x    exchange
		want Kind
	}{
		{exchange{agency: Tax}, Slow}, {exchange{agency: Social}, ""}, {exchange{agency: Tax}, Slow}, {exchange{agency: Tax}, ""},
		{status, Lost}, {exchange{agency: ZAGS, endpoint: "001", operation: opStatus}, ""}, {exchange{agency: ZAGS, endpoint: "002", operation: opSubmit}, ""},
	} {
		if got := pick(step.x); got != step.want {
			t.Errorf("%+v meets %q, want %q", step.x, got, step.want)
		}
	}
	c.advance(time.Minute)
	if got := pick(status); got != "" {
		t.Errorf("a fault past its time: %s", got)
	}
	add(Fault{Kind: Reset, Probability: 0.5})
	hits := 0
	for n := range 1000 {
		if pick(exchange{agency: Social, nth: uint32(n)}) == Reset {
			hits++
		}
	}
	if hits < 400 || hits > 600 {
		t.Errorf("%d of 1000 at probability 0.5", hits)
	}
}

func TestChanceIsRepeatable(t *testing.T) {
	chaos := Chaos{Rate: 0.3, PushRate: 0.3}
	count := map[Kind]int{}
	differs := false
	for n := range 4000 {
		x := exchange{agency: ZAGS, operation: opSubmit, nth: uint32(n)}
		x.id[0], x.id[9] = byte(n), byte(n>>8)
		for _, kinds := range [][]Kind{metKinds, pushKinds} {
			one, two := chaos.pick(1, x, kinds), chaos.pick(1, x, kinds)
			if (one == nil) != (two == nil) || one != nil && one.Kind != two.Kind {
				t.Fatalf("the same seed and message meet %+v and %+v", one, two)
			}
			other := chaos.pick(2, x, kinds)
			differs = differs || (one == nil) != (other == nil)
			if one != nil {
				count[one.Kind]++
			}
		}
	}
	if !differs {
		t.Error("another seed brings the same chance")
	}
	for _, k := range append(DefaultChaos[:len(DefaultChaos):len(DefaultChaos)], pushKinds...) {
		share := 4000 * 0.3 / float64(len(DefaultChaos))
		if strings.HasPrefix(string(k), "push") {
			share = 4000 * 0.3 / float64(len(pushKinds))
		}
		if n := float64(count[k]); n < share*0.7 || n > share*1.3 {
			t.Errorf("%s came %v times, about %v were to be expected", k, n, share)
		}
	}
}

func TestSeededOutages(t *testing.T) {
	c := newClock()
	chaos := Chaos{OutageEvery: time.Hour, OutageFor: time.Minute}
	r := start(t, Config{Clock: c, Chaos: chaos, Seed: 5})
	for range Agencies() {
		<-c.set // each agency's first outage is planned
	}
	first, _ := chaos.outages(5, ZAGS)()
	again, length := chaos.outages(5, ZAGS)()
	if first != again || first < 30*time.Minute || first > 90*time.Minute || length > time.Minute {
		t.Errorf("waits %v and %v, length %v", first, again, length)
	}
	c.advance(first)
	down := func(agency string) bool {
		return slices.ContainsFunc(r.Faults(), func(f Fault) bool { return f.Agency == agency && f.Kind == Outage })
	}
	for !down(ZAGS) {
		<-c.set // an end is planned, or another outage
	}
}

func TestStartFails(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	broken := t.TempDir()
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"busy port":    {Config{Addr: busy.Addr().String()}, "address already in use"},
		"address":      {Config{Addr: "nowhere"}, "missing port"},
		"port":         {Config{Addr: "127.0.0.1:http"}, "not a number"},
		"no contracts": {Config{Contracts: os.DirFS(broken)}, "zags/xsd/common.xsd"},
		"journal":      {Config{Journal: broken}, "journal"},
		"push":         {Config{Push: map[string]Target{Tax: {}}}, "sends no pushes"},
	} {
		if s, err := Start(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
			if s != nil {
				s.Close()
			}
		}
	}
}
