package main

import "testing"

func TestByHandAgrees(t *testing.T) {
	tr, err := newTranslation()
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.agree(); err != nil {
		t.Error(err)
	}
}

func BenchmarkTranslate(b *testing.B) {
	tr, err := newTranslation()
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, "both ways", tr.sides())
}
