package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sluice/contracts/canonical"
)

func TestWholeWaysAgree(t *testing.T) {
	history, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range wholeWays {
		request, err := c.make()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(request); n < c.bytes*9/10 || n > c.bytes*11/10 {
			t.Errorf("a request of %d bytes has %d", c.bytes, n)
		}
		w, err := newWholeWay(request, history.of(len(request)))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.agree(); err != nil {
			t.Error(err)
		}
	}
}

// TestChecksAgree holds that the hand-written checks refuse what the schemas refuse: were there fewer of them, the floor
// would be too low.
func TestChecksAgree(t *testing.T) {
	_, services, err := loadRegistry()
	if err != nil {
		t.Fatal(err)
	}
	request, err := manyMembers()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(doc []byte) (byUs, byHand bool) {
		m, err := canonical.Parse(doc)
		_, errByHand := readApplication(doc)
		return err != nil || len(services.Validate(m.Tree())) > 0, errByHand != nil
	}
	if byUs, byHand := refused(request); byUs || byHand {
		t.Fatalf("the request is refused: by us %v, by hand %v", byUs, byHand)
	}
	long := strings.Repeat("ы", 101)
	for _, change := range [][2]string{
		{`"id":"epgu`, `"id":"№ epgu`},
		{`"service":"family-composition"`, `"service":"family"`},
		{`"serviceVersion":"1.0"`, `"serviceVersion":"7.0"`},
		{`"agency":"zags"`, `"agency":"ЗАГС"`},
		{`"region":"77"`, `"region":"7"`},
		{`"office":"77001"`, `"office":"` + long + `"`},
		{`"priority":"urgent"`, `"priority":"high"`},
		{`"submittedAt":"2025-03-01T10:15:00+03:00"`, `"submittedAt":"2025-02-30T10:15:00+03:00"`},
		{`"submittedAt":"2025-`, `"submittedAt":"1925-`},
		{`"submittedAt":`, `"submitted":`},
		{`"type":"person"`, `"type":"organization"`},
		{`"lastName":"Примерова"`, `"lastName":""`},
		{`"firstName":"Мария"`, `"firstName":"` + long + `"`},
		{`"middleName":"Ильинична"`, `"middleName":"` + long + `"`},
		{`"formerLastName":"`, `"formerLastName":"` + long},
		{`"birthDate":"1987-04-12"`, `"birthDate":"1987-04-31"`},
		{`"birthDate":"1987-04-12"`, `"birthDate":"1887-04-12"`},
		{`"gender":"female"`, `"gender":"f"`},
		{`"citizenship":"RUS"`, `"citizenship":"Rus"`},
		{`"snils":"156-842-739 01"`, `"snils":"156-842-739 02"`},
		{`"snils":"156-842-739 01"`, `"snils":"156 842 739 01"`},
		{`"inn":"770123456703"`, `"inn":"770123456713"`},
		{`"type":"RF_PASSPORT"`, `"type":"PASSPORT"`},
		{`"series":"4508"`, `"series":"450"`},
		{`"number":"314159"`, `"number":"31415"`},
		{`"issueDate":"2005-12-14"`, `"issueDate":"14.12.2005"`},
		{`"issueId":"770-041"`, `"issueId":"770.041"`},
		{`"addressStr":"125009, `, `"addressStr":"` + strings.Repeat(long, 5)},
		{`"fiasCode":"0c5b2444-`, `"fiasCode":"0c5b2444_`},
		{`"zipCode":"125009"`, `"zipCode":"12500"`},
		{`"settlement":"`, `"settlement":"` + long},
		{`"flat":"41"`, `"flat":"квартира сорок первая"`},
		{`"email":"anna.primerova@example.ru"`, `"email":"anna.primerova"`},
		{`"phone":"+79161234567"`, `"phone":"89161234567"`},
		{`"purpose":"other"`, `"purpose":"none"`},
		{`"purposeText":"Для предъявления по месту учёбы ребёнка"`, `"purposeText":"?!"`},
		{`,"purposeText":"Для предъявления по месту учёбы ребёнка"`, ``},
		{`"purposeText":"Для предъявления по месту учёбы ребёнка"`, `"purposeNote":"Для предъявления"`},
		{`"onDate":"2025-03-01"`, `"onDate":"tomorrow"`},
		{`"relation":"child"`, `"relation":"cousin"`},
		{`"livesTogether":true`, `"livesTogether":"yes"`},
		{`"kind":"marriage"`, `"kind":"wedding"`},
		{`"number":"110200"`, `"number":"110-200"`},
		{`"date":"2010-07-17"`, `"date":"2010-17-07"`},
		{`"copies":2`, `"copies":6`},
		{`"consent":true`, `"consent":false`},
		{`"method":"office"`, `"method":"courier"`},
		{`"delivery":{"method":"office","office":"77001"}`, `"delivery":{"method":"office"}`},
		{`"kind":"consent"`, `"kind":"photo"`},
		{`"name":"согласие.pdf"`, `"name":"../согласие.pdf"`},
		{`"mediaType":"application/pdf"`, `"mediaType":"text/html"`},
		{`"sha256":"d6640344`, `"sha256":"d6640345`},
		{`"content":"0YHQ`, `"content":"0YH*`},
		{`"content":"0YHQ`, `"content":"1YHQ`},
		{`{`, `{"comment":"",`},
		{`}`, `,}`},
	} {
		doc := bytes.Replace(request, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(doc, request) {
			t.Errorf("the request has no %s", change[0])
			continue
		}
		if byUs, byHand := refused(doc); !byUs || !byHand {
			t.Errorf("%s for %s: refused by us %v, by hand %v", change[1], change[0], byUs, byHand)
		}
	}
	if byUs, byHand := refused(slices.Concat(request, request)); !byUs || !byHand {
		t.Errorf("a request twice: refused by us %v, by hand %v", byUs, byHand)
	}
	for what, change := range map[string]func(payload map[string]any){
		"no members":     func(payload map[string]any) { payload["members"] = members(0, nil) },
		"51 members":     func(payload map[string]any) { payload["members"] = members(51, nil) },
		"21 act records": func(payload map[string]any) { payload["actRecords"] = slices.Repeat(payload["actRecords"].([]any), 21) },
	} {
		doc, err := exampleRequest(change)
		if err != nil {
			t.Fatal(err)
		}
		if byUs, byHand := refused(doc); !byUs || !byHand {
			t.Errorf("%s: refused by us %v, by hand %v", what, byUs, byHand)
		}
	}
}

func TestWholeRows(t *testing.T) {
	rows(t, benchWhole, wholeWays[0].name, wholeWays[1].name)
}

func TestLeavesRow(t *testing.T) { rows(t, benchLeaves, "29 leaves") }

func BenchmarkWhole(b *testing.B) {
	history, err := newHistory()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range wholeWays {
		request, err := c.make()
		if err != nil {
			b.Fatal(err)
		}
		w, err := newWholeWay(request, history.of(len(request)))
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, c.name, w.sides())
	}
}
