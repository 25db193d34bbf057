// Package examples runs the examples that stand beside mapping files: what came in, what goes out.
//
// The examples of mappings/AGENCY/NAME.yaml are the folders mappings/AGENCY/examples/NAME/NN-what-it-shows/. A folder
// holds inputs and what must come of them, each in the file of a fixed name (EXT is xml or json, by the protocol):
//
//	canonical.json                       the portal's request, of every example but a push
//	canonical.json           -> request.EXT         section request
//	reply.EXT                -> receipt.json        section receipt
//	registered.json          -> poll.EXT, cancel.EXT   sections poll and cancel; {"externalId": …, "reason": …}
//	poll-reply.EXT           -> status.json         section status
//	cancel-reply.EXT         -> cancelled.json      section cancelled
//	probe-reply.EXT          -> probe.EXT, found.json  sections probe and found
//	push.EXT                 -> pushed.json         section push.status
//	push.EXT and result.json -> ack.EXT             section ack.status
//	fault-STATUS.EXT         -> refusal.json        the whole exchange, answered with that HTTP status: what the
//	                                                manifest's fault rules make of it
//
// An input that must fail has FILE.error.txt in place of what would come of it, with the error's words.
// XML is compared by meaning: names by namespace, whatever the prefixes and the white space between elements; JSON as
// values. The message id is always MessageID.
package examples

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// MessageID is `message.id` in every example.
const MessageID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

// Runner runs examples of one workspace.
type Runner struct {
	FS       fs.FS                                // the workspace
	Services *canonical.Services                  // what canonical requests are held against
	Write    func(file string, data []byte) error // with it, what comes out is written instead of compared
}

// Result is what became of one file of an example.
type Result struct {
	File    string // within the workspace: what was expected, or what could not be read
	Failure string // what is wrong, or ""
	Written bool   // by Runner.Write
}

// Folder is where the examples of a mapping file lie, given by its path under mappings.
func Folder(mappingFile string) string {
	name := strings.TrimSuffix(path.Base(mappingFile), path.Ext(mappingFile))
	return path.Join("mappings", path.Dir(mappingFile), "examples", name)
}

