package problem

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"golang.org/x/text/language"
)

// Body is a problem as it is written: RFC 9457 with the extensions code, remedy and violations.
type Body struct {
	Type       string          `json:"type"`
	Code       Code            `json:"code"`
	Title      string          `json:"title"`
	Status     int             `json:"status"`
	Detail     string          `json:"detail,omitempty"`
	Remedy     string          `json:"remedy"`
	Instance   string          `json:"instance,omitempty"` // the id under which the log has it
	Violations []BodyViolation `json:"violations,omitempty"`
}

// BodyViolation is one place of the body that was sent, and what is wrong there.
type BodyViolation struct {
	Pointer string `json:"pointer"` // RFC 6901
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// MediaType is the media type of a problem.
const MediaType = "application/problem+json"

// Write answers r with the problem in err, in the language that r accepts. The cause never goes out.
func Write(w http.ResponseWriter, r *http.Request, err error) { WriteInstance(w, r, err, "") }

// WriteInstance is Write with the id under which the log has the case.
func WriteInstance(w http.ResponseWriter, r *http.Request, err error, instance string) {
	e := Of(err)
	lang := Language(r)
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)                       // people read it: <token>
	if enc.Encode(e.Body(lang, instance)) != nil { // strings and numbers alone: it can't be
		http.Error(w, string(e.Code), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", MediaType)
	h.Set("Content-Language", lang)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Code == Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="sluice"`)
	}
	w.WriteHeader(e.Code.Status())
	w.Write(body.Bytes())
}

// Body is the problem in the language.
func (e *Error) Body(lang, instance string) Body {
	b := Body{
		Type: "urn:sluice:problem:" + string(e.Code), Code: e.Code, Title: e.Code.Title(lang), Status: e.Code.Status(),
		Detail: e.Text(lang), Remedy: e.Code.Remedy(lang), Instance: instance,
	}
	for _, v := range e.Violations {
		b.Violations = append(b.Violations, BodyViolation{v.Pointer, v.Code, v.Text(lang)})
	}
	return b
}

var languages = language.NewMatcher([]language.Tag{language.English, language.Russian})

// Language is "ru" or "en", whichever r prefers by Accept-Language; "en" where it has no preference.
func Language(r *http.Request) string {
	accept := r.Header.Get("Accept-Language")
	if accept == "" || len(accept) > 200 {
		return "en"
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return "en"
	}
	if _, index, confidence := languages.Match(tags...); index == 1 && confidence >= language.Low {
		return "ru"
	}
	return "en"
}
