package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/adapters/examples"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// zagsExample is the message that is translated: all of what a family can have.
const zagsExample = "mappings/zags/examples/family-composition/01-full"

// messageID is the id of every message that is translated.
const messageID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

var moscow = func() *time.Location {
	l, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		return time.FixedZone("MSK", 3*60*60)
	}
	return l
}()

// loadRegistry compiles the built-in agencies.
func loadRegistry() (*adapters.Registry, *canonical.Services, error) {
	contracts, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		return nil, nil, err
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		return nil, nil, err
	}
	registry, err := adapters.Load(builtin.Drivers(), services, nil, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"})
	return registry, services, err
}

// zagsService is the service of ZAGS whose messages are translated, and all that requests may be for.
func zagsService() (*adapters.Service, *canonical.Services, error) {
	registry, services, err := loadRegistry()
	if err != nil {
		return nil, nil, err
	}
	zags, ok := registry.Agency("zags")
	if !ok || zags.Services["family-composition"] == nil {
		return nil, nil, fmt.Errorf("ZAGS or its family-composition is not among the built-in agencies")
	}
	return zags.Services["family-composition"], services, nil
}

// translation is one message, both ways, by the product and by hand.
type translation struct {
	use         *adapters.Use
	message     canonical.Message
	application *application
	reply       []byte
}

func newTranslation() (*translation, error) {
	service, _, err := zagsService()
	if err != nil {
		return nil, err
	}
	t := &translation{use: service.Submit}
	doc, err := fs.ReadFile(sluice.Workspace, path.Join(zagsExample, "canonical.json"))
	if err != nil {
		return nil, err
	}
	if t.message, err = canonical.Parse(doc); err != nil {
		return nil, err
	}
	if t.application, err = readApplication(doc); err != nil {
		return nil, err
	}
	t.reply, err = fs.ReadFile(sluice.Workspace, path.Join(zagsExample, "reply.xml"))
	return t, err
}

// messageTree is what a mapping sees of the exchange.
func messageTree() any { return tree.Of("id", messageID) }

// ours does what the adapter does around the exchange itself.
func (t *translation) ours() ([]byte, canonical.Receipt, error) {
	in := mappings.Input{Request: t.message.Tree(), Message: messageTree()}
	out, err := t.use.Out.Program.Run(in)
	if err != nil {
		return nil, canonical.Receipt{}, err
	}
	wire, err := t.use.Operation.Request.Append(nil, out.Tree)
	if err != nil {
		return nil, canonical.Receipt{}, err
	}
	reply, _, err := t.use.Operation.Reply.Decode(t.reply)
	if err != nil {
		return nil, canonical.Receipt{}, err
	}
	in.Reply = reply
	if out, err = t.use.In.Program.Run(in); err != nil {
		return nil, canonical.Receipt{}, err
	}
	receipt, err := canonical.ReceiptFromTree(out.Tree)
	return wire, receipt, err
}

func (t *translation) byHand() ([]byte, canonical.Receipt, error) {
	wire, err := writeByHand(t.application, messageID)
	if err != nil {
		return nil, canonical.Receipt{}, err
	}
	receipt, err := readByHand(t.reply)
	return wire, receipt, err
}

func (t *translation) sides() sides {
	return sides{
		func() error { _, _, err := t.ours(); return err },
		func() error { _, _, err := t.byHand(); return err },
	}
}

// agree proves that both do the same work: the XML and the receipts mean the same.
func (t *translation) agree() error {
	ourWire, ourReceipt, err := t.ours()
	if err != nil {
		return fmt.Errorf("the product's translation: %w", err)
	}
	theirWire, theirReceipt, err := t.byHand()
	if err != nil {
		return fmt.Errorf("the hand-written translation: %w", err)
	}
	if err := same("XML", examples.DifferenceXML, ourWire, theirWire); err != nil {
		return err
	}
	a, err := json.Marshal(ourReceipt)
	if err != nil {
		return err
	}
	b, err := json.Marshal(theirReceipt)
	if err != nil {
		return err
	}
	return same("receipt", examples.DifferenceJSON, a, b)
}

func same(what string, difference func(expected, got []byte) (string, error), ours, byHand []byte) error {
	d, err := difference(ours, byHand)
	if err == nil && d != "" {
		err = errors.New(d)
	}
	if err != nil {
		return fmt.Errorf("the hand-written %s means something else than the product's: %w", what, err)
	}
	return nil
}

func benchTranslate(_ context.Context, s *session) error {
	t, err := newTranslation()
	if err != nil {
		return err
	}
	if err := t.agree(); err != nil {
		return err
	}
	wire, _, _ := t.ours()
	s.note("the ZAGS message of %s: %d bytes there, %d back; the request is at hand, as a tree here and in structs there; "+
		"in processor time, the collector's included", path.Base(zagsExample), len(wire), len(t.reply))
	return s.compare("mapping and codec, both ways", t.sides(), atMost(0.5))
}