// Service runs every example of one service. The error is about reading the workspace.
func (r *Runner) Service(ctx context.Context, agency *adapters.Agency, s *adapters.Service) ([]Result, error) {
	if s.Mapping == nil {
		return nil, nil
	}
	folders, err := fs.ReadDir(r.FS, Folder(s.MappingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing examples: %w", err)
	}
	var results []Result
	for _, f := range folders {
		if f.IsDir() {
			x := &example{runner: r, ctx: ctx, agency: agency, service: s, folder: path.Join(Folder(s.MappingFile), f.Name())}
			x.run()
			results = append(results, x.results...)
		}
	}
	return results, nil
}

// example is one folder under way.
type example struct {
	runner  *Runner
	ctx     context.Context
	agency  *adapters.Agency
	service *adapters.Service
	folder  string
	files   []string
	used    map[string]bool
	request canonical.Message
	input   mappings.Input
	results []Result
}

// step is one section that an example may try.
type step struct {
	section string
	needs   []string // files without which it does not run
	read    string   // the file that the section's codec reads, without its suffix; or ""
	root    string   // the root that gets what was read
	gives   string   // the file that must come out, without its suffix
}

var steps = []step{
	{section: adapters.SectionRequest, needs: []string{"canonical.json"}, gives: "request"},
	{section: adapters.SectionReceipt, needs: []string{"canonical.json"}, read: "reply", root: "reply", gives: "receipt"},
	{section: adapters.SectionPoll, needs: []string{"canonical.json", "registered.json"}, gives: "poll"},
	{section: adapters.SectionStatus, needs: []string{"canonical.json"}, read: "poll-reply", root: "reply", gives: "status"},
	{section: adapters.SectionCancel, needs: []string{"canonical.json", "registered.json"}, gives: "cancel"},
	{section: adapters.SectionCancelled, needs: []string{"canonical.json"}, read: "cancel-reply", root: "reply", gives: "cancelled"},
	{section: adapters.SectionFound, needs: []string{"canonical.json"}, read: "probe-reply", root: "reply", gives: "found"},
	{section: adapters.SectionProbe, needs: []string{"canonical.json", "probe-reply"}, gives: "probe"},
	{section: adapters.SectionPushStatus, read: "push", root: "push", gives: "pushed"},
	{section: adapters.SectionAckStatus, needs: []string{"result.json"}, read: "push", root: "push", gives: "ack"},
}

func (x *example) run() {
	entries, err := fs.ReadDir(x.runner.FS, x.folder)
	if err != nil {
		x.fail("", err.Error())
		return
	}
	for _, e := range entries {
		x.files = append(x.files, e.Name())
	}
	x.used = map[string]bool{}
	x.input.Message = tree.Of("id", MessageID)
	if !x.sources() {
		return
	}
	for _, s := range steps {
		x.step(s)
	}
	x.faults()
	for _, name := range x.files {
		if !x.used[name] && !strings.HasSuffix(name, ".md") {
			x.fail(name, "the file is no part of an example of this service: see the list in docs/mappings.md")
		}
	}
}

// sources reads the inputs that are JSON of our own.
func (x *example) sources() bool {
	for _, s := range []struct {
		name string
		into *any
	}{{"canonical.json", &x.input.Request}, {"registered.json", &x.input.Receipt}, {"result.json", &x.input.Result}} {
		if !slices.Contains(x.files, s.name) {
			continue
		}
		data, ok := x.read(s.name)
		if !ok {
			return false
		}
		v, err := jsonschema.ParseJSON(data, canonical.Limits)
		if err != nil {
			x.fail(s.name, err.Error())
			return false
		}
		*s.into = v
		if s.name == "canonical.json" && !x.canonical(data) {
			return false
		}
	}
	return true
}

// canonical holds the request against the service's schema: an example that the portal could never send proves nothing.
func (x *example) canonical(data []byte) bool {
	var err error
	if x.request, err = canonical.Parse(data); err != nil {
		x.fail("canonical.json", err.Error())
		return false
	}
	if found := x.runner.Services.Validate(x.request.Tree()); len(found) > 0 {
		var words []string
		for _, v := range found {
			words = append(words, v.Pointer+" "+v.EN)
		}
		x.fail("canonical.json", "the portal could not send this: "+strings.Join(words, "; "))
		return false
	}
	return true
}

func (x *example) step(s step) {
	section := x.service.Section(s.section)
	if section == nil {
		return
	}
	format := ""
	for _, c := range []adapters.Codec{section.Read, section.Write} {
		if c != nil {
			format = c.Format()
		}
	}
	for _, need := range s.needs {
		if path.Ext(need) == "" {
			need += "." + format
		}
		if !slices.Contains(x.files, need) {
			return
		}
	}
	in := x.input
	expected := s.gives + ".json"
	if section.Write != nil {
		expected = s.gives + "." + section.Write.Format()
	}
	if s.read != "" {
		name := s.read + "." + format
		if !slices.Contains(x.files, name) {
			return
		}
		data, ok := x.read(name)
		if !ok {
			return
		}
		message, drift, err := section.Read.Decode(data)
		if err != nil {
			x.compareError(name, expected, err)
			return
		}
		if len(drift) > 0 {
			x.fail(name, "the contract does not know "+strings.Join(drift, ", "))
		}
		switch s.root {
		case "push":
			in.Push = message
		default:
			in.Reply = message
		}
	} else if s.section != adapters.SectionRequest && x.runner.Write == nil && !slices.Contains(x.files, expected) && !slices.Contains(x.files, expected+errorSuffix) {
		return // registered.json may be there for the other of poll and cancel
	}
	out, err := section.Program.Run(in)
	if err != nil {
		x.compareError("", expected, err)
		return
	}
	x.compareOutput(section, expected, out)
}

// compareOutput holds what a section gave against the file.
func (x *example) compareOutput(section *adapters.Section, expected string, out mappings.Output) {
	if section.Write == nil {
		message := out.Tree
		if len(out.Unknown) > 0 {
			message.Set("_unknown", unknown(out.Unknown))
		}
		x.compareJSON(expected, message)
		return
	}
	wire, err := section.Write.Append(nil, out.Tree)
	if err != nil {
		x.compareError("", expected, fmt.Errorf("writing the message: %w", err))
		return
	}
	x.compareWire(expected, wire)
}

func unknown(codes []mappings.Unknown) []any {
	var out []any
	for _, u := range codes {
		out = append(out, tree.Of("table", u.Table, "value", u.Value, "path", u.Path))
	}
	return out
}

func (x *example) read(name string) ([]byte, bool) {
	x.used[name] = true
	data, err := fs.ReadFile(x.runner.FS, path.Join(x.folder, name))
	if err != nil {
		x.fail(name, err.Error())
		return nil, false
	}
	return data, true
}

func (x *example) fail(name, why string) {
	x.results = append(x.results, Result{File: path.Join(x.folder, name), Failure: why})
}
