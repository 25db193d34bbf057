package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"sluice/contracts/canonical"
)

// What the schemas of the request and of the service ask, as a competent engineer would write it. Structs can't tell an
// empty text from one that is not there, so an empty one passes where there need be none.

// checker remembers the first thing that is wrong.
type checker struct{ err error }

func (c *checker) hold(ok bool, where string) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf("%s is wrong", where)
	}
}

// text holds a text that need not be there to its length in characters.
func (c *checker) text(s string, least, most int, where string) {
	if s != "" {
		n := utf8.RuneCountInString(s)
		c.hold(n >= least && n <= most, where)
	}
}

func (c *checker) needed(s string, most int, where string) {
	c.hold(s != "", where)
	c.text(s, 1, most, where)
}

// like holds a text that need not be there to a rule.
func (c *checker) like(s string, rule func(string) bool, where string) {
	c.hold(s == "" || rule(s), where)
}

func digitsOf(least, most int) func(string) bool {
	return func(s string) bool { return len(s) >= least && len(s) <= most && allDigits(s) }
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

var (
	twoOrThree = digitsOf(2, 3)
	four       = digitsOf(4, 4)
	six        = digitsOf(6, 6)
	upTo21     = digitsOf(1, 21)
	requestID  = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`).MatchString
	agencyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`).MatchString
	country    = regexp.MustCompile(`^[A-Z]{3}$`).MatchString
	phone      = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`).MatchString
	fileName   = regexp.MustCompile(`^[^/\\\x00-\x1f]+$`).MatchString
	mediaType  = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+$`).MatchString
)

// date takes days of 1900 to 2099.
func date(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && (s[:2] == "19" || s[:2] == "20")
}

func email(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

// snils takes 123-456-789 64 and 12345678964.
func snils(s string) bool {
	if len(s) == 14 {
		if s[3] != '-' || s[7] != '-' || s[11] != ' ' {
			return false
		}
		s = s[:3] + s[4:7] + s[8:11] + s[12:]
	}
	if len(s) != 11 || !allDigits(s) || s[:9] == "000000000" {
		return false
	}
	return s[:9] <= "001001998" || checkDigits(s[:9]) == s[9:]
}

// checkDigits are those of a SNILS.
func checkDigits(nine string) string {
	sum := 0
	for i := range nine {
		sum += int(nine[i]-'0') * (9 - i)
	}
	sum = sum % 101 % 100
	return string([]byte{byte('0' + sum/10), byte('0' + sum%10)})
}

// inn takes the 12 digits of a person.
func inn(s string) bool {
	if len(s) != 12 || !allDigits(s) || s == "000000000000" {
		return false
	}
	weights := [...]int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}
	for _, at := range [...]int{10, 11} {
		sum := 0
		for i, w := range weights[len(weights)-at:] {
			sum += int(s[i]-'0') * w
		}
		if sum%11%10 != int(s[at]-'0') {
			return false
		}
	}
	return true
}

func (a *application) check() error {
	c := &checker{}
	submitted, err := time.Parse(time.RFC3339, a.SubmittedAt)
	c.hold(err == nil && submitted.Year() >= 2000 && submitted.Year() < 2100, "submittedAt")
	c.hold(requestID(a.ID), "id")
	c.hold(a.Service == "family-composition", "service")
	c.hold(a.ServiceVersion == "" || a.ServiceVersion == "1.0", "serviceVersion")
	c.hold(agencyName(a.Routing.Agency), "routing.agency")
	c.like(a.Routing.Region, twoOrThree, "routing.region")
	c.text(a.Routing.Office, 1, 64, "routing.office")
	c.like(a.Routing.Inspectorate, four, "routing.inspectorate")
	c.hold(a.Priority == "" || a.Priority == canonical.Normal || a.Priority == canonical.Urgent, "priority")
	c.applicant(&a.Applicant)
	c.payload(&a.Payload)
	c.attachments(a.Attachments)
	return c.err
}

func (c *checker) applicant(p *canonical.Applicant) {
	c.hold(p.Type == canonical.Person, "applicant.type")
	c.hold(p.OGRNIP == "" && p.Name == "" && p.ShortName == "" && p.KPP == "" && p.OGRN == "", "applicant")
	c.human(&p.Human)
	c.hold(p.Gender != "", "applicant.gender")
	c.hold(p.SNILS != "", "applicant.snils")
	c.hold(p.IdentityDocument != nil, "applicant.identityDocument")
	c.text(p.BirthPlace, 1, 300, "applicant.birthPlace")
	c.like(p.Citizenship, country, "applicant.citizenship")
	c.like(p.INN, inn, "applicant.inn")
	c.address(p.Address)
	c.like(p.Email, email, "applicant.email")
	c.like(p.Phone, phone, "applicant.phone")
}

