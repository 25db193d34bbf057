package canonical

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// MaxAttachments bounds what all attachments of a request hold together, in bytes before base64.
const MaxAttachments = 10 << 20

// MaxReason bounds, in characters, why a portal withdraws a request; openapi.yaml says it to portals.
const MaxReason = 1000

// Validate holds a request's tree against the envelope, its service's payload, check digits and attachments, and lists
// every violation. Whether the routing leads anywhere is for whoever knows the agencies.
func (s *Services) Validate(message *tree.Object) []jsonschema.Violation {
	out := s.envelope.Validate(message)
	name, _ := message.Get("service").(string)
	version, _ := message.Get("serviceVersion").(string)
	service, ok := s.Version(name, version)
	if !ok {
		if !slices.ContainsFunc(out, func(v jsonschema.Violation) bool { return v.Pointer == "/service" || v.Pointer == "/serviceVersion" }) {
			out = append(out, s.unknown(name, version))
		}
		return out
	}
	out = append(out, service.applicant(message.Get("applicant"))...)
	if payload, ok := message.Get("payload").(*tree.Object); ok {
		out = append(out, jsonschema.Under("/payload", service.Schema.Validate(payload))...)
	}
	attachments, _ := message.Get("attachments").([]any)
	return append(out, service.attachments(attachments)...)
}

func (s *Services) unknown(name, version string) jsonschema.Violation {
	versions := s.byName[name]
	if len(versions) == 0 {
		ru, en := "есть: "+strings.Join(s.names, ", "), "GET /v1/services lists them"
		if meant, _ := diag.Closest(name, s.names); meant != "" {
			ru, en = "возможно, имелось в виду «"+meant+"»", diag.Suggest(name, s.names)
		}
		return jsonschema.Violation{Pointer: "/service", Code: "unknown-service", RU: "такой услуги нет; " + ru, EN: "there is no such service; " + en}
	}
	var have []string
	for _, v := range versions {
		have = append(have, v.Version)
	}
	return jsonschema.Violation{Pointer: "/serviceVersion", Code: "unknown-version",
		RU: "такой версии услуги нет; есть: " + strings.Join(have, ", "), EN: "the service has no such version; it has " + strings.Join(have, ", ")}
}

func (s *Service) applicant(v any) []jsonschema.Violation {
	a, _ := v.(*tree.Object)
	t, ok := a.Get("type").(string)
	if !ok || slices.Contains(s.ApplicantTypes, ApplicantType(t)) {
		return nil // what is no applicant at all, the envelope has said
	}
	var allowed []string
	for _, t := range s.ApplicantTypes {
		allowed = append(allowed, string(t))
	}
	list := strings.Join(allowed, ", ")
	return []jsonschema.Violation{{Pointer: "/applicant/type", Code: "applicant-type",
		RU: "за этой услугой может обратиться только: " + list, EN: "only these may ask for the service: " + list}}
}

// attachments checks what the schema can't: that contents are what they claim, and that the required ones are there.
func (s *Service) attachments(list []any) []jsonschema.Violation {
	var out []jsonschema.Violation
	total := 0
	there := map[string]bool{}
	for i, v := range list {
		a, _ := v.(*tree.Object)
		at := "/attachments/" + strconv.Itoa(i)
		fail := func(member, code, ru, en string) {
			out = append(out, jsonschema.Violation{Pointer: at + member, Code: code, RU: ru, EN: en})
		}
		text := func(key string) string { s, _ := a.Get(key).(string); return s }
		kind := text("kind")
		there[kind] = true
		if rule := s.rule(kind); rule != nil && len(rule.MediaTypes) > 0 && !slices.Contains(rule.MediaTypes, text("mediaType")) {
			list := strings.Join(rule.MediaTypes, ", ")
			fail("/mediaType", "media-type", "для этого вложения допустимо: "+list, "this attachment may be "+list)
		} else if rule == nil && kind != "" {
			fail("/kind", "attachment-kind", "услуга не знает такого вложения", "the service knows no such attachment")
		}
		sum, size, err := digest(text("content"))
		total += size
		if claimed := text("sha256"); err == nil && claimed != "" && claimed != sum {
			fail("/sha256", "sha256", "содержимое не соответствует контрольной сумме SHA-256", "the content does not have this SHA-256")
		}
	}
	if total > MaxAttachments {
		out = append(out, jsonschema.Violation{Pointer: "/attachments", Code: "attachments-size",
			RU: fmt.Sprintf("вложения вместе больше %d МБ", MaxAttachments>>20), EN: fmt.Sprintf("the attachments together are over %d MB", MaxAttachments>>20)})
	}
	for _, rule := range s.Attachments {
		if rule.Required && !there[rule.Kind] {
			out = append(out, jsonschema.Violation{Pointer: "/attachments", Code: "missing-attachment",
				RU: fmt.Sprintf("нет обязательного вложения %s: %s", rule.Kind, rule.Title.RU), EN: fmt.Sprintf("the required attachment %s is missing: %s", rule.Kind, rule.Title.EN)})
		}
	}
	return out
}

func (s *Service) rule(kind string) *AttachmentRule {
	for i := range s.Attachments {
		if s.Attachments[i].Kind == kind {
			return &s.Attachments[i]
		}
	}
	return nil
}

// digest is the SHA-256 and the size of what base64 text stands for, read as a stream.
func digest(content string) (sum string, size int, err error) {
	h := sha256.New()
	buffer := make([]byte, min(len(content)+1, 32<<10)) // most are small: io.Copy's own would be the largest thing of a request
	n, err := io.CopyBuffer(h, base64.NewDecoder(base64.StdEncoding, strings.NewReader(content)), buffer)
	return hex.EncodeToString(h.Sum(nil)), int(n), err
}
