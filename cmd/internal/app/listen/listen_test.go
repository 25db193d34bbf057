package listen

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves handler on a free port until the test ends.
func start(t *testing.T, c Config, handler http.Handler) *Server {
	t.Helper()
	c.Name, c.Address = "test", "127.0.0.1:0"
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, handler, 5*time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // a TCP connection takes deadlines
	return c
}

// talk sends raw bytes, as they stand, and returns everything that comes until the server closes.
func talk(t *testing.T, s *Server, raw string) string {
	t.Helper()
	c := dial(t, s)
	go io.WriteString(c, raw) //nolint:errcheck // the server may close before all is sent
	answer, err := io.ReadAll(c)
	if err != nil && len(answer) == 0 {
		t.Fatalf("the connection was not closed: %v", err)
	}
	return string(answer)
}

const post = "POST /v1/requests HTTP/1.1\r\nHost: h\r\n"

func TestBadHTTP(t *testing.T) {
	var served atomic.Int32
	s := start(t, Config{HeaderTime: 300 * time.Millisecond, BodyTime: 600 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "broken body", http.StatusBadRequest)
			return
		}
		served.Add(1)
	}))
	for _, row := range []struct{ name, raw, want string }{
		{"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		{"chunked and length", post + "Transfer-Encoding: chunked\r\ncontent-length : 5\r\n\r\n0\r\n\r\n", "400"},
		{"length twice", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "400"},
		{"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "400"},
		{"a list of lengths", post + "Content-Length: 5, 5\r\n\r\nhello", "400"},
		{"a signed length", post + "Content-Length: +5\r\n\r\nhello", "400"},
		{"a huge length", post + "Content-Length: 99999999999999999999\r\n\r\nhello", "400"},
		{"coding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "400"},
		{"another coding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400"},
		{"two codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400"},
		{"a folded line", post + "X-A: b\r\n Content-Length: 5\r\n\r\nhello", "400"},
		{"bare line feeds", "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n", "400"},
		{"a bare carriage return", post + "X-A: b\rContent-Length: 5\r\n\r\n", "400"},
		{"space before the colon", post + "Content-Length : 5\r\n\r\nhello", "400"},
		{"an empty line first", "\r\n" + post + "\r\n", "400"},
		{"no chunk size", post + "Transfer-Encoding: chunked\r\n\r\nhello\r\n", "400"},
		{"a chunk that ends late", post + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", "400"},
		{"an endless chunk extension", post + "Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 4096) + "\r\nhi\r\n0\r\n\r\n", "400"},
		{"smuggled behind a good one", post + "Connection: close\r\nContent-Length: 0\r\n\r\n" + post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "200"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "400"},
		{"an oversized header", post + "X-A: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", "431"},
		{"too many headers", post + strings.Repeat("X-A: b\r\n", 5000) + "\r\n", "431"},
		{"a header that never ends", post + "X-A: ", ""},
		{"a body that never comes", post + "Content-Length: 5\r\n\r\nhel", "400"},
		{"chunks that never end", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := served.Load()
			answer := talk(t, s, row.raw)
			if row.want == "" && answer != "" || !strings.HasPrefix(answer, "HTTP/1.1 "+row.want) && row.want != "" {
				t.Errorf("got %.300q, want status %q", answer, row.want)
			}
			if row.want != "200" && served.Load() != before {
				t.Error("the handler took the request")
			}
			if n := strings.Count(answer, "HTTP/1.1 200"); row.want == "200" && n != 1 {
				t.Errorf("%d requests were served", n)
			}
			r, err := http.Get(s.URL()) // others are served
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
		})
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestGoodHTTP(t *testing.T) {
	s := start(t, Config{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "[%s %s %v]", r.URL.Path, b, err)
	}))
	raw := "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" +
		"POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n" +
		"GET /c HTTP/1.1\r\nHost: h\r\nX-Long: " + strings.Repeat("l", 1000) + "\r\n\r\n" +
		"POST /d HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	for _, step := range []int{len(raw), 7, 1} {
		c := dial(t, s)
		go func() {
			for i := 0; i < len(raw); i += step {
				io.WriteString(c, raw[i:min(i+step, len(raw))]) //nolint:errcheck // the reader below sees what failed
			}
		}()
		answer, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"[/a hello <nil>]", "[/b abc0123456789 <nil>]", "[/c  <nil>]", "[/d  <nil>]"} {
			if !strings.Contains(string(answer), want) {
				t.Errorf("in steps of %d: no %s in %q", step, want, answer)
			}
		}
	}
}

// TestSilentConnectionsGiveWay holds every place by connections that say nothing: another caller gets in at once.
func TestSilentConnectionsGiveWay(t *testing.T) {
	s := start(t, Config{Connections: 4, HeaderTime: time.Hour, BodyTime: time.Hour, Silence: 20 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "served") }))
	var silent []net.Conn
	for range 20 {
		c := dial(t, s)
		io.WriteString(c, "POST / HTTP/1.1\r\n") //nolint:errcheck // the server may have closed it
		silent = append(silent, c)
	}
	for range 5 {
		if answer := talk(t, s, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); !strings.Contains(answer, "served") {
			t.Fatalf("got %q", answer)
		}
	}
	if _, err := silent[0].Read(make([]byte, 1)); err == nil {
		t.Error("the connection that was silent longest is still open")
	}
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	if s.listener.open > 4 || s.listener.idle.Len() > 4 {
		t.Errorf("%d connections are open", s.listener.open)
	}
}