func (c *checker) human(h *canonical.Human) {
	c.needed(h.LastName, 100, "lastName")
	c.needed(h.FirstName, 100, "firstName")
	c.text(h.MiddleName, 1, 100, "middleName")
	c.hold(date(h.BirthDate), "birthDate")
	c.hold(h.Gender == "" || h.Gender == "male" || h.Gender == "female", "gender")
	c.like(h.SNILS, snils, "snils")
	d := h.IdentityDocument
	if d == nil {
		return
	}
	_, known := documents[d.Type]
	c.hold(known, "identityDocument.type")
	c.text(d.Series, 1, 20, "identityDocument.series")
	c.needed(d.Number, 30, "identityDocument.number")
	c.hold(date(d.IssueDate), "identityDocument.issueDate")
	c.like(d.IssueID, issuer, "identityDocument.issueId")
	c.text(d.IssuedBy, 1, 300, "identityDocument.issuedBy")
	if d.Type == "RF_PASSPORT" {
		c.hold(passportSeries(d.Series), "identityDocument.series")
		c.hold(six(d.Number), "identityDocument.number")
	}
}

// issuer takes 770-001 and 770001.
func issuer(s string) bool {
	return six(s) || len(s) == 7 && s[3] == '-' && allDigits(s[:3]) && allDigits(s[4:])
}

// passportSeries takes 45 10 and 4510.
func passportSeries(s string) bool {
	return four(s) || len(s) == 5 && s[2] == ' ' && allDigits(s[:2]) && allDigits(s[3:])
}

func (c *checker) address(a *canonical.Address) {
	if a == nil {
		return
	}
	c.needed(a.AddressStr, 500, "addressStr")
	c.like(a.FiasCode, func(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }, "fiasCode")
	c.like(a.ZipCode, six, "zipCode")
	c.text(a.Region, 1, 100, "region")
	c.text(a.Area, 1, 100, "area")
	c.text(a.City, 1, 100, "city")
	c.text(a.Settlement, 1, 100, "settlement")
	c.text(a.Street, 1, 100, "street")
	c.text(a.House, 1, 20, "house")
	c.text(a.Frame, 1, 20, "frame")
	c.text(a.Flat, 1, 20, "flat")
}

func (c *checker) payload(p *familyComposition) {
	_, known := purposes[p.Purpose]
	c.hold(known, "purpose")
	c.hold(p.Purpose != "other" || p.PurposeText != "", "purposeText")
	c.text(p.PurposeText, 3, 500, "purposeText")
	c.like(p.OnDate, date, "onDate")
	c.hold(len(p.Members) >= 1 && len(p.Members) <= 50, "members")
	for i := range p.Members {
		m := &p.Members[i]
		c.human(&m.Human)
		c.hold(m.BirthPlace == "" && m.Citizenship == "", "a member")
		_, known := relations[m.Relation]
		c.hold(known, "relation")
		c.text(m.FormerLastName, 1, 100, "formerLastName")
		c.hold(m.LivesTogether != nil, "livesTogether")
		c.address(m.Address)
	}
	c.hold(len(p.ActRecords) <= 20, "actRecords")
	for i := range p.ActRecords {
		r := &p.ActRecords[i]
		_, known := acts[r.Kind]
		c.hold(known, "kind")
		c.like(r.Number, upTo21, "number")
		c.hold(date(r.Date), "date")
		c.text(r.Office, 1, 300, "office")
	}
	c.hold(p.Copies == nil || *p.Copies >= 1 && *p.Copies <= 5, "copies")
	c.hold(p.Consent, "consent")
	if d := p.Delivery; d != nil {
		c.hold(d.Method == "electronic" || d.Method == "office" || d.Method == "post", "method")
		c.hold(d.Method != "office" || d.Office != "", "office")
		c.text(d.Office, 1, 64, "office")
		c.address(d.Address)
	}
}

// mediaTypes are those of each kind of attachment.
var mediaTypes = map[string][]string{
	"consent":            {"application/pdf", "image/jpeg", "image/png"},
	"foreignCertificate": {"application/pdf"},
}

func (c *checker) attachments(list []canonical.Attachment) {
	c.hold(len(list) <= 50, "attachments")
	total := 0
	for i := range list {
		a := &list[i]
		if a.Kind != "" {
			c.hold(slices.Contains(mediaTypes[a.Kind], a.MediaType), "mediaType")
		}
		c.hold(mediaType(a.MediaType) && len(a.MediaType) <= 127, "mediaType")
		c.needed(a.Name, 255, "name")
		c.hold(fileName(a.Name), "name")
		content, err := base64.StdEncoding.DecodeString(a.Content)
		c.hold(err == nil && len(content) > 0, "content")
		sum := sha256.Sum256(content)
		c.hold(a.SHA256 == hex.EncodeToString(sum[:]), "sha256")
		total += len(content)
	}
	c.hold(total <= canonical.MaxAttachments, "attachments")
}
