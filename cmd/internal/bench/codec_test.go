package main

import (
	"bytes"
	"strings"
	"testing"

	"sluice/adapters"
)

func historyCodec(t testing.TB) (adapters.Codec, repeater) {
	t.Helper()
	codec, err := newHistoryCodec()
	if err != nil {
		t.Fatal(err)
	}
	history, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	return codec, history
}

func TestCodecsAgree(t *testing.T) {
	codec, history := historyCodec(t)
	for _, m := range messageSizes {
		doc := history.of(m.size)
		if n := len(doc); n < m.size*9/10 || n > m.size*11/10 {
			t.Errorf("a message of %d bytes has %d", m.size, n)
		}
		w, err := newReadAndWritten(codec, doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, work := range []sides{w.decode, w.encode} {
			if err := work.ours(); err != nil {
				t.Error(err)
			}
			if err := work.byHand(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDriftIsLookedAt holds that drift costs what it costs, and that no side reads a message which the other would not.
func TestDriftIsLookedAt(t *testing.T) {
	codec, history := historyCodec(t)
	doc := bytes.Replace(history.of(0), []byte("<р:Запись>"), []byte("<р:Новое/><р:Запись>"), 1)
	if _, err := newReadAndWritten(codec, doc); err == nil || !strings.Contains(err.Error(), "departs from its contract at ") {
		t.Errorf("an unknown element: %v", err)
	}
}

func TestCodecRows(t *testing.T) {
	rows(t, benchCodec, "decode 2 KB", "encode 2 KB", "allocations, decode 2 KB", "decode 200 KB", "encode 200 KB")
}

func BenchmarkCodec(b *testing.B) {
	codec, history := historyCodec(b)
	for _, m := range messageSizes {
		w, err := newReadAndWritten(codec, history.of(m.size))
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, "decode "+m.name, w.decode)
		benchmark(b, "encode "+m.name, w.encode)
	}
}
