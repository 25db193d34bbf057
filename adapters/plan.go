package adapters

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings"
)

// Build is what a driver makes an agency's adapter from.
type Build struct {
	Manifest  *Manifest
	Contracts fs.FS // contracts/agencies of the workspace

	mappings fs.FS
	services *canonical.Services
	logins   map[string]*Login // by endpoint; nil offline
	plan     *Plan
	warnings diag.List
}

// Login is what proves who the hub is at the endpoint; nil when the manifest names no credentials or the registry
// was loaded without an environment.
func (b *Build) Login(endpoint string) *Login { return b.logins[endpoint] }

// Plan is an agency's services with their mappings compiled against a contract.
type Plan struct {
	Services map[string]*Service
	Pushes   []*Use // what the agency sends by itself, by operation
}

// Service is one service of an agency, ready to run.
type Service struct {
	Name      string
	Agency    string
	Spec      *ServiceSpec
	Canonical *canonical.Service
	Resend    Resend

	// Of a service that is driven by mappings:
	Mapping     *mappings.File
	MappingFile string // under mappings
	MappingHash string // SHA-256 of the file
	Sections    []*Section
	Submit      *Use
	Poll        *Use // nil when the agency can't be asked
	Probe       *Use // nil when it can't be asked whether it has a message
	Cancel      *Use // nil when it takes no withdrawal
	Push        *Use // nil when it does not push
}

// Section finds a section by name, or nil.
func (s *Service) Section(name string) *Section {
	if i := slices.IndexFunc(s.Sections, func(x *Section) bool { return x.Name == name }); i >= 0 {
		return s.Sections[i]
	}
	return nil
}

// Use is one operation as a service uses it: what goes out, what comes back, and what its errors mean.
type Use struct {
	Operation *Operation
	Name      string   // of a push: status
	Out       *Section // request, poll, probe, cancel; of a push: ack.status, nil when it is answered without a body
	In        *Section // receipt, status, found, cancelled; of a push: push.status. nil when nothing is read
	Rules     *Rules
	NotFound  *Rules // of a probe: holds when the agency does not have the message
}

// compiler collects everything that is wrong with an agency's services.
type compiler struct {
	build    *Build
	wire     Wire
	plan     *Plan
	problems diag.List
	rules    map[string]*Rules // by operation
	files    map[string]*mappings.File
	fit      []fit // of each fault rule
}

// Compile reads every service's mapping and proves it, and the fault rules, against the contract.
// The error is a diag.List with positions in the manifest and the mapping files.
func (b *Build) Compile(w Wire) (*Plan, error) {
	m := b.Manifest
	c := &compiler{build: b, wire: w, plan: &Plan{Services: map[string]*Service{}}, rules: map[string]*Rules{},
		files: map[string]*mappings.File{}, fit: make([]fit, len(m.Faults))}
	for _, name := range sortedKeys(m.Services) {
		c.service(name, m.Services[name])
	}
	for _, f := range c.fit {
		c.problems = append(c.problems, f.problems()...)
	}
	b.plan = c.plan
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	b.warnings = append(b.warnings, c.problems...)
	return c.plan, nil
}

func (c *compiler) fail(code, message, hint string, path ...string) {
	c.problems = append(c.problems, c.build.Manifest.Problem(code, message, hint, path...))
}

// report takes an error of a wire: problems with places of their own as they stand, others at the manifest's value.
func (c *compiler) report(err error, at ...string) {
	for _, p := range diag.Of(err) {
		if p.Line == 0 {
			p = c.build.Manifest.Problem(cmp.Or(p.Code, "unknown-operation"), p.Message, p.Hint, at...)
		}
		c.problems = append(c.problems, p)
	}
}

func (c *compiler) service(name string, spec *ServiceSpec) {
	s := c.build.service(name, spec)
	c.plan.Services[name] = s
	s.Mapping = c.mapping(spec.Mapping, name)
	if s.Canonical == nil || s.Mapping == nil {
		c.canonicalKnown(s)
		return
	}
	s.MappingHash = s.Mapping.Hash()
	at := func(keys ...string) []string { return append([]string{"services", name}, keys...) }
	s.Submit = c.use(s, spec.Operation, SectionRequest, SectionReceipt, at("operation")...)
	if p := spec.Status.Poll; p != nil {
		s.Poll = c.use(s, p.Operation, SectionPoll, SectionStatus, at("status", "poll", "operation")...)
	}
	if p := spec.Probe; p != nil {
		s.Probe = c.use(s, p.Operation, SectionProbe, SectionFound, at("probe", "operation")...)
		if s.Probe != nil {
			s.Probe.NotFound = c.notFound(s.Probe.Operation, p.NotFound, at("probe", "notFound")...)
		}
	}
	if k := spec.Cancel; k != nil {
		s.Cancel = c.use(s, k.Operation, SectionCancel, SectionCancelled, at("cancel", "operation")...)
	}
	if spec.Status.Push != "" {
		c.push(s, spec.Status.Push, at("status", "push")...)
	}
	for _, section := range s.Mapping.Sections() {
		if s.Section(section) == nil && !c.pushedElsewhere(section, spec) {
			p := diag.Problem{Pos: diag.Pos{File: path.Join("mappings", spec.Mapping)}, Severity: diag.Warning, Code: "unused-section",
				Message: "section " + section + " is used by nothing in the manifest",
				Hint:    "used for this service: " + strings.Join(s.sectionNames(), ", ")}
			c.problems = append(c.problems, p)
		}
	}
}

