package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

// registered is a request that the agency has.
func registered(t testing.TB) *Request {
	r := newRequest(t)
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
	*r.Changes() = Changes{}
	return r
}

// Statuses are written as code@minute; a code without a time has none from the agency. Each arrives a minute after the
// one before.
func parseStatuses(text string) []canonical.Status {
	var all []canonical.Status
	for _, word := range strings.Fields(text) {
		code, minute, timed := strings.Cut(word, "@")
		s := canonical.Status{Code: canonical.StatusCode(code)}
		if timed {
			var m int
			_, _ = fmt.Sscan(minute, &m)
			s.At = noon.Add(time.Duration(m) * time.Minute)
		}
		all = append(all, s)
	}
	return all
}

func TestStatuses(t *testing.T) {
	tests := []struct {
		name, arrive string
		inForce      canonical.StatusCode
		outcome      string
		kept         int
		told         string // codes of request.status_changed
	}{
		{"in order", "accepted@1 in_progress@2 completed@3", "completed", "completed", 3, "accepted in_progress completed"},
		{"out of order", "completed@3 accepted@1 in_progress@2", "completed", "completed", 3, "completed"},
		{"repeated", "accepted@1 accepted@1 in_progress@2 accepted@1", "in_progress", "", 2, "accepted in_progress"},
		{"repeated without a time", "in_progress in_progress in_progress", "in_progress", "", 1, "in_progress"},
		{"back and forth without a time", "in_progress awaiting_documents in_progress", "in_progress", "", 3, "in_progress awaiting_documents in_progress"},
		{"final stays without a time", "completed in_progress", "completed", "completed", 2, "completed"},
		{"final stays at the same time", "completed@3 in_progress@3", "completed", "completed", 2, "completed"},
		{"final wins at the same time", "in_progress@3 completed@3", "completed", "completed", 2, "in_progress completed"},
		{"reopened", "refused@3 in_progress@4", "in_progress", "", 2, "refused in_progress"},
		{"reopened and closed", "refused@3 in_progress@4 approved@5", "approved", "approved", 3, "refused in_progress approved"},
		{"approved, then ready", "approved ready", "ready", "", 2, "approved ready"},
		{"approved, then completed", "approved@3 completed@3", "completed", "completed", 2, "approved completed"},
		{"corrected", "refused@3 approved@4", "approved", "approved", 2, "refused approved"},
		{"unknown is neutral", "in_progress@1 unknown@2", "in_progress", "", 2, "in_progress unknown"},
		{"unknown after the end", "completed@1 unknown@2", "completed", "completed", 2, "completed"},
		{"a clock far ahead", "in_progress@100000 completed@3", "completed", "completed", 2, "in_progress completed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := registered(t)
			for i, s := range parseStatuses(tt.arrive) {
				_, err := r.ApplyStatuses("zags", []canonical.Status{s}, FromPush, noon.Add(time.Duration(i)*time.Minute))
				must(t, err)
				must(t, r.Check())
			}
			if r.Status != tt.inForce || r.Outcome != tt.outcome || len(r.Statuses) != tt.kept {
				t.Errorf("in force %q, outcome %q, %d kept; want %q, %q, %d", r.Status, r.Outcome, len(r.Statuses), tt.inForce, tt.outcome, tt.kept)
			}
			var told []string
			for _, e := range r.Changes().Events {
				if e.Type == canonical.EventStatusChanged {
					told = append(told, string(e.Data.Status.Code))
				}
			}
			if got := strings.Join(told, " "); got != tt.told {
				t.Errorf("the portal was told %q, want %q", got, tt.told)
			}
		})
	}
}

func TestDocumentsNeeded(t *testing.T) {
	r := registered(t)
	_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.AwaitingDocuments, At: noon, Missing: []canonical.MissingDocument{{Title: "passport"}}}}, FromPush, noon)
	must(t, err)
	if got := types(r); got != "request.status_changed request.documents_needed" {
		t.Errorf("told %q", got)
	}
	e := r.Changes().Events[1]
	if e.Data.ExternalID != "7" || len(e.Data.Status.Missing) != 1 || e.Data.DeliveryID != r.Deliveries[0].ID {
		t.Errorf("the event says %+v", e.Data)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	r := registered(t)
	for i := range MaxStatuses {
		_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.InProgress, Comment: fmt.Sprint(i)}}, FromPush, noon)
		must(t, err)
	}
	if _, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.Refused}}, FromPush, noon); err == nil {
		t.Error("there is no end to the history")
	}
}

