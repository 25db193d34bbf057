package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sluice/adapters"
)

// What each way of failing means. Fault rules of the manifest come before every row about a reply that can be read.
//
//	before a byte went out: no connection, TLS, time-out   transient   nothing can have arrived
//	after it: time-out, reset, truncated, over the bound   ambiguous   the agency may have acted
//	401, 403                                               permanent   credentials (an OAuth token is renewed once first)
//	3xx                                                    permanent   redirects are not followed: nothing was done
//	408, 425, 429, 503 (Retry-After is obeyed)             transient   says itself that it was not processed
//	404, 405, 406, 410, 411, 413, 414, 415, 431, 501, 505  permanent   the address or the form is wrong
//	other 4xx                                              permanent   refused as it is
//	500, 502, 504, other 5xx without a readable fault      ambiguous   it may have failed after acting
//	2xx: HTML, empty, not readable, against the contract   ambiguous   it acted and answered something else
//	2xx: reply whose mapping fails                         ambiguous   as above; heals when the mapping is mended
//	a fault that no rule names: Client side, version       permanent
//	a fault that no rule names: Server side                transient   with Server: the breaker counts it
//	request whose mapping or encoding fails                permanent   nothing was sent
//
// For an exchange that changes nothing at the agency (poll, probe) ambiguous becomes transient: asking again is harmless.

// Codes of our own. What an agency says by itself comes under the agency's codes.
const (
	CodeConnect      = "connect"         // no connection
	CodeTLS          = "tls"             // no trust
	CodeTimeout      = "timeout"         // no answer in time
	CodeReset        = "reset"           // the connection broke before the answer was complete
	CodeInterrupted  = "interrupted"     // the hub broke the attempt off
	CodeTooLarge     = "reply_too_large" // more than limits.message
	CodeBadReply     = "bad_reply"       // not what the contract allows
	CodeUnauthorized = "unauthorized"    // 401, 403, or the token endpoint refuses
	CodeRedirect     = "redirect"
	CodeOverload     = "overload"    // 429
	CodeUnavail      = "unavailable" // 503, 408, 425
	CodeHTTP         = "http"        // followed by the status: http_404
	CodeRequest      = "request"     // the request could not be made
	CodeMapping      = "mapping"     // a mapping could not be carried out
	CodeUnsupported  = "unsupported"
)

var remedies = map[string]adapters.Text{
	CodeConnect:      {RU: "Проверьте адрес и сеть; отправка повторится сама.", EN: "Check the address and the network; it is tried again by itself."},
	CodeTLS:          {RU: "Проверьте сертификат ведомства и credentials.ca в манифесте.", EN: "Check the agency's certificate, and credentials.ca in the manifest."},
	CodeTimeout:      {RU: "Узнайте у ведомства, работает ли служба; если она медленная, увеличьте limits.attempt.", EN: "Ask the agency whether its service works; if it is slow, raise limits.attempt."},
	CodeReset:        {RU: "Узнайте у ведомства, почему рвётся соединение.", EN: "Ask the agency why it breaks connections."},
	CodeTooLarge:     {RU: "Проверьте ответ ведомства; если он верен, увеличьте limits.message в манифесте.", EN: "Look at the agency's answer; if it is right, raise limits.message in the manifest."},
	CodeBadReply:     {RU: "Сравните ответ с контрактом: изменилось ведомство или контракт устарел.", EN: "Hold the answer against the contract: the agency has changed, or the contract is old."},
	CodeUnauthorized: {RU: "Проверьте учётные данные (credentials в манифесте) и права у ведомства, затем повторите доставку.", EN: "Check the credentials of the manifest and the rights at the agency, then replay the delivery."},
	CodeRedirect:     {RU: "Исправьте адрес в манифесте: перенаправления не выполняются.", EN: "Mend the address in the manifest: redirects are not followed."},
	CodeHTTP:         {RU: "Проверьте адрес и формат по документации ведомства, затем повторите доставку.", EN: "Check the address and the form by the agency's documentation, then replay the delivery."},
	CodeMapping:      {RU: "Исправьте файл сопоставления, проверьте его командой sluice test и повторите доставку.", EN: "Mend the mapping file, check it by sluice test, and replay the delivery."},
	CodeUnsupported:  {RU: "Добавьте это в манифест ведомства, если оно это умеет.", EN: "Add it to the agency's manifest, if the agency can do it."},
}

// New makes an error of a class with the code's remedy.
func New(class adapters.Class, code, text string, cause error) *adapters.Error {
	remedy, ok := remedies[code]
	if !ok {
		remedy = remedies[strings.SplitN(code, "_", 2)[0]]
	}
	return &adapters.Error{Class: class, Code: code, Text: text, Remedy: remedy, Cause: cause}
}

