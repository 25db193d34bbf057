// Package canonical is the model that the portal core speaks: the request's envelope, statuses, and what the portal
// door answers. The files beside it (openapi.yaml, asyncapi.yaml, schemas) are the contract; tests hold the Go types
// against them.
package canonical

import "time"

// Request is the envelope of a citizen's application for one service. Its payload is typed by the service's own
// schema alone, so here it stays a tree.
type Request struct {
	ID             string          `json:"id"` // the portal's own number of the application, unique for the portal
	Service        string          `json:"service"`
	ServiceVersion string          `json:"serviceVersion,omitempty"` // major.minor of the payload's schema; the newest when left out
	Routing        Routing         `json:"routing"`
	Priority       Priority        `json:"priority,omitempty"`
	Test           bool            `json:"test,omitempty"` // goes to agencies' test endpoints only
	Applicant      Applicant       `json:"applicant"`
	Representative *Representative `json:"representative,omitempty"`
	Payload        map[string]any  `json:"payload"`
	Attachments    []Attachment    `json:"attachments,omitempty"`
	SubmittedAt    time.Time       `json:"submittedAt"`
}

// Routing is where the portal sends the request.
type Routing struct {
	Agency       string `json:"agency"`
	Region       string `json:"region,omitempty"`       // two digits, such as 77
	Office       string `json:"office,omitempty"`       // the agency's own code of its department
	Inspectorate string `json:"inspectorate,omitempty"` // four digits, of the tax service
}

// Priority orders deliveries that wait for one endpoint.
type Priority string

// The priorities.
const (
	Normal Priority = "normal"
	Urgent Priority = "urgent"
)

// ApplicantType tells who applies.
type ApplicantType string

// The types of applicants.
const (
	Person       ApplicantType = "person"
	SoleTrader   ApplicantType = "soleTrader"
	Organization ApplicantType = "organization"
)

// Applicant is a person, a sole trader or an organisation; Type tells which, and the schema which fields each has.
type Applicant struct {
	Type ApplicantType `json:"type"`
	Human
	OGRNIP    string   `json:"ogrnip,omitempty"` // of a sole trader
	Name      string   `json:"name,omitempty"`   // of an organisation, in full
	ShortName string   `json:"shortName,omitempty"`
	INN       string   `json:"inn,omitempty"`
	KPP       string   `json:"kpp,omitempty"`  // of an organisation
	OGRN      string   `json:"ogrn,omitempty"` // of an organisation
	Address   *Address `json:"address,omitempty"`
	Email     string   `json:"email,omitempty"`
	Phone     string   `json:"phone,omitempty"`
}

// Human is what is known of a natural person, by the names of ESIA.
type Human struct {
	LastName         string            `json:"lastName,omitempty"`
	FirstName        string            `json:"firstName,omitempty"`
	MiddleName       string            `json:"middleName,omitempty"`
	BirthDate        string            `json:"birthDate,omitempty"` // ISO 8601
	BirthPlace       string            `json:"birthPlace,omitempty"`
	Gender           string            `json:"gender,omitempty"`      // male or female
	Citizenship      string            `json:"citizenship,omitempty"` // ISO 3166-1 alpha-3
	SNILS            string            `json:"snils,omitempty"`
	IdentityDocument *IdentityDocument `json:"identityDocument,omitempty"`
}

// IdentityDocument proves who a person is, by the names of ESIA.
type IdentityDocument struct {
	Type      string `json:"type"` // RF_PASSPORT, FID_DOC …
	Series    string `json:"series,omitempty"`
	Number    string `json:"number"`
	IssueDate string `json:"issueDate"`
	IssueID   string `json:"issueId,omitempty"` // the issuer's code, such as 770-001
	IssuedBy  string `json:"issuedBy,omitempty"`
}

// Address is a postal address, by the names of ESIA.
type Address struct {
	AddressStr string `json:"addressStr"` // in one line
	FiasCode   string `json:"fiasCode,omitempty"`
	ZipCode    string `json:"zipCode,omitempty"`
	Region     string `json:"region,omitempty"`
	Area       string `json:"area,omitempty"`
	City       string `json:"city,omitempty"`
	Settlement string `json:"settlement,omitempty"`
	Street     string `json:"street,omitempty"`
	House      string `json:"house,omitempty"`
	Frame      string `json:"frame,omitempty"`
	Flat       string `json:"flat,omitempty"`
}

// Representative acts for the applicant.
type Representative struct {
	Human
	INN       string    `json:"inn,omitempty"`
	Authority Authority `json:"authority"`
	Email     string    `json:"email,omitempty"`
	Phone     string    `json:"phone,omitempty"`
}

// Authority is why a representative may act.
type Authority struct {
	Kind       string `json:"kind"` // parent, guardian, powerOfAttorney, head
	Number     string `json:"number,omitempty"`
	IssueDate  string `json:"issueDate,omitempty"`
	ValidUntil string `json:"validUntil,omitempty"`
	IssuedBy   string `json:"issuedBy,omitempty"`
}

// Attachment is a file sent within the request.
type Attachment struct {
	Kind      string `json:"kind,omitempty"` // which of the service's attachments it is
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	SHA256    string `json:"sha256"`  // of the decoded content, in lower-case hexadecimal
	Content   string `json:"content"` // base64 with padding
}

// Money is an amount that loses no digit.
type Money struct {
	Amount   string `json:"amount"`   // decimal, such as "1520.50"
	Currency string `json:"currency"` // ISO 4217
}
