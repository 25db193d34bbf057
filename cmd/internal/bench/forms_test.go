package main

import (
	"context"
	"testing"
)

func TestForms(t *testing.T) {
	f, err := newForms()
	if err != nil {
		t.Fatal(err)
	}
	const size = 50_000
	forms := map[string]bool{}
	for _, m := range []message{f.records(size), f.inOldCharset(size), f.text(size), f.small(size), f.deep(size, 2), f.deep(size, 190)} {
		forms[m.form] = true
		if n := len(m.doc); n < size*8/10 || n > size*11/10 {
			t.Errorf("%s of %d bytes has %d", m.form, size, n)
		}
		if err := m.decode(); err != nil {
			t.Errorf("%s: %v", m.form, err)
		}
	}
	if len(forms) != 6 {
		t.Errorf("the forms have the names %v", forms)
	}
	if n := f.small(size).elements(); n != 1+size/len("<число>7</число>") {
		t.Errorf("there are %d small elements", n)
	}
	if n := f.deep(0, 5).elements(); n != 6 {
		t.Errorf("a root and 5 in one another are %d elements", n)
	}
	if err := f.deep(0, 300).decode(); err == nil {
		t.Error("the depth has no limit")
	}
}

func TestMemoryRow(t *testing.T) {
	rows(t, func(_ context.Context, s *session) error { return s.memory(20_000) }, "memory of a decode, of 3n + 500 B an element")
}

func TestLinearRows(t *testing.T) {
	rows(t, func(_ context.Context, s *session) error { return s.linear(1_000_000) },
		"linear time, repetition", "linear time, size", "linear time, depth")
}