// Transport classifies an error below HTTP; sent tells whether a byte may have gone out.
func Transport(ctx context.Context, err error, sent bool) *adapters.Error {
	if e := asError(err); e != nil {
		return e
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL
	}
	e := New(adapters.Transient, CodeConnect, "no connection to the agency", err)
	e.Server = true
	if sent {
		e = New(adapters.Ambiguous, CodeReset, "the connection broke before the agency's answer was complete", err)
		e.Server = true
	}
	var (
		timeout net.Error
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		host    x509.HostnameError
		verify  *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(context.Cause(ctx), context.Canceled):
		e.Code, e.Text, e.Server, e.Remedy = CodeInterrupted, "the hub broke the attempt off", false, adapters.Text{}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		class := e.Class
		e = New(class, CodeTimeout, "the agency did not answer within limits.attempt", err)
		e.Server = true
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &host), errors.As(err, &verify):
		e = New(e.Class, CodeTLS, "the agency's certificate is not trusted", err)
		e.Server = true
	}
	return e
}

// TooLarge is a reply over a bound.
func TooLarge(limit int64) *adapters.Error {
	e := New(adapters.Ambiguous, CodeTooLarge, fmt.Sprintf("the agency answered with more than %d bytes", limit), nil)
	e.Server = true
	return e
}

// Status classifies a reply by its HTTP status alone; nil for 2xx.
func Status(r *Reply, now time.Time) *adapters.Error {
	code := fmt.Sprintf("%s_%d", CodeHTTP, r.Status)
	said := fmt.Sprintf("the agency answered HTTP %d", r.Status)
	if r.IsHTML() {
		said += " with an HTML page"
	}
	switch s := r.Status; {
	case s >= 200 && s < 300:
		return nil
	case s == 401 || s == 403:
		return New(adapters.Permanent, CodeUnauthorized, said+": it does not accept our credentials", nil)
	case s >= 300 && s < 400:
		return New(adapters.Permanent, CodeRedirect, said+", a redirect", nil)
	case s == 429:
		e := New(adapters.Transient, CodeOverload, said+": too many requests", nil)
		e.RetryAfter = RetryAfter(r.Header, now)
		return e
	case s == 503 || s == 408 || s == 425:
		e := New(adapters.Transient, CodeUnavail, said, nil)
		e.RetryAfter, e.Server = RetryAfter(r.Header, now), true
		return e
	case s == 501 || s == 505:
		return New(adapters.Permanent, code, said, nil)
	case s >= 400 && s < 500:
		return New(adapters.Permanent, code, said, nil)
	}
	e := New(adapters.Ambiguous, code, said, nil)
	e.RetryAfter, e.Server = RetryAfter(r.Header, now), true
	return e
}

// BadReply classifies a reply that the contract does not allow. What is wrong comes from err, with its path.
func BadReply(r *Reply, err error, now time.Time) *adapters.Error {
	if e := Status(r, now); e != nil {
		return e
	}
	switch {
	case r.IsHTML():
		e := New(adapters.Ambiguous, CodeBadReply, "the agency answered with an HTML page", err)
		e.Server = true // a stand-in for the service: it is not there
		return e
	case len(r.Body) == 0:
		return New(adapters.Ambiguous, CodeBadReply, "the agency's answer is empty", err)
	}
	return New(adapters.Ambiguous, CodeBadReply, "the agency's answer is not what the contract allows: "+Describe(err), err)
}

// Ruled turns a fault rule's verdict into an error; base is what the failure would be without the rule.
func Ruled(v *adapters.Verdict, base *adapters.Error, r *Reply, now time.Time) *adapters.Error {
	rule := v.Rule
	e := &adapters.Error{Class: rule.Class, Code: rule.Code, Text: base.Text, Reason: rule.Reason, Remedy: base.Remedy,
		ExternalID: v.ExternalID, Cause: base.Cause}
	if e.Code == "" {
		e.Code = base.Code
	}
	if rule.Remedy != nil {
		e.Remedy = *rule.Remedy
	}
	if rule.Class == adapters.Transient {
		e.RetryAfter = max(rule.RetryAfter, RetryAfter(r.Header, now))
	}
	// What failed inside the agency counts against the breaker, unless the agency asks for time: it works, and is busy.
	asked := e.RetryAfter > 0 && r.Status != http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests
	e.Server = !asked && (rule.Class == adapters.Transient || rule.Class == adapters.Ambiguous)
	return e
}

// Harmless makes an ambiguous failure transient, for exchanges that change nothing at the agency.
func Harmless(e *adapters.Error) *adapters.Error {
	if e != nil && e.Class == adapters.Ambiguous {
		e.Class = adapters.Transient
	}
	return e
}

// maxRetryAfter bounds an agency's wish: a typo must not park a delivery for years.
const maxRetryAfter = 7 * 24 * time.Hour

// RetryAfter reads the header: seconds, or an HTTP date, which is held against the agency's own clock where it gives one.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if seconds, err := strconv.ParseUint(v, 10, 63); err == nil {
		d = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
			now = theirs
		}
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

var digits = regexp.MustCompile(`\d{6,}`)

// Safe makes an agency's words fit for an operator's list: text, one line, bounded, long numbers masked, since they may be
// a citizen's.
func Safe(s string) string {
	s = digits.ReplaceAllString(strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " "), "***")
	if runes := []rune(s); len(runes) > 300 {
		s = string(runes[:299]) + "…"
	}
	return s
}

// Charset is the charset parameter of a media type, or "".
func Charset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}
