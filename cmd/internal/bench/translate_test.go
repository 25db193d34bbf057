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

// BenchmarkTranslate is for profiles; the ratio is measured by the command.
func BenchmarkTranslate(b *testing.B) {
	tr, err := newTranslation()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := tr.ours(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := tr.byHand(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