// TestBusyConnectionsStay fills every place with requests under way: none is cut, the next caller waits for a place.
func TestBusyConnectionsStay(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, Config{Connections: 2}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-leave
		io.WriteString(w, "served")
	}))
	const get = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	answers := make(chan string, 3)
	ask := func() { answers <- talk(t, s, get) }
	go ask()
	<-entered
	go ask()
	<-entered
	go ask() // waits in the kernel
	leave <- struct{}{}
	<-entered // in the place that got free
	close(leave)
	for range 3 {
		if a := <-answers; !strings.Contains(a, "served") {
			t.Errorf("got %q", a)
		}
	}
}

func TestStop(t *testing.T) {
	s, err := Listen(Config{Name: "test", Address: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{}, 2)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	release := make(chan struct{})
	go func() {
		ended <- s.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			if r.URL.Path == "/long" {
				<-r.Context().Done() // for ever, but for the deadline
				io.WriteString(w, "cut short")
				return
			}
			<-release
			io.WriteString(w, "finished")
		}), 200*time.Millisecond)
	}()
	short, long := dial(t, s), dial(t, s)
	io.WriteString(short, "GET /short HTTP/1.1\r\nHost: h\r\n\r\n") //nolint:errcheck // read below
	io.WriteString(long, "GET /long HTTP/1.1\r\nHost: h\r\n\r\n")   //nolint:errcheck // read below
	<-entered
	<-entered
	stop()
	close(release)
	answer, err := http.ReadResponse(bufio.NewReader(short), nil)
	if err != nil {
		t.Fatalf("the request under way was cut off: %v", err)
	}
	if b, _ := io.ReadAll(answer.Body); string(b) != "finished" {
		t.Errorf("got %q", b)
	}
	answer.Body.Close()
	answer, err = http.ReadResponse(bufio.NewReader(long), nil)
	if err != nil {
		t.Fatalf("what the handler said when it was cut short did not go out: %v", err)
	}
	if b, _ := io.ReadAll(answer.Body); string(b) != "cut short" {
		t.Errorf("got %q", b)
	}
	answer.Body.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.Addr()); err == nil {
		t.Error("the port is still open")
	}
}

func TestTLS(t *testing.T) {
	certificate, key := writeCertificate(t)
	s := start(t, Config{Certificate: certificate, Key: key}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "served") }))
	pool := x509.NewCertPool()
	b, _ := os.ReadFile(certificate)
	pool.AppendCertsFromPEM(b)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	r, err := (&http.Client{Transport: transport}).Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); string(body) != "served" || r.TLS.Version != tls.VersionTLS13 {
		t.Errorf("got %q over %s", body, tls.VersionName(r.TLS.Version))
	}
	if _, err := tls.Dial("tcp", s.Addr(), &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 is taken")
	}
	if answer := talk(t, s, post+"Content-Length: 0\r\n\r\n"); strings.Contains(answer, "served") {
		t.Error("plain HTTP is served behind TLS")
	}
}

func TestListenErrors(t *testing.T) {
	taken := start(t, Config{}, http.NotFoundHandler())
	if _, err := Listen(Config{Name: "portal", Address: taken.Addr()}); err == nil || !strings.Contains(err.Error(), "opening the portal door") {
		t.Errorf("a taken port: %v", err)
	}
	if _, err := Listen(Config{Name: "portal", Address: "127.0.0.1:0", Certificate: "none.pem", Key: "none.pem"}); err == nil || !strings.Contains(err.Error(), "certificate of the portal door") {
		t.Errorf("a missing certificate: %v", err)
	}
}

func writeCertificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("tls.crt", "CERTIFICATE", der), write("tls.key", "EC PRIVATE KEY", keyDER)
}

// FuzzFraming holds the guard against net/http: where both take a stream, they see the same requests in it.
func FuzzFraming(f *testing.F) {
	f.Add("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n")
	f.Add("POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: t\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
	f.Add("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nok")
	f.Fuzz(func(t *testing.T, stream string) {
		var guard framing
		seen, begun := 0, false
		for i := range len(stream) {
			if guard.follow([]byte{stream[i]}); guard.broken {
				return // refused: nothing to compare
			}
			if begun && guard.state == header && !guard.begun {
				seen++
			}
			begun = guard.begun
		}
		r := bufio.NewReader(strings.NewReader(stream))
		for parsed := 0; ; parsed++ {
			req, err := http.ReadRequest(r)
			if err == nil {
				_, err = io.Copy(io.Discard, req.Body)
			}
			if err == io.EOF && parsed != seen {
				t.Fatalf("net/http sees %d requests, the guard %d in %q", parsed, seen, stream)
			}
			if err != nil {
				return // net/http refuses the rest by itself
			}
			if parsed >= seen {
				t.Fatalf("net/http sees more than the guard's %d requests in %q", seen, stream)
			}
		}
	})
}
