package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/examples"
	"sluice/contracts/canonical"
	"sluice/mappings"
)

// wholeWay is that of a request: from the portal's JSON to the agency's XML, and from the XML of its answer, here the
// history of the request, to the JSON that the portal gets.
type wholeWay struct {
	services       *canonical.Services
	service        *adapters.Service
	request, reply []byte
}

func newWholeWay(request, reply []byte) (*wholeWay, error) {
	service, services, err := zagsService()
	return &wholeWay{services, service, request, reply}, err
}

// ours does what the portal's door, the adapter and the door again do, without what is stored between them.
func (w *wholeWay) ours() (wire, told []byte, err error) {
	message, err := canonical.Parse(w.request)
	if err != nil {
		return nil, nil, err
	}
	if violations := w.services.Validate(message.Tree()); len(violations) > 0 {
		return nil, nil, fmt.Errorf("%s: %s", violations[0].Pointer, violations[0].EN)
	}
	in := mappings.Input{Request: message.Tree(), Message: messageTree()}
	out, err := w.service.Submit.Out.Program.Run(in)
	if err != nil {
		return nil, nil, err
	}
	if wire, err = w.service.Submit.Operation.Request.Append(nil, out.Tree); err != nil {
		return nil, nil, err
	}
	poll := w.service.Poll
	reply, _, err := poll.Operation.Reply.Decode(w.reply)
	if err != nil {
		return nil, nil, err
	}
	if v := poll.Rules.Reply(mappings.Input{Reply: reply}); v != nil {
		return nil, nil, fmt.Errorf("a fault rule takes the answer for %s", v.Rule.Class)
	}
	in.Reply = reply
	if out, err = poll.In.Program.Run(in); err != nil {
		return nil, nil, err
	}
	receipt, err := canonical.ReceiptFromTree(out.Tree)
	if err != nil {
		return nil, nil, err
	}
	told, err = tell(receipt)
	return wire, told, err
}

func (w *wholeWay) byHand() (wire, told []byte, err error) {
	a, err := readApplication(w.request)
	if err != nil {
		return nil, nil, err
	}
	if wire, err = writeByHand(a, messageID); err != nil {
		return nil, nil, err
	}
	history, err := readHistory(w.reply)
	if err != nil {
		return nil, nil, err
	}
	receipt, err := history.receipt()
	if err != nil {
		return nil, nil, err
	}
	told, err = tell(receipt)
	return wire, told, err
}

func (w *wholeWay) sides() sides {
	return sides{
		func() error { _, _, err := w.ours(); return err },
		func() error { _, _, err := w.byHand(); return err },
	}
}

// tell makes what the portal sees of a receipt.
func tell(r canonical.Receipt) ([]byte, error) {
	v := canonical.RequestView{Agency: "zags", Statuses: make([]canonical.StatusView, 0, len(r.Statuses)),
		Deliveries: []canonical.DeliveryView{{Agency: "zags", ExternalID: r.ExternalID}}}
	for _, s := range r.Statuses {
		v.Statuses = append(v.Statuses, canonical.StatusView{Status: s, Agency: v.Agency, Source: "poll"})
	}
	return json.Marshal(v)
}

// agree proves that both do the same work: the XML means the same, and the portal is told the same.
func (w *wholeWay) agree() error {
	ourWire, ourTold, err := w.ours()
	if err != nil {
		return fmt.Errorf("the product's way: %w", err)
	}
	theirWire, theirTold, err := w.byHand()
	if err != nil {
		return fmt.Errorf("the hand-written way: %w", err)
	}
	if err := same("XML", examples.DifferenceXML, ourWire, theirWire); err != nil {
		return err
	}
	return same("JSON for the portal", examples.DifferenceJSON, ourTold, theirTold)
}

// fewMembers is a request of 5 KB: the example with 20 members of whom the least is known.
func fewMembers() ([]byte, error) {
	return exampleRequest(func(payload map[string]any) {
		delete(payload, "actRecords")
		payload["members"] = members(20, nil)
	})
}

// manyMembers is a request of 60 KB: as many members as the service allows, of whom all is known that it takes.
func manyMembers() ([]byte, error) {
	return exampleRequest(func(payload map[string]any) {
		payload["members"] = members(50, map[string]any{
			"formerLastName": "Шаблонова-Образцова", "deceased": false,
			"identityDocument": map[string]any{"type": "RF_PASSPORT", "series": "4508", "number": "314159", "issueDate": "2005-12-14",
				"issueId": "770-041", "issuedBy": "Отделением Управления Федеральной миграционной службы России по г. Москве по району Образцовый"},
			"address": map[string]any{"addressStr": "125009, Российская Федерация, г. Москва, Образцовый район, посёлок Пробный, ул. Шаблонная, д. 7, корп. 2, кв. 41",
				"fiasCode": "0c5b2444-70a0-4932-980c-b4dc0d3f02b5", "zipCode": "125009", "region": "г. Москва", "area": "Образцовый муниципальный район",
				"city": "Москва", "settlement": "посёлок Пробный", "street": "ул. Шаблонная", "house": "7", "frame": "2", "flat": "41"},
		})
		payload["actRecords"] = slices.Repeat(payload["actRecords"].([]any), 20)
	})
}

// exampleRequest is the example's request with another payload.
func exampleRequest(change func(payload map[string]any)) ([]byte, error) {
	doc, err := fs.ReadFile(sluice.Workspace, path.Join(zagsExample, "canonical.json"))
	if err != nil {
		return nil, err
	}
	var request map[string]any
	if err := json.Unmarshal(doc, &request); err != nil {
		return nil, err
	}
	change(request["payload"].(map[string]any))
	return json.Marshal(request)
}

func members(n int, more map[string]any) []any {
	list := make([]any, n)
	for i := range list {
		nine := fmt.Sprintf("3%08d", 18204957+i*1009)
		m := map[string]any{"relation": "child", "lastName": "Примерова", "firstName": "Мария", "middleName": "Ильинична",
			"birthDate": fmt.Sprintf("%d-06-09", 1995+i%30), "gender": "female", "snils": nine + checkDigits(nine), "livesTogether": i%2 == 0}
		maps.Copy(m, more)
		list[i] = m
	}
	return list
}

// wholeWays are the requests that go the whole way, with about their bytes.
var wholeWays = []struct {
	name   string
	make   func() ([]byte, error)
	bytes  int
	target float64
}{
	{"the whole way, 5 KB, 20 members", fewMembers, 5_000, 0.5},
	{"the whole way, 60 KB", manyMembers, 60_000, 0.3},
}

func benchWhole(_ context.Context, s *session) error {
	history, err := newHistory()
	if err != nil {
		return err
	}
	for _, c := range wholeWays {
		request, err := c.make()
		if err != nil {
			return err
		}
		w, err := newWholeWay(request, history.of(len(request)))
		if err != nil {
			return err
		}
		if err := w.agree(); err != nil {
			return err
		}
		wire, told, _ := w.ours()
		s.note("%s: %d bytes of JSON, validated, to %d of XML; %d of XML to %d of JSON", c.name, len(request), len(wire), len(w.reply), len(told))
		if err := s.compare(c.name, w.sides(), atMost(c.target)); err != nil {
			return err
		}
	}
	s.note("in processor time, the collector's included; by hand the JSON is not looked through for keys that come twice")
	return nil
}
