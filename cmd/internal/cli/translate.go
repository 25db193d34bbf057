package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// TranslateCmd shows what would be sent to an agency, or what its answer means, without sending anything.
type TranslateCmd struct {
	Service    string `arg:"" help:"AGENCY/SERVICE, such as zags/family-composition."`
	Reply      bool   `help:"Read the agency's answer to a request and print the receipt." xor:"way"`
	Push       bool   `help:"Read what the agency sends by itself and print what it means." xor:"way"`
	Section    string `help:"Another section of the mapping, such as poll, status or cancelled." xor:"way" placeholder:"NAME"`
	Request    string `help:"The canonical request that an answer belongs to, for mappings that look at it." type:"existingfile" placeholder:"FILE"`
	ExternalID string `help:"The agency's registration number, for poll and cancel." name:"external-id" placeholder:"NUMBER"`
	MessageID  string `help:"The message id to send." name:"message-id" default:"6ba7b810-9dad-41d1-80b4-00c04fd430c8" placeholder:"UUID"`
	Workspace  string `help:"A workspace in place of the built-in one." type:"existingdir" placeholder:"DIR"`
}

// Run translates standard input to standard output.
func (t *TranslateCmd) Run(c *Context) error {
	w, err := openWorkspace(t.Workspace)
	if err != nil {
		return err
	}
	agency, service, err := t.find(c, w)
	if err != nil {
		return err
	}
	doc, err := io.ReadAll(io.LimitReader(c.In, int64(canonical.Limits.Bytes)+1))
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	name := t.section()
	if service.Mapping == nil {
		if name != adapters.SectionRequest {
			return Usagef("the adapter of %s is written in Go: only its request can be shown", agency.Name)
		}
		return t.byAdapter(c, w, agency, service, doc)
	}
	section := service.Section(name)
	if section == nil {
		return Usagef("the service has no section %s; it has %s", name, strings.Join(sectionNames(service), ", "))
	}
	in, err := t.input(w, section, doc)
	if err != nil {
		return err
	}
	out, err := section.Program.Run(in)
	if err != nil {
		return w.mappingProblem(err)
	}
	for _, u := range out.Unknown {
		fmt.Fprintf(c.Err, "sluice: the table %s lacks the code %q (%s)\n", u.Table, u.Value, u.Path)
	}
	if section.Write == nil {
		return printJSON(c.Out, out.Tree)
	}
	wire, err := section.Write.Append(nil, out.Tree)
	if err != nil {
		return fmt.Errorf("what the mapping made is not what the contract allows: %w", err)
	}
	_, err = fmt.Fprintf(c.Out, "%s\n", wire)
	return err
}

func (t *TranslateCmd) section() string {
	switch {
	case t.Reply:
		return adapters.SectionReceipt
	case t.Push:
		return adapters.SectionPushStatus
	case t.Section != "":
		return t.Section
	}
	return adapters.SectionRequest
}

func (t *TranslateCmd) find(c *Context, w *workspace) (*adapters.Agency, *adapters.Service, error) {
	agencyName, serviceName, ok := strings.Cut(t.Service, "/")
	if !ok {
		return nil, nil, Usagef("name the agency and its service, such as zags/family-composition")
	}
	agency, ok := w.registry.Agency(agencyName)
	if !ok {
		if problems := w.registry.Broken()[agencyName]; problems != nil {
			c.PrintProblems(w.located(problems))
			return nil, nil, ErrFindings
		}
		var names []string
		for _, a := range w.registry.Agencies() {
			names = append(names, a.Name)
		}
		return nil, nil, Usagef("there is no agency %q; %s", agencyName, suggest(agencyName, names))
	}
	service, ok := agency.Services[serviceName]
	if !ok {
		return nil, nil, Usagef("%s has no service %q; %s", agencyName, serviceName, suggest(serviceName, slices.Sorted(maps.Keys(agency.Services))))
	}
	return agency, service, nil
}

func suggest(name string, known []string) string {
	if hint := diag.Suggest(name, known); hint != "" {
		return hint
	}
	return "there are " + strings.Join(known, ", ")
}

func sectionNames(s *adapters.Service) []string {
	var names []string
	for _, x := range s.Sections {
		names = append(names, x.Name)
	}
	return names
}

// input makes the roots of a section from standard input and the flags.
func (t *TranslateCmd) input(w *workspace, section *adapters.Section, doc []byte) (mappings.Input, error) {
	in := mappings.Input{Message: tree.Of("id", t.MessageID), Receipt: tree.Of("externalId", t.ExternalID)}
	if section.Read == nil || t.Request != "" {
		text := doc
		if t.Request != "" {
			var err error
			if text, err = os.ReadFile(t.Request); err != nil {
				return in, err
			}
		}
		m, err := t.canonical(w, text)
		if err != nil {
			return in, err
		}
		in.Request = m.Tree()
	}
	if section.Read == nil {
		return in, nil
	}
	message, drift, err := section.Read.Decode(doc)
	if err != nil {
		return in, fmt.Errorf("reading the agency's message: %w", err)
	}
	if len(drift) > 0 {
		return in, fmt.Errorf("the contract does not know %s", strings.Join(drift, ", "))
	}
	if strings.HasPrefix(section.Name, "push.") || strings.HasPrefix(section.Name, "ack.") {
		in.Push = message
	} else {
		in.Reply = message
	}
	return in, nil
}

// canonical reads a request and holds it against its schema, as the portal door would.
func (t *TranslateCmd) canonical(w *workspace, text []byte) (canonical.Message, error) {
	m, err := canonical.Parse(text)
	if err != nil {
		return m, fmt.Errorf("reading the canonical request: %w", err)
	}
	var problems diag.List
	for _, v := range w.services.Validate(m.Tree()) {
		problems = append(problems, diag.Problem{Pos: diag.Pos{File: "request" + v.Pointer}, Code: v.Code, Message: v.Text("en")})
	}
	if len(problems) > 0 {
		return m, problems
	}
	return m, nil
}

// byAdapter shows what an adapter written in Go would send, by letting it send to nobody.
func (t *TranslateCmd) byAdapter(c *Context, w *workspace, agency *adapters.Agency, service *adapters.Service, doc []byte) error {
	m, err := t.canonical(w, doc)
	if err != nil {
		return err
	}
	r := &recorder{}
	_, err = agency.Adapter.Submit(c.Ctx, adapters.Submission{Request: m, Call: adapters.Call{
		Service: service.Name, MessageID: t.MessageID, Client: &http.Client{Transport: r},
		Endpoint: adapters.Endpoint{Name: "nowhere", URL: "http://agency.example/"},
	}})
	if r.sent == nil {
		return fmt.Errorf("the adapter sent nothing: %w", err)
	}
	_, err = fmt.Fprintf(c.Out, "%s\n", r.sent)
	return err
}

// recorder is a transport that keeps what would go out and fails.
type recorder struct{ sent []byte }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Body == nil {
		return nil, errors.New("nothing is sent")
	}
	defer q.Body.Close()
	sent, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	r.sent = bytes.TrimSpace(sent)
	return nil, errors.New("nothing is sent")
}

// mappingProblem shows an error of a mapping with its place in the file.
func (w *workspace) mappingProblem(err error) error {
	var m *mappings.Error
	if errors.As(err, &m) {
		return w.located(diag.List{{Pos: m.Pos, Message: m.Path + ": " + m.Message}})
	}
	return err
}

func printJSON(out io.Writer, message *tree.Object) error {
	compact, err := jsonschema.AppendJSON(nil, message)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b.Bytes())
	return err
}
