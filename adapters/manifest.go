package adapters

import (
	"fmt"
	"strings"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/strictyaml"
)

// Manifest is adapter.yaml: an agency's endpoints, services, contract, mappings, faults and limits.
// The tags are its whole spec; docs/manifest.md is made from them.
type Manifest struct {
	Agency       string                    `yaml:"agency" required:"true" doc:"the agency's name in routing, the folder's name: lower-case Latin letters, digits and -"`
	Title        Text                      `yaml:"title" required:"true" doc:"the agency's name for people"`
	Protocol     string                    `yaml:"protocol" required:"true" doc:"soap, xmlhttp or rest; or the name of an adapter written in Go"`
	Contract     string                    `yaml:"contract" required:"true" doc:"the file under contracts/agencies that defines what the agency takes: WSDL, XSD or OpenAPI"`
	PushContract string                    `yaml:"pushContract" doc:"the file that defines what the agency sends by itself, when contract does not"`
	Replaces     bool                      `yaml:"replaces" doc:"true in a workspace's agency that takes the place of a built-in one of the same name"`
	Charset      string                    `yaml:"charset" enum:"utf-8,windows-1251" default:"utf-8" doc:"how requests to the agency are encoded (xmlhttp); replies say theirs by themselves"`
	Reading      string                    `yaml:"reading" enum:"strict,tolerant,lenient" default:"tolerant" doc:"soap, xmlhttp: what to make of a message that departs from the contract: strict refuses what the contract does not know, tolerant passes over it and reports it, lenient also takes elements in another order where they can mean one thing only"`
	Attachments  string                    `yaml:"attachments" enum:"inline,mtom,swa" default:"inline" doc:"soap: how binaries are sent: inline as base64, mtom as parts that the envelope refers to, swa beside the envelope; messages then have the key _attachments, a list of id, type and content. Any of them is read"`
	Addressing   string                    `yaml:"addressing" enum:"none,2005-08" default:"none" doc:"soap: 2005-08 gives requests the headers of WS-Addressing 1.0, with the delivery's message id, and holds replies to it"`
	Headers      map[string]string         `yaml:"headers" doc:"fixed HTTP headers of every request, such as a client's number; never a secret"`
	Credentials  *Credentials              `yaml:"credentials" doc:"how the hub proves to the agency who it is; an endpoint may have its own"`
	Endpoints    map[string]*EndpointSpec  `yaml:"endpoints" required:"true" doc:"the agency's addresses"`
	Limits       Limits                    `yaml:"limits" doc:"bounds of an exchange"`
	Breaker      Breaker                   `yaml:"breaker" doc:"when an endpoint is held because it fails, and for how long"`
	Operations   map[string]*OperationSpec `yaml:"operations" doc:"the exchanges of an agency whose contract names none (xmlhttp)"`
	Services     map[string]*ServiceSpec   `yaml:"services" required:"true" doc:"what the agency does for citizens, by the canonical service's name"`
	Faults       []*FaultRule              `yaml:"faults" doc:"what the agency's errors mean; the first rule that holds decides, also over a reply in HTTP 200"`

	file *strictyaml.File
}

// Credentials say how the hub proves who it is. Secrets stand elsewhere and are named here.
type Credentials struct {
	Kind     string    `yaml:"kind" required:"true" enum:"basic,apiKey,bearer,oauth2,mtls,usernameToken" doc:"basic and oauth2 read \"name:secret\"; apiKey and bearer the bare secret; usernameToken (WS-Security, soap) \"name:password\"; mtls a PEM file with certificate and key"`
	From     Reference `yaml:"from" required:"true" doc:"where the secret is"`
	Header   string    `yaml:"header" default:"X-API-Key" doc:"apiKey: the header that carries it"`
	TokenURL string    `yaml:"tokenUrl" doc:"oauth2: the token endpoint; a path is taken relative to the endpoint's URL"`
	Scope    string    `yaml:"scope" doc:"oauth2: the scopes to ask for, separated by blanks"`
	Password string    `yaml:"password" enum:"text,digest" default:"text" doc:"usernameToken: how the password is sent"`
	CA       Reference `yaml:"ca" doc:"a PEM file with the authorities that sign the agency's certificate, when the system does not know them"`
}

