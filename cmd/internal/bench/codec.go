package main

import (
	"context"
	"fmt"

	"sluice/adapters"
	"sluice/adapters/examples"
)

// The messages that are read and written: one of usual size, and a large one.
var messageSizes = []struct {
	name string
	size int
}{{"2 KB", 2_000}, {"200 KB", 200_000}}

// newHistoryCodec is the product's codec of what ZAGS answers to a poll.
func newHistoryCodec() (adapters.Codec, error) {
	service, _, err := zagsService()
	if err != nil {
		return nil, err
	}
	return service.Poll.Operation.Reply, nil
}

// readAndWritten is one message, read and written by the product and by structs.
type readAndWritten struct {
	doc            []byte
	decode, encode sides
}

// newReadAndWritten proves that both do the same work: what each writes of what it has read means what was there.
func newReadAndWritten(codec adapters.Codec, doc []byte) (*readAndWritten, error) {
	tree, drift, err := codec.Decode(doc)
	if err != nil {
		return nil, err
	}
	if len(drift) > 0 {
		return nil, fmt.Errorf("the example departs from its contract at %s", drift[0])
	}
	history, err := readHistory(doc)
	if err != nil {
		return nil, err
	}
	encode := func() ([]byte, error) { return codec.Append(nil, tree) }
	byHand := func() ([]byte, error) { return writeHistory((*historyWritten)(history)) }
	for who, write := range map[string]func() ([]byte, error){"the product": encode, "the hand-written codec": byHand} {
		out, err := write()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", who, err)
		}
		if d, err := examples.DifferenceXML(doc, out); err != nil || d != "" {
			return nil, fmt.Errorf("%s changes the message: %s%w", who, d, err)
		}
	}
	return &readAndWritten{
		doc: doc,
		decode: sides{
			func() error { _, _, err := codec.Decode(doc); return err },
			func() error { _, err := readHistory(doc); return err },
		},
		encode: sides{discard(encode), discard(byHand)},
	}, nil
}

func discard(write func() ([]byte, error)) func() error {
	return func() error { _, err := write(); return err }
}

func benchCodec(_ context.Context, s *session) error {
	codec, err := newHistoryCodec()
	if err != nil {
		return err
	}
	history, err := newHistory()
	if err != nil {
		return err
	}
	for i, m := range messageSizes {
		w, err := newReadAndWritten(codec, history.of(m.size))
		if err != nil {
			return err
		}
		s.note("%s: the history of a request at ZAGS in its SOAP envelope, %d bytes; namespaces and drift are looked at, it is not validated", m.name, len(w.doc))
		if err := s.compare("decode "+m.name, w.decode, atMost(0.30)); err != nil {
			return err
		}
		if err := s.compare("encode "+m.name, w.encode, atMost(0.20)); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		n, err := allocations(w.decode.ours)
		if err != nil {
			return err
		}
		s.add(absolute("allocations, decode "+m.name, n, "", atMost(100)))
	}
	s.note("in processor time, the collector's included")
	return nil
}
