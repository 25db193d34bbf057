package xsd_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/xsd"
)

// TestAmbiguous names what competes in content models, and only that.
func TestAmbiguous(t *testing.T) {
	const shared = `<xs:group name="g"><xs:sequence><xs:element name="x" minOccurs="0"/></xs:sequence></xs:group><xs:element name="a"/>` +
		`<xs:element name="head"/><xs:element name="member" substitutionGroup="t:head"/>` + "\n"
	const ambiguous = " (unique particle attribution): the first place that fits is taken"
	for _, c := range []struct{ name, content, want string }{
		{"names that differ by namespace", `<xs:element name="a" minOccurs="0"/><xs:element ref="t:a"/>`, ``},
		{"one choice after the other", `<xs:choice><xs:element name="a"/><xs:element name="b"/></xs:choice><xs:choice><xs:element name="a"/><xs:element name="b"/></xs:choice>`, ``},
		{"exactly so many", `<xs:element name="a" minOccurs="2" maxOccurs="2"/><xs:element name="a"/>`, ``},
		{"so many or more", `<xs:element name="a" minOccurs="2" maxOccurs="3"/><xs:element name="a"/>`, `t.xsd:3:89: warning: the element a may fall to the declaration here or to the declaration at t.xsd:3:39` + ambiguous},
		{"a group exactly so often", `<xs:sequence minOccurs="2" maxOccurs="2"><xs:element name="a"/><xs:element name="b"/></xs:sequence><xs:element name="a"/>`, ``},
		{"a group as often as one likes", `<xs:sequence maxOccurs="unbounded"><xs:element name="a"/><xs:element name="b"/></xs:sequence><xs:element name="a"/>`, `t.xsd:3:132: warning: the element a may fall to the declaration here or to the declaration at t.xsd:3:74` + ambiguous},
		{"the end of a group and its beginning", `<xs:sequence maxOccurs="2"><xs:element name="a"/><xs:element name="a" minOccurs="0"/></xs:sequence>`, `t.xsd:3:66: warning: the element a may fall to the declaration here or to the declaration at t.xsd:3:88` + ambiguous},
		{"what may be left out between", `<xs:element name="a" minOccurs="0"/><xs:element name="b" minOccurs="0"/><xs:element name="a"/>`, `t.xsd:3:111: warning: the element a may fall to the declaration here or to the declaration at t.xsd:3:39` + ambiguous},
		{"what must stand between", `<xs:element name="a" minOccurs="0"/><xs:element name="b"/><xs:element name="a"/>`, ``},
		{"a group twice", `<xs:group ref="t:g"/><xs:group ref="t:g"/>`, `t.xsd:2:33: warning: the element x may fall to the declaration here or to it in another place` + ambiguous},
		{"a head and its member", `<xs:choice><xs:element ref="t:head"/><xs:element ref="t:member"/></xs:choice>`, `t.xsd:3:76: warning: the element {urn:t}member may fall to the declaration here or to the declaration at t.xsd:3:50` + ambiguous},
		{"two heads", `<xs:choice><xs:element ref="t:head"/><xs:element ref="t:a"/></xs:choice>`, ``},
		{"a wildcard of other namespaces", `<xs:element name="b" minOccurs="0"/><xs:element ref="t:a" minOccurs="0"/><xs:any namespace="##other" minOccurs="0" maxOccurs="unbounded"/>`, ``},
		{"a wildcard of no namespace", `<xs:element ref="t:a" minOccurs="0"/><xs:element name="b" minOccurs="0"/><xs:any namespace="##local"/>`, `t.xsd:3:112: warning: the element b may fall to the wildcard here or to the declaration at t.xsd:3:76` + ambiguous},
		{"two wildcards", `<xs:any namespace="##other" minOccurs="0"/><xs:any namespace="##targetNamespace urn:u"/>`, `t.xsd:3:82: warning: an element may fall to the wildcard here or to the wildcard at t.xsd:3:39` + ambiguous},
		{"wildcards that share nothing", `<xs:any namespace="##other" minOccurs="0"/><xs:any namespace="##targetNamespace ##local"/>`, ``},
		{"a wildcard after itself", `<xs:sequence maxOccurs="unbounded"><xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence>`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := xsd.Load(files(shared+`<xs:complexType name="c"><xs:sequence>`+c.content+`</xs:sequence></xs:complexType>`), "t.xsd")
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Warnings.Error(); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestAmbiguousValidation validates what is ambiguous but for its content, and what the content says no more of.
func TestAmbiguousValidation(t *testing.T) {
	const branches = `<xs:choice><xs:sequence><xs:element name="x" type="xs:int"/><xs:element name="b"/></xs:sequence><xs:sequence><xs:element name="x" type="xs:int"/><xs:element name="c"/></xs:sequence></xs:choice>`
	s, err := xsd.Load(files(`<xs:complexType name="base"><xs:sequence><xs:element name="z" minOccurs="0"/></xs:sequence><xs:attribute name="no" use="required"/></xs:complexType>
<xs:complexType name="ext"><xs:complexContent><xs:extension base="t:base">`+branches+`<xs:attribute name="more" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="less"><xs:complexContent><xs:restriction base="t:ext"><xs:sequence><xs:element name="x" type="xs:int"/><xs:element name="b"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>
<xs:element name="e" type="t:ext"/><xs:element name="f" type="t:base"/><xs:element name="g" type="t:less"/><xs:element name="inline"><xs:complexType>`+branches+`</xs:complexType></xs:element>
<xs:element name="counted"><xs:complexType><xs:sequence><xs:element name="x" minOccurs="2" maxOccurs="2"/><xs:element name="y" minOccurs="0"/><xs:element name="x"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="loop"><xs:complexType><xs:sequence maxOccurs="2"><xs:element name="x"/><xs:element name="x" minOccurs="2" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>`), "t.xsd")
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Validator()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"the content of the type base at t.xsd:2:1", "the content of the type ext at t.xsd:3:1", "the content of the type less at t.xsd:4:1"}; len(v.Unchecked) < 4 || !slices.Equal(v.Unchecked[:3], want) {
		t.Errorf("unchecked are %q", v.Unchecked)
	}
	for doc, valid := range map[string]bool{
		`<t:e no="1"><x>1</x><c/></t:e>`: true, `<t:e><x>1</x><c/></t:e>`: false, `<t:e no="1" more="z"/>`: false, `<t:e no="1" new=""/>`: false,
		`<t:f no="1"/>`: true, `<t:f/>`: false, `<t:g no="1" more="2"><x>1</x><b/></t:g>`: true, `<t:inline><x>1</x><c/></t:inline>`: true, `<t:inline>text</t:inline>`: false,
		`<t:counted><x/><x/><x/></t:counted>`: true, `<t:loop><x/><x/><x/></t:loop>`: true,
	} {
		at := strings.IndexAny(doc, " >/")
		if err := v.Validate([]byte(doc[:at] + ` xmlns:t="urn:t"` + doc[at:])); (err == nil) != valid {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// model is a content model made at random, as a regular expression whose leaves are places.
type model struct {
	op       byte // 'a' and 'b' of elements, ',' and '|' of groups
	place    int  // of a leaf
	min, max int  // max is -1 without a bound
	parts    []*model
}

func randomModel(r *rand.Rand, depth int, places *int) *model {
	bounds := [][2]int{{1, 1}, {1, 1}, {1, 1}, {0, 1}, {0, -1}, {1, -1}, {2, 2}, {0, 2}, {1, 3}}[r.IntN(9)]
	m := &model{min: bounds[0], max: bounds[1]}
	if depth == 0 || r.IntN(3) == 0 {
		*places++
		m.op, m.place = "abc"[r.IntN(3)], *places
		return m
	}
	m.op = ",|"[r.IntN(2)]
	for range 1 + r.IntN(3) {
		m.parts = append(m.parts, randomModel(r, depth-1, places))
	}
	return m
}

func (m *model) schema() string {
	occurs := strings.ReplaceAll(fmt.Sprintf(` minOccurs="%d" maxOccurs="%d"`, m.min, m.max), "-1", "unbounded")
	if m.parts == nil {
		return fmt.Sprintf(`<xs:element name="%c"%s/>`, m.op, occurs)
	}
	tag := map[byte]string{',': "sequence", '|': "choice"}[m.op]
	content := ""
	for _, p := range m.parts {
		content += p.schema()
	}
	return "<xs:" + tag + occurs + ">" + content + "</xs:" + tag + ">"
}

// String tells models apart by what may still come.
func (m *model) String() string {
	s := fmt.Sprint(m.place, string(m.op), "(")
	for _, p := range m.parts {
		s += p.String() + " "
	}
	return s + fmt.Sprint("){", m.min, ",", m.max, "}")
}

func (m *model) empty() bool {
	if m.min == 0 {
		return true
	}
	none := func(p *model) bool { return !p.empty() }
	if m.op == '|' {
		return slices.ContainsFunc(m.parts, func(p *model) bool { return p.empty() })
	}
	return m.op == ',' && !slices.ContainsFunc(m.parts, none)
}

// step is one way to take an element: the place that it falls to, and what may follow.
type step struct {
	name  byte
	place int
	rest  *model
}

// steps are the partial derivatives of m (Antimirov 1996).
func (m *model) steps() (all []step) {
	if m.max == 0 {
		return nil
	}
	again := *m
	again.min = max(m.min-1, 0)
	if m.max > 0 {
		again.max--
	}
	then := func(s step, rest ...*model) {
		rest = slices.Concat(s.rest.parts, rest)
		if again.max != 0 {
			rest = append(rest, &again)
		}
		all = append(all, step{s.name, s.place, &model{op: ',', min: 1, max: 1, parts: rest}})
	}
	switch m.op {
	case ',':
		for i, p := range m.parts {
			for _, s := range p.steps() {
				then(s, m.parts[i+1:]...)
			}
			if !p.empty() {
				break
			}
		}
	case '|':
		for _, p := range m.parts {
			for _, s := range p.steps() {
				then(s)
			}
		}
	default:
		then(step{m.op, m.place, &model{op: ',', min: 1, max: 1}})
	}
	return all
}

// ambiguous tries every document: whether, after the same elements, the next one could fall to two places.
func (m *model) ambiguous() bool {
	type state = map[string]*model
	queue, known := []state{{m.String(): m}}, map[string]bool{}
	for len(queue) > 0 {
		here := queue[0]
		queue = queue[1:]
		if key := strings.Join(slices.Sorted(maps.Keys(here)), " "); known[key] {
			continue
		} else {
			known[key] = true
		}
		places, next := map[byte]int{}, map[byte]state{}
		for _, at := range here {
			for _, s := range at.steps() {
				if places[s.name] != 0 && places[s.name] != s.place {
					return true
				}
				places[s.name] = s.place
				if next[s.name] == nil {
					next[s.name] = state{}
				}
				next[s.name][s.rest.String()] = s.rest
			}
		}
		queue = slices.AppendSeq(queue, maps.Values(next))
	}
	return false
}

// TestAmbiguousModels compares the verdict on content models made at random with that of trying all documents.
func TestAmbiguousModels(t *testing.T) {
	r, found := rand.New(rand.NewPCG(1, 2)), 0
	const n = 300
	for range n {
		places := 0
		m := &model{op: ',', min: 1, max: 1, parts: []*model{randomModel(r, 3, &places)}}
		s, err := xsd.Load(fstest.MapFS{"t.xsd": {Data: []byte(schema(`<xs:complexType name="c">` + m.schema() + `</xs:complexType>`))}}, "t.xsd")
		if err != nil {
			t.Fatal(err)
		}
		want := m.ambiguous()
		if want {
			found++
		}
		if got := len(s.Warnings) > 0; got != want {
			t.Fatalf("ambiguous: %t, by trying: %t\n%s\n%v", got, want, m.schema(), s.Warnings)
		}
		if v, err := s.Validator(); err != nil || want && len(v.Unchecked) == 0 {
			t.Fatalf("the validator: %+v, %v\n%s", v, err, m.schema())
		}
	}
	t.Logf("%d of %d models are ambiguous", found, n)
	if found < n/5 || found > n*4/5 {
		t.Error("the models say little")
	}
}