// Reference names a secret without holding it.
type Reference string

// UnmarshalText checks the form of a reference.
func (r *Reference) UnmarshalText(text []byte) error {
	scheme, name, _ := strings.Cut(string(text), ":")
	if scheme != "env" && scheme != "file" || name == "" {
		return fmt.Errorf("a secret never stands in a manifest; name its place: env:NAME or file:PATH")
	}
	*r = Reference(text)
	return nil
}

// DescribeYAML names the type.
func (Reference) DescribeYAML() string { return "env:NAME or file:PATH" }

// EndpointSpec is one address of an agency.
type EndpointSpec struct {
	URL         string          `yaml:"url" required:"true" doc:"where requests go; SLUICE_ENDPOINT_<AGENCY>_<NAME> in the environment overrides it"`
	Environment string          `yaml:"environment" enum:"live,test" default:"live" doc:"a request marked test goes to test endpoints only, any other to live ones only"`
	For         Scope           `yaml:"for" doc:"whom the endpoint serves; the most specific that fits a request's routing is taken, one without for serves the rest"`
	Concurrency int             `yaml:"concurrency" default:"8" doc:"how many exchanges may be under way at once"`
	Rate        strictyaml.Rate `yaml:"rate" doc:"how many exchanges may begin in a time; unlimited when absent"`
	Hours       *Window         `yaml:"hours" doc:"when the agency takes requests; always when absent"`
	Maintenance []Window        `yaml:"maintenance" doc:"when it does not"`
	Credentials *Credentials    `yaml:"credentials" doc:"in place of the agency's"`
}

// Scope is the part of a routing that an endpoint serves.
type Scope struct {
	Region       []string `yaml:"region" doc:"codes of regions, such as \"77\""`
	Office       []string `yaml:"office" doc:"the agency's codes of its offices"`
	Inspectorate []string `yaml:"inspectorate" doc:"codes of tax inspectorates, such as \"7701\""`
}

// Limits bound an exchange.
type Limits struct {
	Attempt time.Duration   `yaml:"attempt" default:"20s" doc:"how long one attempt may take"`
	MaxAge  time.Duration   `yaml:"maxAge" default:"5d" doc:"how long a delivery is tried before an operator must act"`
	Message strictyaml.Size `yaml:"message" default:"4MiB" doc:"the longest message taken from the agency"`
}

// Breaker says when an endpoint is held.
type Breaker struct {
	Failures strictyaml.Percent `yaml:"failures" default:"50%" doc:"the share of failed exchanges that opens the breaker"`
	Of       int                `yaml:"of" default:"20" doc:"how many of the latest exchanges are looked at"`
	Slow     time.Duration      `yaml:"slow" default:"10s" doc:"an answer that takes longer counts as a failure"`
	Open     time.Duration      `yaml:"open" default:"30s" doc:"how long the endpoint is held before one delivery probes it"`
}

// OperationSpec is one exchange of an agency that talks plain XML over HTTP.
type OperationSpec struct {
	Path    string   `yaml:"path" doc:"appended to the endpoint's URL"`
	Request string   `yaml:"request" required:"true" doc:"the root element of what is sent: a local name, or {namespace}name"`
	Reply   string   `yaml:"reply" required:"true" doc:"the root element that comes back"`
	Errors  []string `yaml:"errors" doc:"the root elements that may come back instead and mean a refusal; rules see them as reply"`
}

// Resend says what may follow an attempt whose outcome is unknown.
type Resend string

// The ways to go on after a lost reply.
const (
	ResendSafe     Resend = "safe"     // send again: the agency recognises our message id
	ResendAsk      Resend = "ask"      // ask the agency by the probe operation first
	ResendOperator Resend = "operator" // an operator finds out and decides
)