// Whatever the order in which statuses with different times arrive, however often, the end is the same.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	codes := canonical.StatusCodes()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(rt, "n")
		var all []canonical.Status
		for i := range n {
			all = append(all, canonical.Status{Code: rapid.SampledFrom(codes).Draw(rt, "code"), At: noon.Add(time.Duration(i) * time.Second)})
		}
		inOrder, shuffled := registered(t), registered(t)
		_, err := inOrder.ApplyStatuses("zags", all, FromPush, noon)
		must(t, err)
		for _, s := range append(rapid.Permutation(all).Draw(rt, "arrival"), rapid.SliceOf(rapid.SampledFrom(all)).Draw(rt, "repeats")...) {
			_, err := shuffled.ApplyStatuses("zags", []canonical.Status{s}, FromPush, noon)
			must(t, err)
		}
		if inOrder.Status != shuffled.Status || inOrder.Outcome != shuffled.Outcome || len(shuffled.Statuses) != n {
			rt.Fatalf("in order: %q %q; as they came: %q %q, %d kept", inOrder.Status, inOrder.Outcome, shuffled.Status, shuffled.Outcome, len(shuffled.Statuses))
		}
		must(t, shuffled.Check())
	})
}

// A receipt says in a word what a later answer says in full: the citizen sees one status, and the portal is told once.
func TestSaidMoreFully(t *testing.T) {
	at, later := noon.Add(time.Minute), noon.Add(2*time.Minute)
	intake := &canonical.Unit{Name: "intake"}
	documents := []canonical.MissingDocument{{Title: "passport"}}
	status := func(code canonical.StatusCode, at time.Time, change ...func(*canonical.Status)) canonical.Status {
		s := canonical.Status{Code: code, Raw: "01", At: at}
		for _, f := range change {
			f(&s)
		}
		return s
	}
	unit := func(s *canonical.Status) { s.Unit = intake }
	comment := func(text string) func(*canonical.Status) { return func(s *canonical.Status) { s.Comment = text } }
	missing := func(s *canonical.Status) { s.Missing = documents }
	for name, c := range map[string]struct {
		arrive []canonical.Status
		shown  []canonical.Status
		told   string
	}{
		"in full": {[]canonical.Status{status("accepted", at), status("accepted", at, unit)},
			[]canonical.Status{status("accepted", at, unit)}, "request.status_changed"},
		"in full first": {[]canonical.Status{status("accepted", at, unit), status("accepted", at)},
			[]canonical.Status{status("accepted", at, unit)}, "request.status_changed"},
		"each a part": {[]canonical.Status{status("accepted", at, unit), status("accepted", at, comment("c"))},
			[]canonical.Status{status("accepted", at, unit, comment("c"))}, "request.status_changed"},
		"with its time": {[]canonical.Status{status("accepted", time.Time{}), status("accepted", at, unit)},
			[]canonical.Status{status("accepted", at, unit)}, "request.status_changed"},
		"another time": {[]canonical.Status{status("accepted", at), status("accepted", later)},
			[]canonical.Status{status("accepted", at), status("accepted", later)}, "request.status_changed request.status_changed"},
		"another word": {[]canonical.Status{status("in_progress", at, comment("a")), status("in_progress", at, comment("b"))},
			[]canonical.Status{status("in_progress", at, comment("a")), status("in_progress", at, comment("b"))}, "request.status_changed request.status_changed"},
		"what is missing": {[]canonical.Status{status("awaiting_documents", at), status("awaiting_documents", at, missing)},
			[]canonical.Status{status("awaiting_documents", at, missing)}, "request.status_changed request.documents_needed request.documents_needed"},
		"an unknown code": {[]canonical.Status{status("unknown", at), status("unknown", at, unit)},
			[]canonical.Status{status("unknown", at, unit)}, "request.status_changed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			for i, s := range c.arrive {
				_, err := r.ApplyStatuses("zags", []canonical.Status{s}, []Source{FromReceipt, FromPoll}[i], later)
				must(t, err)
				must(t, r.Check())
			}
			h := r.History()
			if len(h) != len(c.shown) {
				t.Fatalf("shown: %+v", h)
			}
			for i := range h {
				if !sameStatus(&h[i].Status, &c.shown[i]) || !h[i].At.Equal(c.shown[i].At) || h[i].Source != []Source{FromReceipt, FromPoll}[i] {
					t.Errorf("shown %+v, want %+v", h[i], c.shown[i])
				}
			}
			if got := types(r); got != c.told {
				t.Errorf("told %q, want %q", got, c.told)
			}
		})
	}
}
