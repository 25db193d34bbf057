package gateway

import (
	"testing"
	"time"
)

// An incident is told once when it begins and once when it ends, whatever happens between.
func TestIncident(t *testing.T) {
	e := &EndpointState{Agency: "zags", Name: "moscow", Health: Up}
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }

	e.Release("node", at(0))
	e.Trip("5 of 10 failed", "a", at(30), at(0))
	if e.BeginProbe("a", at(20), at(10)) {
		t.Error("probed too early")
	}
	if !e.BeginProbe("a", at(50), at(30)) || e.Health != Probing {
		t.Error("could not probe when due")
	}
	if e.BeginProbe("b", at(60), at(40)) {
		t.Error("two nodes probe at once")
	}
	e.Trip("still down", "a", at(90), at(41))
	if !e.BeginProbe("b", at(110), at(90)) || !e.BeginProbe("a", at(140), at(111)) {
		t.Error("the probe of a node that is gone was not taken over")
	}
	e.Release("a", at(112))
	if got := len(e.Changes().Events); got != 2 {
		t.Fatalf("told %d times, want 2", got)
	}
	down, up := e.Changes().Events[0], e.Changes().Events[1]
	if down.Type != "agency.down" || !down.Data.NextTry.Equal(at(30)) || down.N != 1 || up.Type != "agency.recovered" || up.N != 2 || !up.Data.Since.Equal(at(0)) {
		t.Errorf("told %+v and %+v", down, up)
	}
}

// What an operator holds no breaker touches, and nobody probes.
func TestOperatorsHold(t *testing.T) {
	e := &EndpointState{Agency: "zags", Name: "moscow"}
	e.Hold("maintenance", "anna", noon)
	epoch := e.Epoch
	e.Trip("down", "a", noon, noon)
	if e.Epoch != epoch || e.BeginProbe("a", noon, noon.Add(time.Hour)) {
		t.Error("the operator's hold was overridden")
	}
	e.Release("anna", noon)
	if e.Health != Up || e.Epoch == epoch || len(e.Changes().Events) != 2 {
		t.Errorf("released to %+v", e)
	}
}