// ServiceSpec is one service of an agency.
type ServiceSpec struct {
	Operation string     `yaml:"operation" required:"true" doc:"the contract's operation that submits a request (for an adapter written in Go, what it calls it)"`
	Mapping   string     `yaml:"mapping" doc:"the file under mappings that translates it; an adapter written in Go has none"`
	Resend    Resend     `yaml:"resend" required:"true" enum:"safe,ask,operator" doc:"what may follow an attempt whose reply was lost: safe, the agency recognises our message id, so it is sent again; ask, the agency is asked by probe first; operator, somebody finds out and decides"`
	Status    StatusSpec `yaml:"status" doc:"how statuses come back"`
	Probe     *ProbeSpec `yaml:"probe" doc:"how to ask whether a message has arrived; resend: ask needs it"`
	Cancel    *UseSpec   `yaml:"cancel" doc:"how a request is withdrawn; without it, it cannot be once the agency has it"`
}

// StatusSpec says how statuses of a request come back.
type StatusSpec struct {
	Push string    `yaml:"push" doc:"the contract's operation by which the agency sends statuses; mapped by push.status and ack.status"`
	Poll *PollSpec `yaml:"poll" doc:"how to ask for them; mapped by poll and status"`
}

// PollSpec says how and when an agency is asked for statuses.
type PollSpec struct {
	Operation string        `yaml:"operation" required:"true" doc:"the contract's operation"`
	First     time.Duration `yaml:"first" default:"1m" doc:"how soon after registration an agency that does not push is asked"`
	Every     time.Duration `yaml:"every" default:"15m" doc:"how often it is asked later: the wait grows with the request's age from first to every"`
	Quiet     time.Duration `yaml:"quiet" doc:"an agency that pushes is asked once nothing has come for so long; never when absent"`
}

// After is how long to wait before the next question about a request that was registered age ago.
func (p *PollSpec) After(age time.Duration) time.Duration {
	return min(max(age, p.First), p.Every)
}

// ProbeSpec says how an agency is asked whether it has a message.
type ProbeSpec struct {
	Operation string        `yaml:"operation" required:"true" doc:"the contract's operation; mapped by probe and found"`
	Settle    time.Duration `yaml:"settle" default:"30s" doc:"how long after a lost reply the agency is asked: it may still be at work"`
	NotFound  string        `yaml:"notFound" required:"true" doc:"an expression over reply or fault that is true when the agency says that it does not have the message"`
}

// UseSpec names an operation that a service uses.
type UseSpec struct {
	Operation string `yaml:"operation" required:"true" doc:"the contract's operation; mapped by cancel and cancelled"`
}

// FaultRule says what one of the agency's errors means.
type FaultRule struct {
	When       string        `yaml:"when" required:"true" doc:"an expression over fault (soap) or reply (xmlhttp, rest); a rule counts for the operations that have the paths it names"`
	Class      Class         `yaml:"class" required:"true" doc:"transient: again later; permanent: an operator must act; rejected: the agency's business refusal, the portal is told; ambiguous: it may have taken effect; alreadyDone: success"`
	Code       string        `yaml:"code" doc:"a short stable name of the error; by default the agency's, or the class"`
	Reason     string        `yaml:"reason" doc:"rejected: why, in canonical words such as wrong_addressee"`
	Remedy     *Text         `yaml:"remedy" doc:"what to do about it"`
	RetryAfter time.Duration `yaml:"retryAfter" doc:"transient: the shortest wait before the next attempt"`
	ExternalID string        `yaml:"externalId" doc:"alreadyDone: an expression that gives the registration number, where the agency repeats it"`
}

// ParseManifest reads an adapter.yaml strictly and checks what can be checked without its contract and mappings.
// The error is a diag.List with every problem; the manifest then holds what could be read.
func ParseManifest(file string, src []byte) (*Manifest, error) {
	f := strictyaml.Parse(file, src)
	m := &Manifest{file: f}
	problems := f.Decode(m)
	if problems.Err() == nil {
		problems = append(problems, m.check()...)
		problems.Sort()
	}
	return m, problems.Err()
}

// Problem describes a fault of the value at path in the manifest's file.
func (m *Manifest) Problem(code, message, hint string, path ...string) diag.Problem {
	return m.file.Problem(code, message, hint, path...)
}
