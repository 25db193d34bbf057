package agencysim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

func parseID(s string) (messageID, error) { return uuid.Parse(s) }

// Summary counts effects of one agency.
type Summary struct {
	Agency   string `json:"agency"`
	Messages int    `json:"messages"` // message ids that arrived
	Effects  int    `json:"effects"`  // of all of them
	Doubled  int    `json:"doubled"`  // message ids with more than one effect
	Arrivals int    `json:"arrivals"` // submissions, the absorbed included
}

// Summaries counts effects, in the order of Agencies.
func (s *Sim) Summaries() []Summary {
	var out []Summary
	for _, name := range Agencies() {
		n := Summary{Agency: name}
		s.desks[name].ledger.count(func(e entry) {
			n.Messages++
			n.Effects += int(e.effects)
			n.Arrivals += int(e.arrivals)
			if e.effects > 1 {
				n.Doubled++
			}
		})
		out = append(out, n)
	}
	return out
}

// faultJSON is a Fault as the admin call takes and gives it: durations such as "2s".
type faultJSON struct {
	ID          int     `json:"id,omitempty"`
	Agency      string  `json:"agency,omitempty"`
	Endpoint    string  `json:"endpoint,omitempty"`
	Operation   string  `json:"operation,omitempty"`
	Kind        Kind    `json:"kind"`
	Count       int     `json:"count,omitempty"`
	For         string  `json:"for,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	Delay       string  `json:"delay,omitempty"`
	RetryAfter  string  `json:"retryAfter,omitempty"`
	Hits        int     `json:"hits,omitempty"`
}

func (j faultJSON) fault() (Fault, error) {
	f := Fault{Agency: j.Agency, Endpoint: j.Endpoint, Operation: j.Operation, Kind: j.Kind, Count: j.Count, Probability: j.Probability}
	for _, d := range []struct {
		name, text string
		into       *time.Duration
	}{{"for", j.For, &f.For}, {"delay", j.Delay, &f.Delay}, {"retryAfter", j.RetryAfter, &f.RetryAfter}} {
		if d.text == "" {
			continue
		}
		var err error
		if *d.into, err = time.ParseDuration(d.text); err != nil {
			return f, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return f, nil
}

func shown(f Fault) faultJSON {
	text := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	return faultJSON{ID: f.ID, Agency: f.Agency, Endpoint: f.Endpoint, Operation: f.Operation, Kind: f.Kind, Count: f.Count,
		For: text(f.For), Probability: f.Probability, Delay: text(f.Delay), RetryAfter: text(f.RetryAfter), Hits: f.Hits}
}

// admin adds the calls that rule the simulator.
func (s *Sim) admin(mux *http.ServeMux) {
	mux.HandleFunc("POST /admin/faults", s.postFault)
	mux.HandleFunc("GET /admin/faults", func(w http.ResponseWriter, _ *http.Request) {
		out := []faultJSON{}
		for _, f := range s.Faults() {
			out = append(out, shown(f))
		}
		writeJSON(w, http.StatusOK, out)
	})
	mux.HandleFunc("DELETE /admin/faults", s.deleteFaults)
	mux.HandleFunc("GET /admin/effects", s.getEffects)
	mux.HandleFunc("GET /admin/summary", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"agencies": s.Summaries(), "pushes": s.Pushes()})
	})
	mux.HandleFunc("GET /admin/wire", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.Wire(r.URL.Query().Get("agency"), r.URL.Query().Get("messageId")))
	})
}

func (s *Sim) postFault(w http.ResponseWriter, r *http.Request) {
	var j faultJSON
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		badRequest(w, err)
		return
	}
	f, err := j.fault()
	if err != nil {
		badRequest(w, err)
		return
	}
	id, err := s.Inject(f)
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, map[string]int{"id": id})
}

func (s *Sim) deleteFaults(w http.ResponseWriter, r *http.Request) {
	id := 0
	if q := r.URL.Query().Get("id"); q != "" {
		var err error
		if id, err = strconv.Atoi(q); err != nil || id < 1 {
			badRequest(w, fmt.Errorf("id %q is not the id of a fault", q))
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]int{"cleared": s.Clear(id)})
}

func (s *Sim) getEffects(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	id, onlyDoubled := q.Get("messageId"), q.Get("doubled") == "true"
	out := []Effect{}
	for _, e := range s.Effects(q.Get("agency")) {
		if (id == "" || e.MessageID == id) && (!onlyDoubled || e.Count > 1) {
			out = append(out, e)
		}
	}
	writeJSON(w, http.StatusOK, out)
}

func badRequest(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // a caller that has gone is its own affair
}
