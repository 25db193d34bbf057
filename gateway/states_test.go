package gateway

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The diagram in the docs is the table of transitions, line by line and in its order.
func TestDiagramIsTheTable(t *testing.T) {
	page, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	var drawn []Transition
	for _, m := range regexp.MustCompile(`(?m)^    (\w+) --> (\w+): (.+)$`).FindAllSubmatch(page, -1) {
		drawn = append(drawn, Transition{DeliveryState(m[1]), DeliveryState(m[2]), string(m[3])})
	}
	if !slices.Equal(drawn, Transitions()) {
		t.Errorf("docs/states.md draws\n%v\nthe table has\n%v", drawn, Transitions())
	}
	for _, s := range DeliveryStates() {
		if !regexp.MustCompile("(?m)^\\| `" + string(s) + "` \\|").Match(page) {
			t.Errorf("docs/states.md does not explain %q", s)
		}
	}
}

func TestTableIsSound(t *testing.T) {
	reached := map[DeliveryState]bool{Queued: true}
	for _, tr := range transitions {
		if !slices.Contains(DeliveryStates(), tr.From) || !slices.Contains(DeliveryStates(), tr.To) {
			t.Errorf("%v names a state that there is not", tr)
		}
		if tr.From == Registered || tr.From == Rejected {
			t.Errorf("%v leaves a state that is final", tr)
		}
		if tr.To == Sending && tr.From != Queued && tr.From != Retrying {
			t.Errorf("%v sends without waiting for its turn", tr)
		}
		reached[tr.To] = true
	}
	for _, s := range DeliveryStates() {
		if !reached[s] {
			t.Errorf("nothing leads to %q", s)
		}
	}
}