// pushedElsewhere tells whether a push section is compiled for another service that shares the operation and the file.
func (c *compiler) pushedElsewhere(section string, spec *ServiceSpec) bool {
	return (section == SectionPushStatus || section == SectionAckStatus) && spec.Status.Push != ""
}

func (s *Service) sectionNames() []string {
	names := make([]string, len(s.Sections))
	for i, x := range s.Sections {
		names[i] = x.Name
	}
	return names
}

func (c *compiler) canonicalKnown(s *Service) {
	if s.Canonical != nil {
		return
	}
	var known []string
	for _, k := range c.build.services.All() {
		known = append(known, k.Name)
	}
	c.fail("unknown-service", fmt.Sprintf("there is no canonical service %q", s.Name),
		suggestOr(s.Name, known)+"; a service is a file contracts/services/NAME.schema.json", "services", s.Name)
}

// service makes a service as far as the manifest alone says it.
func (b *Build) service(name string, spec *ServiceSpec) *Service {
	s := &Service{Name: name, Agency: b.Manifest.Agency, Spec: spec, Resend: spec.Resend, MappingFile: spec.Mapping}
	s.Canonical, _ = b.services.Service(name)
	return s
}

// mapping reads a mapping file once, however many services share it.
func (c *compiler) mapping(file, service string) *mappings.File {
	if f, ok := c.files[file]; ok {
		return f
	}
	src, err := fs.ReadFile(c.build.mappings, path.Clean(file))
	if err != nil {
		c.fail("no-file", "the mapping file "+file+" cannot be read: "+err.Error(), "it is looked for under mappings", "services", service, "mapping")
		return nil
	}
	f, err := mappings.Parse(path.Join("mappings", file), src)
	if err != nil {
		c.problems = append(c.problems, diag.Of(err)...)
		f = nil
	}
	c.files[file] = f
	return f
}

// use compiles both directions of one operation.
func (c *compiler) use(s *Service, operation, out, in string, at ...string) *Use {
	op, err := c.wire.Operation(operation)
	if err != nil {
		c.report(err, at...)
		return nil
	}
	u := &Use{Operation: op, Rules: c.rulesOf(op)}
	u.Out = c.section(s, out, op, true)
	u.In = c.section(s, in, op, in != SectionCancelled && op.Reply != nil)
	return u
}

// section compiles a section of the service's mapping; one that is not needed may be missing.
func (c *compiler) section(s *Service, name string, op *Operation, needed bool) *Section {
	if !slices.Contains(s.Mapping.Sections(), name) {
		if needed {
			c.problems = append(c.problems, diag.Problem{Pos: diag.Pos{File: path.Join("mappings", s.MappingFile)}, Code: "missing-section",
				Message: fmt.Sprintf("section %s is missing: service %s uses operation %s", name, s.Name, op.Name),
				Hint:    "sections there: " + strings.Join(s.Mapping.Sections(), ", ")})
		}
		return nil
	}
	sec := sectionFor(name, s.Canonical.Shape(), op)
	var problems diag.List
	sec.Program, problems = s.Mapping.Compile(name, sec.Sources, sec.Target)
	c.problems = append(c.problems, problems...)
	s.Sections = append(s.Sections, sec)
	return sec
}

// push compiles what the agency sends by itself. Services that share the operation share one mapping of it, the one
// that has the sections.
func (c *compiler) push(s *Service, operation string, at ...string) {
	if !slices.Contains(s.Mapping.Sections(), SectionPushStatus) {
		if u := c.plan.Push("status", operation); u != nil {
			s.Push = u
			return
		}
	}
	op, err := c.wire.Push(operation)
	if err != nil {
		c.report(err, at...)
		return
	}
	if u := c.plan.Push("status", operation); u != nil {
		if other := c.owner(u); other != nil && other.MappingFile == s.MappingFile {
			s.Push = u
			return
		}
		c.fail("ambiguous-push", fmt.Sprintf("two mapping files translate the push %s, and the message does not tell which is meant", operation),
			"keep "+SectionPushStatus+" in one of them", at...)
		return
	}
	u := &Use{Operation: op, Name: "status", In: c.section(s, SectionPushStatus, op, true)}
	if op.Reply != nil {
		u.Out = c.section(s, SectionAckStatus, op, true)
	}
	s.Push = u
	c.plan.Pushes = append(c.plan.Pushes, u)
}

func (c *compiler) owner(u *Use) *Service {
	for _, s := range c.plan.Services {
		if s.Push == u {
			return s
		}
	}
	return nil
}

// Push finds a push by its name in the manifest or by its operation; "" matches any, the first wins.
func (p *Plan) Push(name, operation string) *Use {
	for _, u := range p.Pushes {
		if (name == "" || u.Name == name) && (operation == "" || u.Operation.Name == operation) {
			return u
		}
	}
	return nil
}

// optional wraps field types for a tree in which any of several roots may stand.
func optional(names []string, types []*shape.Type) *shape.Type {
	t := &shape.Type{Kind: shape.Object}
	branches := make([][]string, len(names))
	for i, name := range names {
		t.Fields = append(t.Fields, shape.Field{Name: name, Type: types[i]})
		branches[i] = []string{name}
	}
	t.Choices = []shape.Choice{{Required: true, Branches: branches}}
	return t
}

// OneOf is the shape of a message that has exactly one of several roots, each given by an object of one key.
func OneOf(roots ...*shape.Type) *shape.Type {
	if len(roots) == 1 {
		return roots[0]
	}
	var names []string
	var types []*shape.Type
	for _, r := range roots {
		for _, f := range r.Fields {
			names, types = append(names, f.Name), append(types, f.Type)
		}
	}
	return optional(names, types)
}
